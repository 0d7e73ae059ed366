"""Changing a guest config: at once, or pending while the guest runs; removed disks are kept."""

import re

from reference.errors import Failure
from reference.guest.config import GuestConfig
from reference.guest.drives import is_drive_key, parse_drive
from reference.guest.volumes import referenced_volumes

UNUSED_SLOTS = 256
_AT_ONCE = re.compile(
    r"description|hookscript|lock|migrate_downtime|migrate_speed|name|onboot|tags|unused\d+"
)


def apply(config: GuestConfig, changes: dict[str, str], removed: list[str], running: bool) -> None:
    """Set and remove options; those a running guest can't take up become pending."""
    waiting = [key for key in config.pending.pop("delete", "").split(",") if key]
    for key in [*changes, *removed]:
        config.pending.pop(key, None)
        waiting = [name for name in waiting if name != key]
        if not running or _AT_ONCE.fullmatch(key):
            _replace(config, key, changes.get(key))
        elif key in changes:
            config.pending[key] = changes[key]
        elif key in config.current:
            waiting.append(key)
    if waiting:
        config.pending["delete"] = ",".join(waiting)


def apply_pending(config: GuestConfig) -> bool:
    """Take up all pending changes, as the start of a stopped guest does; True if there were any."""
    pending, config.pending = config.pending, {}
    removed = [key for key in pending.pop("delete", "").split(",") if key]
    apply(config, pending, removed, running=False)
    return bool(pending or removed)


def _replace(config: GuestConfig, key: str, value: str | None) -> None:
    old = config.current.pop(key, None)
    if value is not None:
        config.current[key] = value
    if old is not None and is_drive_key(key):
        drive = parse_drive(key, old)
        if not drive.cdrom:
            keep_unused(config, drive.volume)


def keep_unused(config: GuestConfig, volume: str) -> None:
    """A volume that no drive has any more becomes an unused one."""
    still = referenced_volumes(config).get(volume)
    if ":" in volume and not (still and (still.attached or still.unused)):
        config.current[_free_slot(config)] = volume


def _free_slot(config: GuestConfig) -> str:
    for number in range(UNUSED_SLOTS):
        if f"unused{number}" not in config.current:
            return f"unused{number}"
    raise Failure(f"VM {config.vmid} has no free unused slot (expected fewer than {UNUSED_SLOTS})")
