"""What stands in the way of a guest's migration, node by node (PRECOND-*)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reference.cluster import ha, membership, paths
from reference.cluster.mappings import load_mappings
from reference.cluster.storages import Storage, load_storages
from reference.errors import Failure
from reference.guest import process
from reference.guest.config import GuestConfig, load_unlocked
from reference.guest.drives import drives, on_storage
from reference.guest.resources import clipboard_stays, local_resources
from reference.guest.volumes import VolumeRef, referenced_volumes
from reference.storage.base import parse_volid

Answer = dict[str, Any]


def preconditions(vmid: int) -> Answer:
    """The answer to GET .../migrate, whoever asks; takes no lock, changes nothing (PRECOND-14)."""
    membership.check_quorum()
    config = load_unlocked(vmid, skiplock=False)
    running, managed = process.running_pid(vmid) is not None, ha.is_managed(vmid)
    others = [node for node in membership.nodes() if node != membership.local_node()]
    found, known = local_resources(config, load_mappings(), others, running), load_storages()
    apart = ha.affine(f"vm:{vmid}", "negative") if managed else ()
    against = {
        node: _given({
            "unavailable_storages": _unavailable(config, known, node),
            "unavailable-resources": found.missing[node],
            "blocking-ha-resources": _blockers(apart, node),
        })
        for node in others
    }  # fmt: skip
    clipboard = running and clipboard_stays(config, lambda: _machine(vmid))
    return {
        "running": int(running),
        "allowed_nodes": [node for node in others if not against[node]],
        "not_allowed_nodes": against,
        "local_disks": list(_local_disks(referenced_volumes(config).values(), known)),
        "local_resources": found.local + ["clipboard=vnc"] * clipboard,
        "mapped-resources": sorted(found.mapped),
        "mapped-resource-info": {
            key: _given({"name": mapped.name, "live-migration": int(mapped.live)})
            for key, mapped in found.mapped.items()
        },
        "has-dbus-vmstate": 1,
        **({"dependent-ha-resources": ha.affine(f"vm:{vmid}", "positive")} if managed else {}),
    }


def _given(facts: Answer) -> Answer:
    """Those that hold."""
    return {key: fact for key, fact in facts.items() if fact}


def _blockers(sids: Iterable[str], node: str) -> list[dict[str, str]]:
    """Those of the resources that HA looks after on the node."""
    there = (sid for sid in sids if ha.cares_for(sid) and ha.place_of(sid) == node)
    return [{"sid": sid, "cause": "resource-affinity"} for sid in there]


def _machine(vmid: int) -> str:
    from reference.guest.monitor import Monitor

    with Monitor(paths.qmp_socket(vmid)) as monitor:
        return process.running_machine(monitor)


def _storage(volume: str, known: Mapping[str, Storage]) -> Storage | None:
    """The storage of a volume id; a path, `none` and `cdrom` have none."""
    if not on_storage(volume):
        return None
    storeid = parse_volid(volume)[0]
    if storeid not in known:
        raise Failure(f"storage '{storeid}' does not exist")
    return known[storeid]


def _unavailable(config: GuestConfig, known: Mapping[str, Storage], node: str) -> list[str]:
    """Storages of the current drives that the node can't use (PRECOND-07)."""
    used = (_storage(drive.volume, known) for drive in drives(config.current).values())
    return sorted({storage.id for storage in used if storage and not storage.serves(node)})


def _local_disks(refs: Iterable[VolumeRef], known: Mapping[str, Storage]) -> Iterator[Answer]:
    """Every volume that other nodes do not have (PRECOND-08)."""
    for ref in refs:
        storage = _storage(ref.volume, known)
        if ref.shared or (storage and storage.shared) or (ref.cdrom and ref.volume == "none"):
            continue
        kinds = ("unused", "attached", "cloudinit", "vmstate", "tpmstate")
        yield {
            "volid": ref.volume,
            **_given({"size": ref.size}),
            **{name: int(getattr(ref, name)) for name in ("cdrom", "replicate", "shared")},
            **{f"is_{kind}": int(getattr(ref, kind)) for kind in kinds},
            "referenced_in_pending": int(ref.pending),
            "referenced_in_snapshot": dict.fromkeys(ref.snapshots, 1),
        }
