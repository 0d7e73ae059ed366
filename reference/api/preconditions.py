"""What stands in the way of a guest's migration, node by node (PRECOND-*)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from reference.caller import Caller
from reference.cluster import ha, membership, paths
from reference.cluster.mappings import load_mappings
from reference.cluster.storages import Storage, load_storages
from reference.errors import Failure
from reference.guest import process
from reference.guest.config import GuestConfig, load_unlocked
from reference.guest.drives import drives
from reference.guest.resources import Mapped, has_clipboard, holds_clipboard, local_resources
from reference.guest.volumes import VolumeRef, referenced_volumes
from reference.storage.base import parse_volid

Answer = dict[str, Any]


def preconditions(vmid: int, caller: Caller) -> Answer:
    """The answer to GET .../migrate, whoever asks; takes no lock, changes nothing (PRECOND-14)."""
    membership.check_quorum()
    config = load_unlocked(vmid, skiplock=False)
    running = process.running_pid(vmid) is not None
    others = [node for node in membership.nodes() if node != membership.local_node()]
    found = local_resources(config, load_mappings(), others, running)
    known, affine = load_storages(), _ha(vmid)
    against: dict[str, Answer] = {}
    for node in others:
        reasons: Answer = {
            "unavailable_storages": _unavailable(config, known, node),
            "unavailable-resources": found.missing[node],
            "blocking-ha-resources": _blockers(affine.get("negative", []), node),
        }
        against[node] = {key: reason for key, reason in reasons.items() if reason}
    disks = (_local_disk(ref, known) for ref in referenced_volumes(config).values())
    return {
        "running": int(running),
        "allowed_nodes": [node for node in others if not against[node]],
        "not_allowed_nodes": against,
        "local_disks": [disk for disk in disks if disk],
        "local_resources": found.local + ["clipboard=vnc"] * (running and _clipboard(config)),
        "mapped-resources": sorted(found.mapped),
        "mapped-resource-info": {key: _info(mapped) for key, mapped in found.mapped.items()},
        "has-dbus-vmstate": 1,
        **({"dependent-ha-resources": affine["positive"]} if affine else {}),
    }


def _ha(vmid: int) -> dict[str, list[str]]:
    """The resources that rules keep together with the guest or apart, if HA manages it."""
    kinds = ("positive", "negative") if ha.is_managed(vmid) else ()
    return {kind: ha.affine(f"vm:{vmid}", kind) for kind in kinds}


def _blockers(sids: list[str], node: str) -> list[dict[str, str]]:
    """Those of the resources that HA manages on the node."""
    guests = ((sid, int(sid.partition(":")[2])) for sid in sids)
    there = (
        sid for sid, vmid in guests
        if ha.is_managed(vmid) and os.path.exists(paths.guest_config(vmid, node))
    )  # fmt: skip
    return [{"sid": sid, "cause": "resource-affinity"} for sid in there]


def _info(mapped: Mapped) -> Answer:
    return {"name": mapped.name} | ({"live-migration": 1} if mapped.live else {})


def _clipboard(config: GuestConfig) -> bool:
    """Whether a running guest has a clipboard that stays."""
    if not has_clipboard(config):
        return False
    from reference.guest.monitor import Monitor

    with Monitor(paths.qmp_socket(config.vmid)) as monitor:
        return holds_clipboard(process.running_machine(monitor))


def _storage(volume: str, known: Mapping[str, Storage]) -> Storage | None:
    """The storage of a volume id; a path, `none` and `cdrom` have none."""
    if ":" not in volume or volume.startswith("/"):
        return None
    storeid = parse_volid(volume)[0]
    if storeid not in known:
        raise Failure(f"storage '{storeid}' does not exist")
    return known[storeid]


def _unavailable(config: GuestConfig, known: Mapping[str, Storage], node: str) -> list[str]:
    """Storages of the current drives that the node can't use (PRECOND-07)."""
    used = (_storage(drive.volume, known) for drive in drives(config.current).values())
    return sorted({
        storage.id for storage in used
        if storage and (storage.disabled or node not in (storage.nodes or [node]))
    })  # fmt: skip


def _local_disk(ref: VolumeRef, known: Mapping[str, Storage]) -> Answer | None:
    """A volume as the caller sees it, unless other nodes have it as well (PRECOND-08)."""
    storage = _storage(ref.volume, known)
    if ref.shared or (storage and storage.shared) or (ref.cdrom and ref.volume == "none"):
        return None
    flags = {name: getattr(ref, name) for name in ("cdrom", "replicate", "shared")}
    kinds = ("unused", "attached", "cloudinit", "vmstate", "tpmstate")
    flags |= {f"is_{kind}": getattr(ref, kind) for kind in kinds}
    return {
        "volid": ref.volume,
        **({} if ref.size is None else {"size": ref.size}),
        **{name: int(flag) for name, flag in flags.items()},
        "referenced_in_pending": int(ref.pending),
        "referenced_in_snapshot": dict.fromkeys(ref.snapshots, 1),
    }
