"""How fast volumes and RAM may go, and how long the guest may pause."""

from __future__ import annotations

from reference.api.permissions import allowed
from reference.bandwidth import Privileges, bandwidth_limit
from reference.migration.state import LocalVolume, Migration
from reference.storage.base import parse_volid

UNLIMITED = 16 * 1024**3  # bytes/s, set explicitly when nothing limits (BW-09)
LONGEST_DOWNTIME = 2_000_000  # ms (P2-33)


def volume_limit(migration: Migration, volume: LocalVolume) -> int | None:
    """The limit of one volume's copy in KiB/s, from both its storages (BW-02)."""
    return _limit(migration, parse_volid(volume.volid)[0], volume.target)


def _limit(migration: Migration, *storages: str) -> int | None:
    asked, caller = migration.request.bwlimit, migration.request.caller
    limits = {name: migration.storages[name].bwlimit for name in storages}
    allocate = "Datastore.Allocate"
    privileges = Privileges(
        allowed(caller, "/storage", allocate),
        frozenset(name for name in storages if allowed(caller, f"/storage/{name}", allocate)),
        allowed(caller, "/", "Sys.Modify"),
    )
    return bandwidth_limit(asked, limits, migration.datacenter_bwlimit, privileges)


def ram_limit(migration: Migration) -> int | None:
    """The limit of the RAM stream in bytes/s, None if nothing limits it (BW-09)."""
    limit = _limit(migration)
    speed = int(migration.config.current.get("migrate_speed", "0"))
    given = [value for value in ((limit or 0) * 1024, speed * 1024**2) if value]
    return min(given) if given else None


def downtime_ms(migration: Migration) -> int:
    """`migrate_downtime` as capped milliseconds (P2-33)."""
    return min(wanted_downtime_ms(migration), LONGEST_DOWNTIME)


def wanted_downtime_ms(migration: Migration) -> int:
    """`migrate_downtime` (seconds, a tenth by default) as milliseconds."""
    return int(float(migration.config.current.get("migrate_downtime", "0.1")) * 1000)


def xbzrle_cache_bytes(ram_mib: int) -> int:
    """The smallest power of two that is at least a tenth of the RAM (P2-34)."""
    tenth = ram_mib * 1024**2 // 10
    return 1 << max(tenth - 1, 0).bit_length()


def parameters(migration: Migration) -> dict[str, int]:
    """The three migration parameters, sent in one command (P2-35)."""
    return {
        "max-bandwidth": ram_limit(migration) or UNLIMITED,
        "downtime-limit": downtime_ms(migration),
        "xbzrle-cache-size": xbzrle_cache_bytes(migration.config.memory_mib),
    }
