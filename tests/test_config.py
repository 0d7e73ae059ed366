"""Guest configs: parsing, writing, locks, and changes."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.cluster import membership, paths
from reference.errors import Failure
from reference.guest import schema
from reference.guest.changes import apply, apply_pending
from reference.guest.config import (
    GuestConfig,
    check_lock,
    format_config,
    load_config,
    move_config,
    parse_config,
    write_config,
)

FULL = """\
#first line
#100%25 of it
boot: order=scsi0;net0
future: thing
lock: migrate
memory: 128
net0: virtio=52:54:00:11:22:33,bridge=vmbr0
scsi0: local:100/vm-100-disk-0.raw,size=1G
unused0: local:100/vm-100-disk-9.qcow2

[PENDING]
delete: net0
memory: 256

[special:cloudinit]
ipconfig0: ip=dhcp
 odd line kept as it is

[before]
#a snapshot
memory: 128
scsi0: local:100/vm-100-disk-0.raw,size=1G
snaptime: 1234
vmstate: local:100/vm-100-state-before.raw
"""
VALUES = {
    "agent": "1",
    "boot": "order=scsi0",
    "cores": "2",
    "cpu": "kvm64,flags=+aes;-sse",
    "description": "a\nb",
    "future": "anything: [at all]",
    "machine": "pc-i440fx-7.2",
    "memory": "512",
    "name": "web.example",
    "scsi0": "local:100/vm-100-disk-0.raw,size=1G",
    "unused7": "local:100/vm-100-disk-7.raw",
}
SECTIONS = st.sets(st.sampled_from(sorted(VALUES))).map(lambda keys: {k: VALUES[k] for k in keys})
NAMES = st.from_regex(r"\A[a-z][a-z0-9_-]{1,8}\Z").filter(lambda name: name != "PENDING")


def parse(text: str) -> GuestConfig:
    return parse_config(100, text, "100.conf")


def test_a_full_config_survives_to_the_letter() -> None:
    assert format_config(parse(FULL)) == FULL


def test_the_sections_of_a_full_config() -> None:
    config = parse(FULL)
    assert config.current["description"] == "first line\n100%25 of it"
    assert config.pending == {"delete": "net0", "memory": "256"}
    assert config.snapshots["before"]["snaptime"] == "1234"
    assert config.special == ["[special:cloudinit]\nipconfig0: ip=dhcp\n odd line kept as it is"]


@given(SECTIONS, SECTIONS, st.dictionaries(NAMES, SECTIONS, max_size=3))
def test_what_is_written_is_read(
    current: dict[str, str], pending: dict[str, str], snapshots: dict[str, dict[str, str]]
) -> None:
    config = GuestConfig(100)
    config.current, config.pending, config.snapshots = current, pending, snapshots
    again = parse(format_config(config))
    assert (again.current, again.pending, again.snapshots) == (current, pending, snapshots)


@given(st.text(alphabet="scsi0:[]# \n,=/PENDING1", max_size=60) | st.text(max_size=60))
def test_any_text_is_a_config_or_one_line_of_refusal(text: str) -> None:
    try:
        config = parse(text)
    except Failure as error:
        reason = str(error)
    else:
        assert format_config(parse(format_config(config))) == format_config(config)
        return
    assert reason.startswith("100.conf line ")
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("memory 12", "line 1: 'memory 12' is not valid (expected 'key: value'"),
        ("cores: 1\nMEMORY: 1", "line 2: 'MEMORY: 1' is not valid"),
        ("memory: lots", "line 1: memory: 'lots' is not valid (expected [current=]<MiB>)"),
        ("cores: 1\ncores: 2", "line 2: 'cores' is there twice"),
        ("lock: mine", "line 1: lock: 'mine' is not valid (expected backup, clone"),
        ("scsi0: local:1,size=x", "line 1: scsi0: 'size=x' is not valid"),
        ("net0: fast", "line 1: net0: 'fast' is not valid"),
        ("args: 'open", "line 1: args: \"'open\" is not valid (no closing quotation)"),
        ("[a1]\n[a1]", "line 2: section '[a1]' is there twice"),
        ("[open", "line 1: '[open' is not valid"),
        ("kvm: maybe", "line 1: kvm: 'maybe' is not valid (expected a boolean)"),
    ],
)
def test_malformed_lines_name_place_text_and_expectation(text: str, reason: str) -> None:
    with pytest.raises(Failure) as refusal:
        parse(text)
    assert str(refusal.value).startswith(f"100.conf {reason}")


@pytest.mark.parametrize("key", ["scsi30", "virtio15", "net31", "unused255", "serial3", "vmstate"])
def test_known_options(key: str) -> None:
    assert schema.is_known(key)


@pytest.mark.parametrize("key", ["scsi31", "net32", "net01", "serial4", "memory0", "colour"])
def test_unknown_options(key: str) -> None:
    assert not schema.is_known(key)


@pytest.mark.parametrize(("text", "mib"), [("2048", 2048), ("current=64", 64), (None, 512)])
def test_memory(text: str | None, mib: int) -> None:
    config = GuestConfig(100)
    config.current = {"memory": text} if text else {}
    assert config.memory_mib == mib


def test_a_locked_config_says_by_what() -> None:
    with pytest.raises(Failure, match=r"^VM is locked \(migrate\)$"):
        check_lock(parse("lock: migrate"))
    check_lock(parse("name: free"))


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    monkeypatch.setattr(membership, "local_node", lambda: "pve1")
    for name in ("pve1", "pve2"):
        os.makedirs(paths.guest_config_dir(name))
    return tmp_path


def test_a_config_is_written_and_moved(node: Path) -> None:
    write_config(parse(FULL))
    source = Path(paths.guest_config(100, "pve1"))
    assert source.read_text() == FULL
    assert source.stat().st_mode & 0o777 == 0o640
    move_config(100, "pve2")
    assert not source.exists()
    assert format_config(load_config(100, "pve2")) == FULL
    assert os.listdir(source.parent) == []


@pytest.mark.usefixtures("node")
def test_a_missing_config_is_named() -> None:
    reason = r"^Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist$"
    with pytest.raises(Failure, match=reason):
        load_config(100)
    with pytest.raises(Failure, match="failed to move config to node 'pve2'"):
        move_config(100, "pve2")


def test_a_running_guest_takes_up_devices_later() -> None:
    config = parse("cores: 1\nmemory: 128\nname: old")
    apply(config, {"memory": "256", "name": "new"}, ["cores"], running=True)
    assert config.current == {"cores": "1", "memory": "128", "name": "new"}
    assert config.pending == {"memory": "256", "delete": "cores"}
    assert apply_pending(config)
    assert config.current == {"memory": "256", "name": "new"}
    assert not apply_pending(config)


def test_setting_again_what_was_to_be_deleted() -> None:
    config = parse("cores: 1\n[PENDING]\ndelete: cores")
    apply(config, {"cores": "2"}, [], running=True)
    assert config.pending == {"cores": "2"}


def test_a_removed_disk_is_kept_as_unused() -> None:
    config = parse("scsi0: local:100/a.raw,size=1G\nunused0: local:100/b.raw")
    apply(config, {}, ["scsi0"], running=False)
    assert config.current == {"unused0": "local:100/b.raw", "unused1": "local:100/a.raw"}


def test_a_disk_on_another_slot_is_not_unused() -> None:
    config = parse("scsi0: local:100/a.raw")
    apply(config, {"virtio0": "local:100/a.raw"}, ["scsi0"], running=False)
    assert config.current == {"virtio0": "local:100/a.raw"}
