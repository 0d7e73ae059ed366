"""`qm create|set|config|unlock|destroy`."""

from __future__ import annotations

import os
import re
import sys

from reference.cli.options import guest_parser
from reference.cluster import membership, paths
from reference.errors import Failure, ParameterFailure
from reference.guest import process, schema
from reference.guest.changes import apply
from reference.guest.config import GuestConfig, check_lock, flag, load_config, write_config
from reference.guest.drives import is_drive_key
from reference.locks import guest_config_lock

_INTERNAL = frozenset(["delete", "digest", "parent", "runningcpu", "runningmachine", "snapstate", "snaptime", "vmstate"])  # fmt: skip  # noqa: E501
CREATE_LOCK_TIMEOUT = 5.0


def _settable(key: str) -> bool:
    return schema.is_known(key) and key not in _INTERNAL


def _checked(values: dict[str, str]) -> dict[str, str]:
    """Every value as the schema wants it, else a 400; ids nobody gave are made up."""
    result = {}
    for key, value in values.items():
        text = _complete(key, value)
        try:
            schema.check_value(key, text)
        except Failure as error:
            raise ParameterFailure(key, str(error).removeprefix(f"{key}: ")) from None
        result[key] = text
    return result


def _complete(key: str, value: str) -> str:
    if key == "vmgenid" and value == "1":
        return new_uuid()
    if re.fullmatch(r"net\d+", key) and re.fullmatch(rf"({schema.NET_MODELS})(,.*)?", value):
        model, comma, rest = value.partition(",")
        return f"{model}={new_mac()}{comma}{rest}"
    if key == "description":
        return re.sub(r"[\x00-\x09\x0b-\x1f%\x7f-\U0010ffff]", _encode, value)
    return value


def _encode(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode(errors="surrogateescape"))


def new_uuid() -> str:
    """A random UUID from the kernel."""
    with open("/proc/sys/kernel/random/uuid", encoding="ascii") as file:
        return file.read().strip()


def new_mac() -> str:
    """A random address within the prefix Proxmox owns."""
    return "BC:24:11:" + ":".join(f"{byte:02X}" for byte in os.urandom(3))


def create(arguments: list[str]) -> int:
    """Make a guest; whatever was allocated for it goes again if that fails."""
    options = guest_parser("create", known=_settable).parse_args(arguments)
    values = _checked(options.extra)
    membership.check_quorum()
    with guest_config_lock(options.vmid, CREATE_LOCK_TIMEOUT):
        _check_unused(options.vmid)
        identity = {"smbios1": f"uuid={new_uuid()}", "vmgenid": new_uuid()}
        _store(GuestConfig(options.vmid), {**identity, **values}, [], running=False)
    return 0


def _check_unused(guest: int) -> None:
    for node in membership.nodes():
        if os.path.exists(paths.guest_config(guest, node)):
            raise Failure(
                f"unable to create VM {guest} - VM {guest} already exists on node '{node}'"
            )


def _store(
    config: GuestConfig, values: dict[str, str], removed: list[str], *, running: bool
) -> None:
    from reference.cluster.storages import load_storages
    from reference.guest.allocation import Allocation

    with Allocation(config.vmid, load_storages()) as allocation:
        apply(config, {k: allocation.value(k, v) for k, v in values.items()}, removed, running)
        write_config(config)


def set_options(arguments: list[str]) -> int:
    """Change or delete options; a running guest's devices change at its next start."""
    parser = guest_parser("set", "skiplock", "force", known=_settable)
    parser.option("delete", append=True)
    options = parser.parse_args(arguments)
    values = _checked(options.extra)
    removed = re.findall(r"[^,;\s]+", options.delete or "")
    _check_removed(removed, values)
    if not values and not removed:
        parser.error("no options specified")
    membership.check_quorum()
    with guest_config_lock(options.vmid):
        config = load_config(options.vmid)
        if not options.skiplock:
            check_lock(config)
        for key in removed:
            _remove(config, key)
        running = process.running_pid(options.vmid) is not None
        _store(config, values, removed, running=running)
    return 0


