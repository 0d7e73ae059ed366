"""Drive strings and sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.errors import Failure
from reference.guest.drives import (
    Drive,
    drives,
    format_drive,
    format_size,
    is_drive_key,
    parse_drive,
    parse_size,
    volume_format,
)

VOLUMES = st.from_regex(r"\A[a-z][a-z0-9]{1,5}:[1-9][0-9]{2}/vm-100-disk-[0-9]\.(raw|qcow2)\Z")
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "cache": st.sampled_from(["none", "writeback", "unsafe"]),
        "discard": st.sampled_from(["on", "ignore"]),
        "format": st.sampled_from(["raw", "qcow2"]),
        "size": st.integers(0, 2**50).map(format_size),
    },
)


@given(VOLUMES, OPTIONS)
def test_what_is_written_is_read(volume: str, options: dict[str, str]) -> None:
    drive = Drive("scsi0", volume, options)
    assert parse_drive("scsi0", format_drive(drive)) == drive


@given(st.text(alphabet="ab0:/.,= \x00é", max_size=30))
def test_any_text_is_a_drive_or_one_line_of_refusal(text: str) -> None:
    reason = ""
    try:
        assert parse_drive("scsi0", text).volume
    except Failure as error:
        reason = str(error)
    assert not reason or reason.startswith("scsi0: ")


def test_options_are_written_in_order_of_their_names() -> None:
    drive = parse_drive("scsi0", "size=1G,file=local:100/a.raw,cache=none")
    assert format_drive(drive) == "local:100/a.raw,cache=none,size=1G"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "does not name a volume"),
        ("size=1G", "does not name a volume"),
        ("local:../../etc/passwd", "does not name a volume"),
        ("local:100/../../x.raw", "does not name a volume"),
        ("local:100/a.raw,cache=fast", "'cache=fast' is not valid (expected cache=<none|"),
        ("local:100/a.raw,size=big", "'size=big' is not valid"),
        ("local:100/a.raw,colour=red", "unknown drive option in 'colour=red'"),
        ("local:100/a.raw,size=1G,size=2G", "'size' is given twice"),
        ("local:100/a.raw,,", "unknown drive option in ''"),
    ],
)
def test_refused_drives(text: str, part: str) -> None:
    with pytest.raises(Failure, match=r"^scsi3: ") as refusal:
        parse_drive("scsi3", text)
    assert part in str(refusal.value)


@pytest.mark.parametrize("key", ["ide0", "ide3", "sata5", "scsi30", "virtio15", "efidisk0"])
def test_drive_slots(key: str) -> None:
    assert is_drive_key(key)


@pytest.mark.parametrize("key", ["ide4", "sata6", "scsi31", "virtio16", "scsi01", "unused0"])
def test_other_keys(key: str) -> None:
    assert not is_drive_key(key)


def test_drives_come_in_string_order_of_their_keys() -> None:
    section = dict.fromkeys(["scsi2", "scsi10", "scsi1", "ide0", "net0"], "local:100/a.raw")
    assert list(drives(section)) == ["ide0", "scsi1", "scsi10", "scsi2"]


@pytest.mark.parametrize(
    ("text", "cdrom", "cloudinit"),
    [
        ("none,media=cdrom", True, False),
        ("local:iso/a.iso,media=cdrom", True, False),
        ("local:100/vm-100-cloudinit.qcow2,media=cdrom", True, True),
        ("local:100/vm-100-disk-0.raw", False, False),
    ],
)
def test_cd_drives(text: str, cdrom: bool, cloudinit: bool) -> None:
    drive = parse_drive("ide2", text)
    assert (drive.cdrom, drive.cloudinit) == (cdrom, cloudinit)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (1000, "1000"),
        (1024, "1K"),
        (1536, "1536"),
        (64 << 20, "64M"),
        (1 << 30, "1G"),
        (3 << 29, "1536M"),
        (2 << 40, "2T"),
        (4096 << 40, "4096T"),
    ],
)
def test_sizes_use_the_largest_unit_that_divides_them(size: int, text: str) -> None:
    assert format_size(size) == text


@given(st.integers(0, 2**60))
def test_sizes_survive(size: int) -> None:
    assert parse_size(format_size(size)) == size


def test_fractions_of_a_unit() -> None:
    assert parse_size("1.5K") == 1536


@pytest.mark.parametrize("text", ["", "-1", "1X", "G", "1 G", "1.", "0x10", "1g"])
def test_refused_sizes(text: str) -> None:
    with pytest.raises(Failure, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("volume", "fmt"),
    [
        ("local:100/vm-100-disk-0.qcow2", "qcow2"),
        ("local:100/vm-100-disk-0.vmdk", "vmdk"),
        ("local:100/vm-100-disk-0.raw", "raw"),
        ("pool:vm-100-disk-0", "raw"),
        ("local:iso/a.iso", "raw"),
    ],
)
def test_a_name_tells_its_format(volume: str, fmt: str) -> None:
    assert volume_format(volume) == fmt
