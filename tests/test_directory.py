"""Directory storages with real files and images: names, sizes, clones, allocation."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import storage
from reference.cluster import paths
from reference.cluster.storages import Storage, parse_storages
from reference.errors import Failure
from reference.storage.base import parse_volid
from reference.storage.directory import free_name, parse_name


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Storage]]:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    (tmp_path / "vz").mkdir()
    text = f"dir: local\n\tpath {tmp_path}/vz\n\tcontent images,iso\n"
    text += f"\ndir: gone\n\tpath {tmp_path}/gone\n"
    yield parse_storages(text + "\nlvm: lv\n\tvgname x\n", "storage.cfg")
    assert not (tmp_path / "gone").exists()


def qemu_img(*arguments: str | Path, cwd: Path | None = None) -> None:
    subprocess.run([paths.QEMU_IMG, *arguments], check=True, capture_output=True, cwd=cwd)


@pytest.mark.parametrize(
    "volid",
    ["", "local", "local:", ":100/a.raw", "l:100/a.raw", "local:../a.raw", "local:100/../../a.raw",
     "local:/etc/passwd", "local:100//a.raw", "local:100/./a.raw", "local:100/a b.raw",
     "local:100/a.raw,size=1G", "local:100/a\n.raw", "local:a:b"],
)  # fmt: skip
def test_volume_ids_that_are_refused(volid: str) -> None:
    with pytest.raises(Failure, match="unable to parse volume ID"):
        parse_volid(volid)


@settings(deadline=None)
@given(st.text(st.sampled_from("local:./1029a\\ \n~,")))
def test_no_volume_id_leads_out_of_its_storage(volid: str) -> None:
    try:
        _, volname = parse_volid(volid)
    except Failure:
        return
    assert os.path.normpath(f"/storage/{volname}") == f"/storage/{volname}"


@pytest.mark.parametrize(
    ("volname", "expected"),
    [
        ("100/vm-100-disk-0.raw", ("images", "vm-100-disk-0.raw", "raw", 100, None)),
        ("100/vm-100-cloudinit.qcow2", ("images", "vm-100-cloudinit.qcow2", "qcow2", 100, None)),
        (
            "900/base-900-disk-0.qcow2/100/vm-100-disk-1.qcow2",
            ("images", "vm-100-disk-1.qcow2", "qcow2", 100, "900/base-900-disk-0.qcow2"),
        ),
        ("iso/x.iso", ("iso", "x.iso", "raw", None, None)),
    ],
)
def test_volume_names(volname: str, expected: tuple[object, ...]) -> None:
    assert parse_name(volname) == expected


@pytest.mark.parametrize(
    "volname", ["100/x.txt", "99/x.raw", "x.raw", "iso/a/b.iso", "1/base-1-a.raw/100/x.raw",
                "iso/.."]
)  # fmt: skip
def test_volume_names_that_are_refused(volname: str) -> None:
    with pytest.raises(Failure, match="unable to parse volume name"):
        parse_name(volname)


@settings(deadline=None)
@given(st.sets(st.integers(0, 8)), st.sampled_from(["raw", "qcow2", "vmdk"]))
def test_the_free_name_is_the_lowest_unused_number(used: set[int], fmt: str) -> None:
    taken = [f"{'base' if n % 2 else 'vm'}-100-disk-{n}.{fmt}" for n in used]
    taken += ["vm-100-cloudinit.raw", "vm-1000-disk-0.raw", "vm-101-disk-0.raw"]
    lowest = min(set(range(10)) - used)
    assert free_name(taken, 100, "raw") == f"vm-100-disk-{lowest}.raw"


def test_allocation_and_removal(known: dict[str, Storage], tmp_path: Path) -> None:
    images = tmp_path / "vz/images"
    assert storage.alloc_volume(known, "local", 100, None, None, 1) == "local:100/vm-100-disk-0.raw"
    size = 64 << 20
    second = storage.alloc_volume(known, "local", 100, "qcow2", None, size)
    assert second == "local:100/vm-100-disk-1.qcow2"
    named = storage.alloc_volume(known, "local", 100, None, "vm-100-x.vmdk", size)
    raw = images / "100/vm-100-disk-0.raw"
    assert (raw.stat().st_size, raw.stat().st_blocks) == (1024, 0)
    found = storage.list_volumes(known, "local", 100)
    assert [(info.volid, info.size, info.format, info.vmid) for info in found] == [
        ("local:100/vm-100-disk-0.raw", 1024, "raw", 100),
        (second, size, "qcow2", 100),
        (named, size, "vmdk", 100),
    ]
    assert storage.volume_info(known, second).path == storage.volume_path(known, second)
    for info in found:
        assert (images / "100").is_dir()
        storage.free_volume(known, info.volid)
    assert list(images.iterdir()) == []


@pytest.mark.parametrize(
    ("storeid", "fmt", "name", "reason"),
    [
        ("local", None, "vm-100-disk-0.raw", "already exists"),
        ("local", "qcow2", "vm-100-disk-1.raw", "illegal name"),
        ("local", None, "../vm-100-a.raw", "unable to parse volume name"),
        ("local", None, "base-100-a.raw/100/b.raw", "illegal name"),
        ("local", "subvol", None, "does not support format 'subvol'"),
        ("gone", None, None, "storage 'gone': expected a directory at"),
        ("lv", None, None, "storage type 'lvm' of storage 'lv' is not supported"),
        ("none", None, None, "storage 'none' does not exist"),
    ],
)
def test_allocations_that_are_refused_change_nothing(
    known: dict[str, Storage], tmp_path: Path, storeid: str, fmt: str | None, name: str | None,
    reason: str,
) -> None:  # fmt: skip
    storage.alloc_volume(known, "local", 100, "raw", "vm-100-disk-0.raw", 1024)
    before = sorted((tmp_path / "vz").rglob("*"))
    with pytest.raises(Failure, match=reason):
        storage.alloc_volume(known, storeid, 100, fmt, name, 1024)
    assert sorted((tmp_path / "vz").rglob("*")) == before


def test_an_allocation_qemu_img_refuses_leaves_nothing(
    known: dict[str, Storage], tmp_path: Path
) -> None:
    with pytest.raises(Failure, match="qemu-img create failed"):
        storage.alloc_volume(known, "local", 100, "qcow2", None, 1 << 62)
    assert list((tmp_path / "vz/images").iterdir()) == []


def test_linked_clones_are_seen_in_their_headers(known: dict[str, Storage], tmp_path: Path) -> None:
    base = storage.alloc_volume(known, "local", 900, "qcow2", "base-900-disk-0.qcow2", 1 << 20)
    assert not storage.volume_info(known, base).used_by_clones
    clone = tmp_path / "vz/images/100/vm-100-disk-0.qcow2"
    clone.parent.mkdir()
    backing = "../900/base-900-disk-0.qcow2"
    qemu_img("create", "-f", "qcow2", "-F", "qcow2", "-b", backing, clone.name, cwd=clone.parent)
    assert storage.volume_info(known, base).used_by_clones
    full = "local:900/base-900-disk-0.qcow2/100/vm-100-disk-0.qcow2"
    listed = {info.volid: info for info in storage.list_volumes(known, "local")}
    assert listed.keys() == {base, full}
    assert listed[base].used_by_clones
    for volid in (full, "local:100/vm-100-disk-0.qcow2"):
        assert storage.volume_info(known, volid).parent == "900/base-900-disk-0.qcow2"
    with pytest.raises(Failure, match="still in use by linked clones"):
        storage.free_volume(known, base)
    storage.free_volume(known, full)
    storage.free_volume(known, base)


@pytest.mark.parametrize(
    "content", [b"", b"QFI\xfb", b"x" * 100, b"QFI\xfb\0\0\0\x07" + bytes(96),
                b"QFI\xfb\0\0\0\x03" + b"\xff" * 96]
)  # fmt: skip
def test_a_malformed_qcow2_header_is_refused_and_not_listed(
    known: dict[str, Storage], tmp_path: Path, content: bytes
) -> None:
    broken = tmp_path / "vz/images/100/vm-100-disk-0.qcow2"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(content)
    with pytest.raises(Failure, match=r"qemu-img info failed: .*vm-100-disk-0\.qcow2"):
        storage.volume_info(known, "local:100/vm-100-disk-0.qcow2")
    assert storage.list_volumes(known, "local") == []
    assert storage.alloc_volume(known, "local", 100, "raw", None, 1).endswith("-disk-1.raw")


def test_isos_are_listed_after_images(known: dict[str, Storage], tmp_path: Path) -> None:
    folder = tmp_path / "vz/template/iso"
    folder.mkdir(parents=True)
    (folder / "x.iso").write_bytes(b"iso")
    (folder / "note.txt").write_bytes(b"")
    storage.alloc_volume(known, "local", 100, "raw", None, 1)
    assert [info.volid for info in storage.list_volumes(known, "local")] == [
        "local:100/vm-100-disk-0.raw",
        "local:iso/x.iso",
    ]
    assert storage.volume_info(known, "local:iso/x.iso").size == 3
    assert storage.volume_path(known, "local:iso/x.iso") == str(folder / "x.iso")


def test_missing_volumes_are_named(known: dict[str, Storage]) -> None:
    for work in (storage.free_volume, storage.volume_info):
        with pytest.raises(Failure, match=r"volume 'local:100/x\.raw' does not exist"):
            work(known, "local:100/x.raw")
