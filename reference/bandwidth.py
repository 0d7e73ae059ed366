"""Which bandwidth limit holds for a transfer (BW-03..07); pure, all values in KiB/s."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from reference.cluster.sections import parse_property_string
from reference.errors import Failure

OPERATIONS = ("clone", "default", "migration", "move", "restore")


class Privileges(NamedTuple):
    """The limits that the caller may change, and so override: all, unless said otherwise."""

    all_storages: bool = True  # Datastore.Allocate on /storage
    storages: frozenset[str] = frozenset()  # ids with Datastore.Allocate on /storage/<id>
    datacenter: bool = True  # Sys.Modify on /


ROOT = Privileges()


def bandwidth_limit(
    override: int | None,
    storages: Mapping[str, str | None],
    datacenter: str | None,
    privileges: Privileges = ROOT,
) -> int | None:
    """The limit for a transfer between these storages, each with its own limits, in this order.

    0 is unlimited, None is nothing configured. Without storages, or as soon as one that counts has
    no limit, the datacenter's counts too. Without an override no privilege matters (BW-06).
    """
    if override is not None and storages and privileges.all_storages:
        return override
    skipped = privileges.storages if override is not None else frozenset()
    limits = [configured_limit(text) for name, text in storages.items() if name not in skipped]
    if (not storages or None in limits) and not (override is not None and privileges.datacenter):
        limits.append(configured_limit(datacenter))
    limit = override
    for found in limits:
        if found is not None and (not limit or found < limit):
            limit = found  # it replaces none, an unlimited one, or a larger one
    return limit


def configured_limit(text: str | None) -> int | None:
    """The value a `bwlimit` string holds for migrations, else its default (BW-03)."""
    if text is None:
        return None
    limits = parse_property_string(text)
    for key, value in limits.items():
        if key not in OPERATIONS or not re.fullmatch(r"[0-9]{1,15}", value):
            raise Failure(
                f"bwlimit '{text}': expected <operation>=<KiB/s> with operation one of "
                f"{', '.join(OPERATIONS)}, got '{key}={value}'"
            )
    found = limits.get("migration", limits.get("default"))
    return None if found is None else int(found)
