"""Snapshots, growing disks, templates and lost volumes of a guest that is stopped."""

import subprocess
from pathlib import Path

import pytest

from reference.cli.options import program
from reference.cluster import membership, paths
from reference.guest.config import GuestConfig, load_config

MEMBERS = '{"cluster": {"quorate": 1}, "nodelist": {"one": {"id": 1, "ip": "10.0.0.1"}}}'
CONFIG = "#note\nscsi0: local:100/vm-100-disk-0.qcow2,size=1M\nname: first\n"


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a guest's images on a node of its own."""
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    monkeypatch.setattr(membership, "local_node", lambda: "one")
    folder = tmp_path / "vz/images/100"
    folder.mkdir(parents=True)
    (tmp_path / "etc/pve/nodes/one/qemu-server").mkdir(parents=True)
    (tmp_path / "etc/pve/.members").write_text(MEMBERS)
    (tmp_path / "etc/pve/storage.cfg").write_text(f"dir: local\n\tpath {tmp_path}/vz\n")
    make(folder / "vm-100-disk-0.qcow2", "a")
    Path(paths.guest_config(100, "one")).write_text(CONFIG)
    return folder


def make(image: Path, content: str) -> None:
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "1M"], check=True)
    write(image, content)


def write(image: Path, content: str) -> None:
    command = f"write -q -P {ord(content)} 0 64k"
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", command, image], check=True)


def read(image: Path) -> str:
    raw = image.with_suffix(".raw")
    subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
    content = raw.read_bytes()[:1].decode()
    raw.unlink()
    return content


def qm(words: str) -> int:
    return program("qm", words.split())


def config() -> GuestConfig:
    return load_config(100)


def test_a_snapshot_is_a_section_and_brings_disk_and_config_back(images: Path) -> None:
    assert qm("snapshot 100 one --description now") == 0
    section = config().snapshots["one"]
    assert section.pop("snaptime").isdecimal()
    drive = "local:100/vm-100-disk-0.qcow2,size=1M"
    assert section == {"scsi0": drive, "name": "first", "description": "now"}
    assert config().current["parent"] == "one"
    write(images / "vm-100-disk-0.qcow2", "b")
    assert qm("set 100 --name second --scsi1 local:1") == 0
    assert qm("rollback 100 one") == 0
    assert read(images / "vm-100-disk-0.qcow2") == "a"
    now = config().current
    assert now == {
        "scsi0": drive, "name": "first", "parent": "one", "description": "note",
        "unused0": "local:100/vm-100-disk-1.raw",
    }  # fmt: skip


def test_a_deleted_snapshot_leaves_its_children_to_its_parent(
    images: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two", "three"):
        assert qm(f"snapshot 100 {name}") == 0
    assert qm("delsnapshot 100 two") == 0
    found = config()
    assert {name: s.get("parent") for name, s in found.snapshots.items()} == {
        "one": None, "three": "one",
    }  # fmt: skip
    assert "lock" not in found.current
    assert qm("listsnapshot 100") == 0
    shown = [line.split()[1] for line in capfd.readouterr().out.splitlines()]
    assert shown == ["one", "three", "current"]
    info = subprocess.check_output(["qemu-img", "snapshot", "-l", images / "vm-100-disk-0.qcow2"])
    assert b"two" not in info
    assert b"three" in info


def test_a_snapshot_that_fails_leaves_nothing(images: Path) -> None:
    assert qm("set 100 --scsi1 local:100/vm-100-disk-1.qcow2") == 255
    make(images / "vm-100-disk-1.qcow2", "c")
    assert qm("set 100 --scsi1 local:100/vm-100-disk-1.qcow2") == 0
    before = config()
    (images / "vm-100-disk-1.qcow2").write_bytes(b"no image")
    assert qm("snapshot 100 one") == 255
    assert (config().current, config().snapshots) == (before.current, {})
    info = subprocess.check_output(["qemu-img", "snapshot", "-l", images / "vm-100-disk-0.qcow2"])
    assert b"one" not in info


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("snapshot 100 current", "already used"),
        ("snapshot 100 PENDING", "already used"),
        ("snapshot 100 x", "2 to 40 characters"),
        ("rollback 100 none", "snapshot 'none' does not exist"),
        ("delsnapshot 100 none", "snapshot 'none' does not exist"),
        ("resize 100 scsi0 512K", "shrinking disks is not supported"),
        ("resize 100 scsi1 +1M", "disk 'scsi1' does not exist"),
        ("resize 100 net0 +1M", "is not a drive"),
        ("resize 100 scsi0 -1M", "not valid"),
        ("resize 100 scsi0 +", "not valid"),
        ("rescan --vmid 101", "does not exist"),
    ],
)
def test_what_is_refused_changes_nothing(
    images: Path, capfd: pytest.CaptureFixture[str], words: str, reason: str
) -> None:
    before = Path(paths.guest_config(100, "one")).read_text()
    assert qm(words) == 255
    said = capfd.readouterr().err
    assert reason in said
    assert "Traceback" not in said
    assert Path(paths.guest_config(100, "one")).read_text() == before
    assert images.exists()


def test_a_disk_grows(images: Path) -> None:
    assert qm("resize 100 scsi0 +1M") == 0
    assert config().current["scsi0"] == "local:100/vm-100-disk-0.qcow2,size=2M"
    assert qm("resize 100 scsi0 3M") == 0
    assert (read(images / "vm-100-disk-0.qcow2"), qm("resize 100 scsi0 3M")) == ("a", 0)
    assert config().current["scsi0"] == "local:100/vm-100-disk-0.qcow2,size=3M"


def test_a_template_has_base_images_that_nobody_writes(images: Path) -> None:
    assert qm("template 100") == 0
    assert config().current["template"] == "1"
    assert config().current["scsi0"] == "local:100/base-100-disk-0.qcow2,size=1M"
    assert (images / "base-100-disk-0.qcow2").stat().st_mode & 0o777 == 0o444
    assert [file.name for file in images.iterdir()] == ["base-100-disk-0.qcow2"]
    assert (qm("template 100"), qm("snapshot 100 one")) == (255, 255)


def test_a_lost_volume_and_a_wrong_size_are_found(images: Path) -> None:
    make(images / "vm-100-disk-7.qcow2", "d")
    subprocess.run(["qemu-img", "resize", "-q", images / "vm-100-disk-0.qcow2", "4M"], check=True)
    before = dict(config().current)
    assert (qm("rescan --dryrun"), config().current) == (0, before)
    assert qm("rescan") == 0
    assert config().current == {
        **before, "scsi0": "local:100/vm-100-disk-0.qcow2,size=4M",
        "unused0": "local:100/vm-100-disk-7.qcow2",
    }  # fmt: skip
