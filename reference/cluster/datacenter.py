"""The cluster-wide options a migration falls back to (NET-01, NET-04, NET-05)."""

import re
from typing import NamedTuple

from reference.bandwidth import configured_limit
from reference.cluster import paths
from reference.cluster.sections import malformed, parse_property_string
from reference.errors import Failure

_CIDR = re.compile(r"[0-9a-fA-F.:]+/([0-9]{1,3})")


class Datacenter(NamedTuple):
    """What datacenter.cfg says; None where it says nothing."""

    migration_type: str | None = None
    migration_network: str | None = None
    bwlimit: str | None = None


def load() -> Datacenter:
    """Read datacenter.cfg; a missing file is an empty one."""
    path = paths.datacenter_cfg()
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return parse(file.read(), path)
    except FileNotFoundError:
        return Datacenter()


def parse(text: str, origin: str) -> Datacenter:
    """Parse `<key>: <value>` lines; keys that do not concern a migration are passed over."""
    result = Datacenter()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not re.fullmatch(r"[\w-]+", key):
            raise malformed(origin, number, "'<key>: <value>'", line.strip())
        try:
            if key == "bwlimit":
                configured_limit(value, "migration")
                result = result._replace(bwlimit=value)
            elif key == "migration":
                result = _migration(value, result)
        except Failure as error:
            raise Failure(f"{origin}: line {number}: {error}") from None
    return result


def _migration(value: str, result: Datacenter) -> Datacenter:
    fields = parse_property_string(value, "type")
    kind, network = fields.get("type"), fields.get("network")
    if unknown := fields.keys() - {"type", "network"}:
        raise Failure(f"expected migration properties type and network, got '{min(unknown)}'")
    if kind not in (None, "secure", "insecure"):
        raise Failure(f"expected migration type secure or insecure, got '{kind}'")
    if network is not None and not _CIDR.fullmatch(network):
        raise Failure(f"expected a migration network like 10.1.2.0/24, got '{network}'")
    return result._replace(migration_type=kind, migration_network=network)
