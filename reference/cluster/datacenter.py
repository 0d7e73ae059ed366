"""The cluster-wide options a migration falls back to (NET-01, NET-04, NET-05)."""

import re
from typing import NamedTuple

from reference.bandwidth import configured_limit
from reference.cluster import paths
from reference.cluster.sections import malformed, parse_property_string
from reference.errors import Failure
from reference.files import read_file

_MIGRATION = {
    "type": (r"secure|insecure", "migration type secure or insecure"),
    "network": (r"[0-9a-fA-F.:]+/[0-9]{1,3}", "a migration network like 10.1.2.0/24"),
}


class Datacenter(NamedTuple):
    """What datacenter.cfg says; None where it says nothing."""

    migration_type: str | None = None
    migration_network: str | None = None
    bwlimit: str | None = None


def load() -> Datacenter:
    """Read datacenter.cfg; a missing file is an empty one."""
    path = paths.datacenter_cfg()
    return parse(read_file(path), path)


def migration_ip(network: str | None) -> str | None:
    """This node's one address in the network, else the datacenter's; None without any (NET-09)."""
    from reference.cluster.membership import local_ip_within

    network = network or load().migration_network
    return local_ip_within(network) if network else None


def parse(text: str, origin: str) -> Datacenter:
    """Parse `<key>: <value>` lines; keys that do not concern a migration are passed over."""
    migration: dict[str, str] = {}
    bwlimit = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not re.fullmatch(r"[\w-]+", key):
            raise malformed(origin, number, "'<key>: <value>'", line.strip())
        try:
            if key == "bwlimit":
                configured_limit(value)
                bwlimit = value
            elif key == "migration":
                migration = _migration(value)
        except Failure as error:
            raise Failure(f"{origin}: line {number}: {error}") from None
    return Datacenter(migration.get("type"), migration.get("network"), bwlimit)


def _migration(text: str) -> dict[str, str]:
    fields = parse_property_string(text, "type")
    for key, value in fields.items():
        pattern, expected = _MIGRATION.get(key, ("(?!)", "migration properties type and network"))
        if not re.fullmatch(pattern, value):
            raise Failure(f"expected {expected}, got '{key}={value}'")
    return fields