def _check_removed(removed: list[str], values: dict[str, str]) -> None:
    for key in removed:
        if not _settable(key):
            raise ParameterFailure("delete", f"unknown option '{key}'")
        if key in values:
            raise ParameterFailure("delete", f"can't set and delete '{key}' at once")


def _remove(config: GuestConfig, key: str) -> None:
    """What a deletion does beyond the config: an unused volume is freed."""
    if key not in config.current and key not in config.pending:
        print(f"WARN: cannot delete '{key}' - not set in current configuration!", file=sys.stderr)
    protected = flag(config.current.get("protection", "0"))
    if protected and (is_drive_key(key) or key.startswith("unused")):
        raise Failure(f"can't remove '{key}' of VM {config.vmid} - protection mode enabled")
    if key.startswith("unused") and key in config.current:
        from reference import storage
        from reference.cluster.storages import load_storages

        if _references(config, config.current[key]) == 1:
            storage.free_volume(load_storages(), config.current[key])


def _references(config: GuestConfig, volume: str) -> int:
    sections = [config.current, config.pending, *config.snapshots.values()]
    return sum(text.split(",")[0] == volume for section in sections for text in section.values())


def show(arguments: list[str]) -> int:
    """Print a guest's options as they will be at its next start, or those of a snapshot."""
    parser = guest_parser("config", "current")
    parser.option("snapshot")
    options = parser.parse_args(arguments)
    config = load_config(options.vmid)
    section = config.current
    if options.snapshot:
        if options.snapshot not in config.snapshots:
            raise Failure(f"snapshot '{options.snapshot}' does not exist")
        section = config.snapshots[options.snapshot]
    elif not options.current:
        from reference.guest.changes import apply_pending

        apply_pending(config)
    for key, value in sorted(section.items()):
        print(f"{key}: {value}".replace("\n", "%0A"))
    return 0


def unlock(arguments: list[str]) -> int:
    """Remove the lock property, pending or not; no lock is no error (CLI-17)."""
    options = guest_parser("unlock").parse_args(arguments)
    with guest_config_lock(options.vmid):
        config = load_config(options.vmid)
        config.current.pop("lock", None)
        config.pending.pop("lock", None)
        write_config(config)
    return 0


def destroy(arguments: list[str]) -> int:
    """Remove a stopped guest and every volume it refers to or owns on this node."""
    parser = guest_parser("destroy", "skiplock", "purge", "destroy-unreferenced-disks")
    options = parser.parse_args(arguments)
    membership.check_quorum()
    with guest_config_lock(options.vmid):
        config = load_config(options.vmid)
        if not options.skiplock:
            check_lock(config)
        if flag(config.current.get("protection", "0")):
            raise Failure(f"can't remove VM {options.vmid} - protection mode enabled")
        if process.running_pid(options.vmid) is not None:
            raise Failure(f"VM {options.vmid} is running - destroy failed")
        _free_volumes(config)
        os.unlink(paths.guest_config(options.vmid, membership.local_node()))
        process.cleanup_sockets(options.vmid)
    return 0


def _free_volumes(config: GuestConfig) -> None:
    """A volume that can't be freed is warned about and stays."""
    from reference import storage
    from reference.cluster.storages import check_storage, load_storages
    from reference.guest.volumes import referenced_volumes

    known, node = load_storages(), membership.local_node()
    owned = {volume for volume in referenced_volumes(config) if ":" in volume}
    for storeid in sorted(known):
        try:
            check_storage(known, storeid, node, "images")
            owned |= {info.volid for info in storage.list_volumes(known, storeid, config.vmid)}
        except Failure:
            continue  # nothing of the guest can be reached there
    for volid in sorted(owned):
        try:
            if storage.volume_info(known, volid).vmid == config.vmid:
                storage.free_volume(known, volid)
        except Failure as error:
            print(f"WARN: could not remove '{volid}' - {error}", file=sys.stderr)


COMMANDS = {
    "config": show,
    "create": create,
    "destroy": destroy,
    "set": set_options,
    "unlock": unlock,
}
