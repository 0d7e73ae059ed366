"""What a caller asks for."""

from __future__ import annotations

from typing import NamedTuple

from reference.caller import CLI, Caller
from reference.cluster.storages import Storage
from reference.errors import ParameterFailure
from reference.idmap import IdMap, IdMapError, map_id, parse_idmap


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
    caller: Caller = CLI

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


def target_storage(id_map: IdMap | None, known: dict[str, Storage], storeid: str) -> str:
    """The storage a volume goes to: shared ones keep their id (IDMAP-17)."""
    return storeid if known[storeid].shared else map_id(id_map, storeid)
