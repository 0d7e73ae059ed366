"""What stands in the way of a guest's migration, node by node (PRECOND-*)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from reference.caller import Caller
from reference.cluster import ha, membership, paths
from reference.cluster.mappings import load_mappings
from reference.cluster.storages import Storage, load_storages
from reference.errors import Failure
from reference.guest import process
from reference.guest.config import GuestConfig, load_unlocked
from reference.guest.drives import drives
from reference.guest.resources import has_clipboard, holds_clipboard, local_resources
from reference.guest.volumes import VolumeRef, referenced_volumes
from reference.storage.base import parse_volid

Answer = dict[str, Any]


def preconditions(vmid: int, caller: Caller) -> Answer:
    """The answer to GET .../migrate, whoever asks; takes no lock, changes nothing (PRECOND-14)."""
    membership.check_quorum()
    config = load_unlocked(vmid, skiplock=False)
    running = process.running_pid(vmid) is not None
    others = [node for node in membership.nodes() if node != membership.local_node()]
    found, known = local_resources(config, load_mappings(), others, running), load_storages()
    affine = ha.affinities(vmid)
    against = {
        node: {
            "unavailable_storages": _unavailable(config, known, node),
            "unavailable-resources": found.missing[node],
            "blocking-ha-resources": _blockers(affine.get("negative", ()), node),
        }
        for node in others
    }
    refs = referenced_volumes(config).values()
    return {
        "running": int(running),
        "allowed_nodes": [node for node in others if not any(against[node].values())],
        "not_allowed_nodes": {node: _given(reasons) for node, reasons in against.items()},
        "local_disks": [disk for ref in refs if (disk := _local_disk(ref, known))],
        "local_resources": found.local + ["clipboard=vnc"] * (running and _clipboard(config)),
        "mapped-resources": sorted(found.mapped),
        "mapped-resource-info": {
            key: {"name": mapped.name, **_given({"live-migration": int(mapped.live)})}
            for key, mapped in found.mapped.items()
        },
        "has-dbus-vmstate": 1,
        **({"dependent-ha-resources": affine["positive"]} if affine else {}),
    }


def _given(facts: Answer) -> Answer:
    """Those that hold."""
    return {key: fact for key, fact in facts.items() if fact}


def _blockers(sids: Iterable[str], node: str) -> list[dict[str, str]]:
    """Those of the resources that HA manages on the node."""
    guests = ((sid, int(sid.partition(":")[2])) for sid in sids)
    there = (
        sid for sid, vmid in guests
        if ha.is_managed(vmid) and os.path.exists(paths.guest_config(vmid, node))
    )  # fmt: skip
    return [{"sid": sid, "cause": "resource-affinity"} for sid in there]


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
    return sorted({storage.id for storage in used if storage and not storage.serves(node)})


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
        **_given({"size": ref.size}),
        **{name: int(flag) for name, flag in flags.items()},
        "referenced_in_pending": int(ref.pending),
        "referenced_in_snapshot": dict.fromkeys(ref.snapshots, 1),
    }
