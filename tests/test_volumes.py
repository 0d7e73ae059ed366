"""Which volumes a config refers to, and giving them new ids (SCAN-01, SCAN-02, P3-02)."""

from hypothesis import given
from hypothesis import strategies as st

from reference.guest.config import GuestConfig, format_config, parse_config
from reference.guest.volumes import VolumeRef, referenced_volumes, replace_volumes

CONFIG = """\
efidisk0: local:100/efi.raw,size=528K
ide2: none,media=cdrom
scsi0: local:100/a.raw,size=1G
scsi1: local:100/b.raw,replicate=0
scsi2: /dev/sda,shared=1
sata0: local:iso/x.iso,media=cdrom
tpmstate0: local:100/tpm.raw
unused0: local:100/old.raw
[PENDING]
scsi3: local:100/new.raw
[one]
scsi0: local:100/a.raw,size=1G
sata0: local:iso/x.iso
vmstate: local:100/state.raw
[two]
scsi0: local:100/a.raw
"""
DISKS = [f"local:100/{name}.raw" for name in "abcdef"]
SECTIONS = st.dictionaries(st.sampled_from(["scsi0", "scsi1", "virtio0"]), st.sampled_from(DISKS))


def parse(text: str) -> GuestConfig:
    return parse_config(100, text, "100.conf")


def refs() -> dict[str, VolumeRef]:
    return referenced_volumes(parse(CONFIG))


def test_every_section_counts_and_ids_come_sorted() -> None:
    names = ["/dev/sda", *(f"local:100/{n}.raw" for n in ("a", "b", "efi", "new", "old"))]
    names += ["local:100/state.raw", "local:100/tpm.raw", "local:iso/x.iso", "none"]
    assert list(refs()) == names


def test_an_attached_disk_in_snapshots() -> None:
    ref = refs()["local:100/a.raw"]
    assert ref.attached
    assert ref.replicate
    assert (ref.drivenames, ref.snapshots) == (("scsi0",), ("one", "two"))
    assert not any((ref.unused, ref.pending, ref.cdrom, ref.vmstate))


def test_a_cdrom_must_be_one_everywhere() -> None:
    assert refs()["none"].cdrom
    assert not refs()["local:iso/x.iso"].cdrom  # snapshot `one` has it as a disk


def test_single_flags() -> None:
    found = refs()
    assert not found["local:100/b.raw"].replicate
    assert found["/dev/sda"].shared
    assert found["local:100/tpm.raw"].tpmstate
    assert found["local:100/new.raw"] == VolumeRef(
        "local:100/new.raw", cdrom=False, replicate=True, pending=True
    )
    old, state = found["local:100/old.raw"], found["local:100/state.raw"]
    assert (old.unused, old.attached, old.drivenames) == (True, False, ())
    assert (state.vmstate, state.snapshots) == (True, ("one",))


def test_new_ids_reach_every_section_and_keep_options() -> None:
    config = parse(CONFIG)
    replace_volumes(config, {"local:100/a.raw": "alt:100/z.raw", "local:100/old.raw": "alt:9.raw"})
    assert config.current["scsi0"] == "alt:100/z.raw,size=1G"
    assert config.current["unused0"] == "alt:9.raw"
    assert config.snapshots["two"]["scsi0"] == "alt:100/z.raw"
    assert "local:100/a.raw" not in format_config(config)


def test_an_announced_drive_is_taken_verbatim() -> None:
    config = parse("scsi0: local:100/a.raw\nscsi1: local:100/b.raw\n")
    mapping = {"local:100/a.raw": "local:100/b.raw", "local:100/b.raw": "local:100/a.raw"}
    replace_volumes(config, mapping, {"scsi0": "local:100/b.raw,format=raw,size=1G"})
    expected = {"scsi0": "local:100/b.raw,format=raw,size=1G", "scsi1": "local:100/a.raw"}
    assert config.current == expected


@given(SECTIONS, SECTIONS, st.permutations(DISKS))
def test_a_renaming_renames_exactly_once(
    current: dict[str, str], snapshot: dict[str, str], names: list[str]
) -> None:
    config = GuestConfig(100)
    config.current, config.snapshots = dict(current), {"s1": dict(snapshot)}
    mapping = dict(zip(DISKS, names, strict=True))
    replace_volumes(config, mapping)
    assert config.current == {key: mapping[volume] for key, volume in current.items()}
    assert config.snapshots["s1"] == {key: mapping[volume] for key, volume in snapshot.items()}
