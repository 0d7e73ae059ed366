"""The test guest's image: the binary is its source, parameters land where the guest reads them."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.guests import image
from fixtures.guests.image import MIB, PAGE, GuestParameters

GUESTS = Path(image.__file__).parent


def test_the_prebuilt_binary_is_its_source(tmp_path: Path) -> None:
    if shutil.which("nasm") is None:
        pytest.skip("nasm is not installed")
    built = tmp_path / "guest.bin"
    subprocess.run(["nasm", "-f", "bin", "-o", built, GUESTS / "guest.asm"], check=True)
    assert built.read_bytes() == (GUESTS / "guest.bin").read_bytes()


def test_the_binary_is_at_most_4_kib_of_whole_sectors() -> None:
    size = (GUESTS / "guest.bin").stat().st_size
    assert size <= 4096
    assert size % 512 == 0
    assert image.code_sectors() * 512 == size


def test_default_parameters_are_the_ones_of_the_source() -> None:
    defaults = GuestParameters()
    assert image.boot_code(defaults) == (GUESTS / "guest.bin").read_bytes()


def test_parameters_land_where_the_guest_reads_them() -> None:
    code = image.boot_code(
        GuestParameters(2 * MIB, 3 * MIB, 7, 8, 9, 10, 11, 6, 2386, 0x2F8, "noise", True, 4, 0x81)
    )
    fields = struct.unpack_from("<8I2H4B", code, 8)
    assert fields == (2 * MIB, 3 * MIB, 7, 8, 9, 10, 11, 6, 2386, 0x2F8, 1, 1, 4, 0x81)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": 0}, "start 0: expected 1048576.."),
        ({"start": MIB + 1}, "range 0x100001..0x1100000: expected page-aligned"),
        ({"start": 18 * MIB}, "range 0x1200000..0x1100000: expected page-aligned start <= end"),
        ({"pages_per_tick": -1}, "pages_per_tick -1: expected 0.."),
        ({"lba": 1}, "lba 1: expected 3.."),
        ({"span": 0}, "span 0: expected 1.."),
        ({"read_back": 1024}, "read_back 1024: expected 0..1023"),
        ({"sectors": 65}, "sectors 65: expected 1..64"),
        ({"mode": "loud"}, "mode 'loud': expected one of count, noise"),
        ({"drive": 3}, "drive 3: expected 128..143"),
        ({"divisor": 0}, "divisor 0: expected 1000..65535"),
        ({"interrupts": 0}, "interrupts 0: expected 1..255"),
        ({"span": 1 << 31}, "lba + span * sectors 17179871232: expected 0..4294967295"),
    ],
)
def test_a_bad_parameter_is_named(changes: dict[str, object], message: str) -> None:
    parameters = GuestParameters(**changes)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected") as raised:
        image.boot_code(parameters)
    assert str(raised.value).startswith(message)


def test_the_range_must_leave_the_bios_its_memory() -> None:
    image.validate(GuestParameters(), memory=32 * MIB)
    with pytest.raises(ValueError, match=r"end 0x1100000: expected at most 0xf00000"):
        image.validate(GuestParameters(), memory=16 * MIB)


def test_records_must_fit_the_boot_disk() -> None:
    writing = GuestParameters(write_interval=10)
    assert len(image.build_image(writing, writing.records_end)) == 5 * MIB
    with pytest.raises(ValueError, match="size 1048576: expected a multiple of 512, at least"):
        image.build_image(writing, MIB)
    assert len(image.build_image(writing._replace(drive=0x81), MIB)) == MIB


def test_a_written_image_is_sparse(tmp_path: Path) -> None:
    path = tmp_path / "disk.raw"
    image.write_image(path, GuestParameters(), 64 * MIB)
    assert path.stat().st_size == 64 * MIB
    assert path.stat().st_blocks * 512 <= 64 * 1024
    assert path.read_bytes()[:4096] == image.build_image(GuestParameters(), 4096)


def test_rates_follow_from_the_parameters() -> None:
    paced = GuestParameters(pages_per_tick=10, write_interval=5)
    assert paced.beat_hz == pytest.approx(250, rel=1e-3)
    assert paced.dirty_rate == pytest.approx(250 * 10 * PAGE, rel=1e-3)
    assert paced.write_rate == pytest.approx(50 * 4096, rel=1e-3)
    assert GuestParameters(pages_per_tick=image.FREE_RUNNING).dirty_rate is None
    assert paced._replace(end=paced.start).dirty_rate == 0
    assert GuestParameters().write_rate == 0
    assert paced._replace(interrupts=5).beat_hz == pytest.approx(50, rel=1e-3)


@given(st.floats(min_value=1e6, max_value=1e9))
def test_a_wanted_dirty_rate_is_met_within_a_page_per_tick(rate: float) -> None:
    parameters = GuestParameters(pages_per_tick=image.pages_per_tick(rate, GuestParameters()))
    assert parameters.dirty_rate == pytest.approx(rate, abs=parameters.beat_hz * PAGE)
