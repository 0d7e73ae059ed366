"""Which bandwidth limit holds for a transfer (BW-03..07); pure, all values in KiB/s."""

from collections.abc import Sequence

from reference.cluster.sections import parse_property_string
from reference.errors import Failure

OPERATIONS = ("clone", "default", "migration", "move", "restore")


def bandwidth_limit(
    override: int | None,
    storage_limits: Sequence[str | None],
    datacenter: str | None,
    operation: str = "migration",
) -> int | None:
    """The limit in KiB/s for a root caller: 0 is unlimited, None is nothing configured.

    Without storages, or as soon as one storage has no limit of its own, the datacenter's counts.
    """
    if override is not None:
        return override  # root holds every privilege that lets an override through (BW-05)
    limit: int | None = None
    ask_datacenter = not storage_limits
    for text in storage_limits:
        own = configured_limit(text, operation)
        ask_datacenter = ask_datacenter or own is None
        limit = _tighter(limit, own)
    return _tighter(limit, configured_limit(datacenter, operation)) if ask_datacenter else limit


def configured_limit(text: str | None, operation: str) -> int | None:
    """The value a `bwlimit` string holds for the operation, else its default (BW-03)."""
    if text is None:
        return None
    limits = parse_property_string(text)
    for key, value in limits.items():
        if key not in OPERATIONS or not value.isascii() or not value.isdigit():
            raise Failure(
                f"bwlimit '{text}': expected <operation>=<KiB/s> with operation one of "
                f"{', '.join(OPERATIONS)}, got '{key}={value}'"
            )
    found = limits.get(operation, limits.get("default"))
    return None if found is None else int(found)


def _tighter(current: int | None, found: int | None) -> int | None:
    """A found value replaces none, an unlimited one, or a larger one."""
    if found is None:
        return current
    return found if not current or found < current else current
