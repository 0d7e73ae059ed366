"""What a caller asks for, and the checks made before any task exists (API-05)."""

from __future__ import annotations

from typing import NamedTuple

from reference.cluster import membership, storages
from reference.errors import Failure, ParameterFailure
from reference.guest import config as configs
from reference.guest import process, volumes
from reference.idmap import IdMap, IdMapError, map_id, parse_idmap
from reference.replication.jobs import replication_of
from reference.storage.base import parse_volid


class Request(NamedTuple):
    """One migration as asked for; `bwlimit` in KiB/s (0 = unlimited)."""

    vmid: int
    target: str
    online: bool = False
    force: bool = False
    with_local_disks: bool = False
    targetstorage: str | None = None
    bwlimit: int | None = None
    migration_type: str | None = None
    migration_network: str | None = None

    def id_map(self) -> IdMap | None:
        try:
            return parse_idmap(self.targetstorage, "pve-storage-id")
        except IdMapError as error:
            raise ParameterFailure(
                "targetstorage", f"failed to parse storage map - {error}"
            ) from None


def content_of(volname: str) -> str:
    """The content type of a volume name: `iso` for CD images, else `images`."""
    return "iso" if volname.startswith("iso/") else "images"


def check(request: Request) -> Request:
    """Refuse in the order of API-05; returns the request with `online` made true to the guest."""
    local = membership.local_node()
    if request.target == local:
        raise ParameterFailure("target", f"target '{request.target}' is the local node.")
    membership.check_quorum()
    membership.node_ip(request.target)
    config = configs.load_config(request.vmid)
    configs.check_lock(config)
    running = process.running_pid(request.vmid) is not None
    if running and not request.online:
        raise Failure("can't migrate running VM without --online")
    if running:
        replication_of(request.vmid, request.target).check_live(request.force)
    _check_storages(request, config, local)
    return request._replace(online=running)


def _check_storages(request: Request, config: configs.GuestConfig, local: str) -> None:
    id_map = request.id_map()
    known = storages.load_storages()
    if id_map is None or id_map.identity:
        for ref in volumes.referenced_volumes(config).values():
            if ref.attached and ":" in ref.volume and not ref.volume.startswith("/"):
                storeid, volname = parse_volid(ref.volume)
                for node in (local, request.target):
                    storages.check_storage(known, storeid, node, content_of(volname))
        return
    default = [id_map.default] if id_map.default else []
    for storeid in [*id_map.entries.values(), *default]:
        storages.check_storage(known, storeid, request.target, "images")


def target_storage(id_map: IdMap | None, known: dict[str, storages.Storage], storeid: str) -> str:
    """The storage a volume goes to: shared ones keep their id (IDMAP-17)."""
    return storeid if known[storeid].shared else map_id(id_map, storeid)
