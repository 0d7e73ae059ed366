"""Which volumes move and what forbids it, without any node (SCAN-*)."""

from typing import Any

import pytest

from reference.cluster.storages import Storage
from reference.errors import Failure
from reference.guest.config import parse_config
from reference.guest.volumes import referenced_volumes
from reference.idmap import parse_idmap
from reference.migration.scan import Question, Scan, check_aliases, check_types, scan
from reference.storage.base import VolumeInfo


def storage(name: str, **changes: Any) -> Storage:
    facts: dict[str, Any] = {
        "id": name, "type": "dir", "path": f"/srv/{name}", "content": frozenset({"images", "iso"}),
        "nodes": None, "disabled": False, "shared": False, "bwlimit": None, "options": {},
    }  # fmt: skip
    return Storage(**{**facts, **changes})


STORAGES = {
    found.id: found
    for found in (
        storage("local"),
        storage("alt"),
        storage("san", shared=True),
        storage("chain", options={"snapshot-as-volume-chain": "1"}),
        storage("thick", type="rbd"),
    )
}


def info(volid: str) -> VolumeInfo:
    fmt = volid.rpartition(".")[2]
    owner = int(volid.partition(":")[2].partition("/")[0])
    used, parent = "used" in volid, "base" if "clone" in volid else None
    return VolumeInfo(volid, 1 << 20, fmt, owner, used, "images", f"/srv/{volid}", parent)


def question(running: bool = False, disks: bool = True, idmap: str = "") -> Question:
    id_map = parse_idmap(idmap, "pve-storage-id")
    path = "/srv/{}".format
    return Question(100, "pve1", "pve2", running, disks, id_map, STORAGES, info, path)


def scanned(text: str, **facts: Any) -> Scan:
    config = parse_config(100, text, "100.conf")
    return scan(referenced_volumes(config), question(**facts))


DISK = "local:100/vm-100-disk-0"


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (f"scsi0: {DISK}.raw\n", "attached"),
        (f"unused0: {DISK}.raw\n", "unused"),
        (f"[PENDING]\nscsi0: {DISK}.raw\n", "pending"),
        (f"[s1]\nscsi0: {DISK}.qcow2\n", "snapshot"),
        (f"unused0: {DISK}.qcow2\n\n[s1]\nscsi0: {DISK}.qcow2\n", "unused"),
        (f"scsi0: {DISK}.raw\nunused0: {DISK}.raw\n", "attached"),
        (f"tpmstate0: {DISK}.raw\n", "generated"),
        ("ide2: local:100/vm-100-cloudinit.raw,media=cdrom\n", "generated"),
    ],
)
def test_the_reference_class(config: str, kind: str) -> None:
    assert [volume.kind for volume in scanned(config).volumes.values()] == [kind]


def test_only_attached_volumes_of_a_running_guest_move_online() -> None:
    config = f"scsi0: {DISK}.raw\nunused0: local:100/vm-100-disk-1.raw\n"
    modes = {v.volid[-5]: v.online for v in scanned(config, running=True).volumes.values()}
    assert modes == {"0": True, "1": False}
    assert not any(v.online for v in scanned(config).volumes.values())


@pytest.mark.parametrize(
    ("config", "facts", "fragment"),
    [
        ("scsi0: /dev/sdb\n", {}, "local file/device"),
        ("[s1]\nscsi0: /dev/sdb\n", {}, "referenced in snapshot - s1"),
        ("ide2: cdrom,media=cdrom\n", {}, "can't migrate local cdrom drive"),
        ("ide2: local:100/x.raw,media=cdrom\n", {}, "local cdrom image"),
        ("scsi0: local:101/vm-101-disk-0.raw\n", {}, "owned by other VM"),
        (f"scsi0: {DISK}.raw\n", {"running": True, "disks": False}, "without with-local-disks"),
        (f"scsi0: {DISK}.raw\n\n[s1]\nscsi0: {DISK}.raw\n", {}, "non-migratable snapshot"),
        (
            f"scsi0: {DISK}.qcow2\n\n[s1]\nscsi0: {DISK}.qcow2\n",
            {"running": True},
            "non-replicated snapshot",
        ),
        ("[s1]\nscsi0: chain:100/vm-100-disk-0.qcow2\n", {}, "non-migratable snapshot"),
        ("scsi0: local:100/used-100-disk-0.raw\n", {}, "referenced by linked clone"),
        ("scsi0: gone:100/vm-100-disk-0.raw\n", {}, "does not exist"),
    ],
)  # fmt: skip
def test_what_forbids_a_volume(config: str, facts: dict[str, Any], fragment: str) -> None:
    result = scanned(config, **facts)
    assert not result.volumes
    assert [fragment in error for error in result.errors.values()] == [True]


@pytest.mark.parametrize(
    "config",
    ["ide2: none\n", "scsi0: /dev/sdb,shared=1\n", "scsi0: san:100/vm-100-disk-0.raw\n"],
)
def test_what_is_left_alone(config: str) -> None:
    assert scanned(config) == Scan({}, {})


def test_all_errors_of_a_run_appear_in_volume_order() -> None:
    config = "scsi1: local:102/vm-102-disk-0.raw\nscsi0: local:101/vm-101-disk-0.raw\n"
    assert list(scanned(config).errors) == [
        "local:101/vm-101-disk-0.raw",
        "local:102/vm-102-disk-0.raw",
    ]


def test_the_map_names_the_target_storage_of_local_volumes_only() -> None:
    config = f"scsi0: {DISK}.raw\nscsi1: san:100/vm-100-disk-1.raw\n"
    volumes = scanned(config, idmap="alt").volumes
    assert [(v.volid, v.target) for v in volumes.values()] == [(f"{DISK}.raw", "alt")]


def test_one_path_under_two_ids_is_refused() -> None:
    volumes = scanned(f"scsi0: {DISK}.raw\nscsi1: alt:100/vm-100-disk-0.raw\n").volumes
    with pytest.raises(Failure, match="aliased volumes"):
        check_aliases(volumes, lambda _: "/srv/one")


def test_types_and_clones_that_cannot_move() -> None:
    with pytest.raises(Failure, match="storage type 'rbd'"):
        check_types(scanned("scsi0: thick:100/vm-100-disk-0.raw\n").volumes, question())
    with pytest.raises(Failure, match="as it's a clone of 'base'"):
        check_types(scanned("scsi0: local:100/clone-100-disk-0.raw\n").volumes, question())
