"""Which bandwidth limit holds for a transfer (BW-03..07); pure, all values in KiB/s."""

from collections.abc import Sequence

from reference.cluster.sections import parse_property_string
from reference.errors import Failure

OPERATIONS = ("clone", "default", "migration", "move", "restore")


def bandwidth_limit(
    override: int | None,
    storage_limits: Sequence[str | None],
    datacenter: str | None,
) -> int | None:
    """The limit in KiB/s for a root caller: 0 is unlimited, None is nothing configured.

    Without storages, or as soon as one storage has no limit of its own, the datacenter's counts.
    """
    if override is not None:
        return override  # root holds every privilege that lets an override through (BW-05)
    limits = [configured_limit(text) for text in storage_limits]
    if not limits or None in limits:
        limits.append(configured_limit(datacenter))
    limit: int | None = None
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
        if key not in OPERATIONS or not value.isascii() or not value.isdigit():
            raise Failure(
                f"bwlimit '{text}': expected <operation>=<KiB/s> with operation one of "
                f"{', '.join(OPERATIONS)}, got '{key}={value}'"
            )
    found = limits.get("migration", limits.get("default"))
    return None if found is None else int(found)
