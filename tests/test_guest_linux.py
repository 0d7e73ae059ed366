"""The Linux guest: init is its source, and what it boots from is an archive that kernels unpack."""

from __future__ import annotations

import io
import lzma
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.guests import image, linux
from fixtures.guests.image import MIB

SOURCE = linux.INIT.with_suffix(".c")
NAMES = st.text("abcdefgh", min_size=1, max_size=9)


def packed(files: dict[str, bytes]) -> bytes:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return tar.getvalue()


def compiler() -> str:
    """What the compiler at hand would write into a binary of its own accord."""
    told = subprocess.run(["gcc", "-v"], capture_output=True, text=True, check=True).stderr
    found = re.search(r"gcc version (\S+) (\(.*\))", told)
    return f"GCC: {found[2]} {found[1]}" if found else told


def test_the_prebuilt_init_is_its_source(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    if compiler().encode() not in linux.INIT.read_bytes():
        pytest.skip(f"init.bin was built by another compiler than {compiler()}")
    command = re.search(r"gcc [^*]*", SOURCE.read_text())
    assert command is not None
    shutil.copy(SOURCE, tmp_path)
    subprocess.run(command[0].split(), cwd=tmp_path, check=True)
    assert (tmp_path / "init.bin").read_bytes() == linux.INIT.read_bytes()


def test_init_carries_its_compiler_and_needs_nothing_to_run() -> None:
    binary = linux.INIT.read_bytes()
    assert binary.startswith(b"\x7fELF\x02\x01\x01")
    assert b"GCC: (" in binary
    assert b"ld-linux" not in binary
    assert len(binary) < 8192


@given(st.dictionaries(NAMES, st.binary(max_size=99), max_size=5))
def test_the_archive_is_what_kernels_unpack(files: dict[str, bytes]) -> None:
    """Read the way that the kernel's own documentation of the format tells it."""
    archive, found, at = linux.newc(files), {}, 0
    while True:
        assert archive[at : at + 6] == b"070701"
        numbers = [int(archive[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, length = numbers[1], numbers[6], numbers[11]
        name = archive[at + 110 : at + 110 + length - 1].decode()
        data_at = at + -(-(110 + length) // 4) * 4
        if name == "TRAILER!!!":
            break
        found[name] = (mode, archive[data_at : data_at + size])
        at = data_at + -(-size // 4) * 4
    assert found.pop("dev") == (0o040755, b"")
    assert found == {name: (0o100755, data) for name, data in files.items()}


def test_modules_are_loaded_in_the_order_of_their_needs_and_unpacked() -> None:
    drivers = "lib/modules/6/kernel/drivers"
    kernel = linux.read_kernel(packed({
        "boot/vmlinuz-6": b"image",
        f"{drivers}/block/virtio_blk.ko.xz": lzma.compress(b"blk"),
        f"{drivers}/virtio/virtio.ko": b"virtio",
        f"{drivers}/virtio/virtio_ring.ko": b"ring",
        f"{drivers}/net/virtio_net.ko": b"not wanted",
    }))  # fmt: skip
    assert kernel.modules == (b"ring", b"virtio", b"blk")
    assert kernel.files["kernel"] == b"image"
    assert kernel.digest != kernel._replace(image=b"other").digest


def test_a_module_packed_in_an_unknown_way_is_named() -> None:
    tar = packed({"boot/vmlinuz-6": b"", "lib/virtio_blk.ko.zst": b""})
    with pytest.raises(ValueError, match=r"module virtio_blk\.ko\.zst: expected one of \.ko"):
        linux.read_kernel(tar)


def test_the_guest_dirties_what_its_kernel_leaves_alone() -> None:
    image.validate(linux.PARAMETERS, memory=linux.MEMORY * MIB)
    assert f"memmap={32}M${64}M" in linux.APPEND
    assert linux.PARAMETERS.start in linux.RESERVED
    assert linux.PARAMETERS.end - 1 in linux.RESERVED
    assert linux.PARAMETERS.beat_hz == pytest.approx(50, rel=1e-3)
