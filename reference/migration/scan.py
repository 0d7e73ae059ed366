"""Which volumes move, how, and what forbids it (SCAN-*). Deciding is pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from reference.cluster.storages import Storage, check_storage
from reference.errors import Failure
from reference.guest.volumes import VolumeRef
from reference.idmap import IdMap
from reference.migration.request import content_of, target_storage
from reference.migration.state import LocalVolume
from reference.storage.base import VolumeInfo, parse_volid

MOVABLE_TYPES = frozenset({"dir", "btrfs", "zfspool", "lvmthin", "lvm"})
CLASSES = {
    "attached": "attached",
    "unused": "unused",
    "snapshot": "snapshot-referenced",
    "pending": "pending change's",
    "generated": "generated",
}
_CLOUDINIT = re.compile(r"vm-\d+-cloudinit")


class Question(NamedTuple):
    """The facts a scan rests on; `info` and `path` ask the storage about one volume id."""

    vmid: int
    source: str
    target: str
    running: bool
    with_local_disks: bool
    id_map: IdMap | None
    storages: dict[str, Storage]
    info: Callable[[str], VolumeInfo]
    path: Callable[[str], str]


class Scan(NamedTuple):
    """Volumes to move and the reasons against it, both in volume-id order (SCAN-17)."""

    volumes: dict[str, LocalVolume]
    errors: dict[str, str]


def scan(refs: Mapping[str, VolumeRef], ask: Question) -> Scan:
    """Classify every referenced volume; collects all errors instead of stopping at one."""
    found: dict[str, LocalVolume] = {}
    errors: dict[str, str] = {}
    for name in sorted(refs):
        try:
            volume = _classify(refs[name], ask)
        except Failure as error:
            errors[name] = str(error)
            continue
        if volume:
            found[name] = volume
    return Scan(found, errors)


def check_aliases(volumes: Mapping[str, LocalVolume], path: Callable[[str], str]) -> None:
    """Two volume ids, one path: raised directly (SCAN-10)."""
    seen: dict[str, str] = {}
    for volid in volumes:
        other = seen.setdefault(path(volid), volid)
        if other != volid:
            raise Failure(f"detected aliased volumes '{other}' and '{volid}': not supported")


def check_types(volumes: Mapping[str, LocalVolume], ask: Question) -> None:
    """Storage types and clones that can't move (SCAN-18)."""
    for volid in volumes:
        kind = ask.storages[parse_volid(volid)[0]].type
        if kind not in MOVABLE_TYPES:
            raise Failure(f"can't migrate '{volid}' - storage type '{kind}' not supported")
        if parent := ask.info(volid).parent:
            raise Failure(f"can't migrate '{volid}' as it's a clone of '{parent}'")


def _classify(ref: VolumeRef, ask: Question) -> LocalVolume | None:
    if ref.volume == "none":
        return None
    if ref.volume == "cdrom":
        raise Failure("can't migrate local cdrom drive" + _only_snapshots(ref))
    if ref.volume.startswith("/"):
        if ref.shared:
            return None
        raise Failure("local file/device" + _only_snapshots(ref))
    storeid, volname = parse_volid(ref.volume)
    storage = check_storage(ask.storages, storeid, ask.source)
    target = target_storage(ask.id_map, ask.storages, storeid)
    check_storage(ask.storages, target, ask.target, content_of(volname))
    if storage.shared or ref.shared:
        return None
    cloudinit = bool(_CLOUDINIT.search(ref.volume))
    if ref.cdrom and not cloudinit:
        raise Failure("local cdrom image" + _only_snapshots(ref))
    info = ask.info(ref.volume)
    kind = "generated" if cloudinit else _kind(ref)
    if problem := next(_problems(ref, info, kind, storage, ask, cloudinit), None):
        raise Failure(problem)
    online = ask.running and kind == "attached"
    return LocalVolume(
        ref.volume, kind, online, ref.drivenames[0] if kind == "attached" else None,
        info.size, info.format, target,
        with_snapshots=info.format in ("qcow2", "vmdk") or bool(ref.snapshots and not ref.vmstate),
        allow_rename=not (ref.vmstate or cloudinit),
    )  # fmt: skip


def _kind(ref: VolumeRef) -> str:
    """Later rules override earlier ones: pending < snapshot < unused < attached < generated."""
    for kind, holds in (
        ("generated", ref.tpmstate or ref.cloudinit),
        ("attached", ref.attached),
        ("unused", ref.unused),
        ("snapshot", bool(ref.snapshots)),
    ):
        if holds:
            return kind
    return "pending" if ref.pending else "generated"


def _problems(
    ref: VolumeRef, info: VolumeInfo, kind: str, storage: Storage, ask: Question, cloudinit: bool
) -> Iterator[str]:
    if info.vmid != ask.vmid and not cloudinit:
        yield f"owned by other VM (owner = VM {info.vmid})"
    if ref.snapshots and not ref.vmstate:
        if ask.running:
            yield "online storage migration not possible if non-replicated snapshot exists"
        if not _carries_snapshots(storage, info.format):
            yield "non-migratable snapshot exists"
    if info.used_by_clones:
        yield "base image is referenced by linked clone(s)"
    if ask.running and kind == "attached" and not ask.with_local_disks:
        yield "can't live migrate attached local disks without with-local-disks option"


def _carries_snapshots(storage: Storage, fmt: str) -> bool:
    chain = storage.options.get("snapshot-as-volume-chain", "0") == "1"
    return (
        storage.type == "zfspool"
        or (storage.type == "btrfs" and fmt == "raw")
        or (fmt == "qcow2" and not chain)
    )


def _only_snapshots(ref: VolumeRef) -> str:
    if ref.attached or ref.unused or ref.pending or not ref.snapshots:
        return ""
    return f" (referenced in snapshot - {', '.join(ref.snapshots)})"
