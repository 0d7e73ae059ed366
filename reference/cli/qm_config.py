"""`qm create|set|config|unlock|destroy`."""

from __future__ import annotations

import os
import re
import sys

from reference.cli.options import guest_parser
from reference.cluster import membership, paths
from reference.errors import Failure, ParameterFailure
from reference.guest import process, schema
from reference.guest.changes import apply, apply_pending
from reference.guest.config import GuestConfig, load_config, load_unlocked, write_config
from reference.locks import guest_config_lock

CREATE_LOCK_TIMEOUT = 5.0


def _settable(key: str) -> bool:
    return schema.is_known(key) and key != "vmstate"


def _checked(values: dict[str, str]) -> dict[str, str]:
    """Every value as the schema wants it, else a 400; ids nobody gave are made up."""
    result = {key: _complete(key, value) for key, value in values.items()}
    for key, value in result.items():
        try:
            schema.check_value(key, value)
        except Failure as error:
            raise ParameterFailure(key, str(error).removeprefix(f"{key}: ")) from None
    return result


def _complete(key: str, value: str) -> str:
    if key == "vmgenid" and value == "1":
        return _new_uuid()
    if re.fullmatch(r"net\d+", key) and re.fullmatch(rf"({schema.NET_MODELS})(,.*)?", value):
        model, comma, rest = value.partition(",")
        mac = "BC:24:11:" + os.urandom(3).hex(":").upper()  # the prefix that Proxmox owns
        return f"{model}={mac}{comma}{rest}"
    return value


def _new_uuid() -> str:
    with open("/proc/sys/kernel/random/uuid", encoding="ascii") as file:
        return file.read().strip()


def create(arguments: list[str]) -> int:
    """Make a guest; whatever was allocated for it goes again if that fails."""
    options = guest_parser("create", known=_settable).parse_args(arguments)
    values = _checked(options.extra)
    membership.check_quorum()
    vmid = options.vmid
    with guest_config_lock(vmid, CREATE_LOCK_TIMEOUT):
        for node in membership.nodes():
            if os.path.exists(paths.guest_config(vmid, node)):
                raise Failure(f"unable to create VM {vmid} - it already exists on node '{node}'")
        identity = {"smbios1": f"uuid={_new_uuid()}", "vmgenid": _new_uuid()}
        _store(GuestConfig(vmid), {**identity, **values}, [])
    return 0


def _store(config: GuestConfig, values: dict[str, str], removed: list[str]) -> None:
    from reference.guest.allocation import allocation

    running = process.running_pid(config.vmid) is not None
    with allocation(config.vmid) as final:
        apply(config, {key: final(key, text) for key, text in values.items()}, removed, running)
        write_config(config)


def set_options(arguments: list[str]) -> int:
    """Change or delete options; a running guest's devices change at its next start."""
    parser = guest_parser("set", "skiplock", known=_settable)
    parser.option("delete", append=True)
    options = parser.parse_args(arguments)
    values = _checked(options.extra)
    removed = re.findall(r"[^,;\s]+", options.delete or "")
    for key in removed:
        if not _settable(key):
            raise ParameterFailure("delete", f"unknown option '{key}'")
        if key in values:
            raise ParameterFailure("delete", f"can't set and delete '{key}' at once")
    if not values and not removed:
        parser.error("no options specified")
    membership.check_quorum()
    with guest_config_lock(options.vmid):
        config = load_unlocked(options.vmid, options.skiplock)
        for key in removed:
            if key not in config.current and key not in config.pending:
                print(f"WARN: cannot delete '{key}' - it is not set", file=sys.stderr)
            if key.startswith("unused") and key in config.current:
                _free_unused(config, config.current[key])
        _store(config, values, removed)
    return 0


def _free_unused(config: GuestConfig, volume: str) -> None:
    """Free an unused entry's volume, if no other line has it."""
    from reference import storage
    from reference.cluster.storages import load_storages

    sections = [config.current, config.pending, *config.snapshots.values()]
    if sum(text.split(",")[0] == volume for part in sections for text in part.values()) == 1:
        storage.free_volume(load_storages(), volume)


def show(arguments: list[str]) -> int:
    """Print a guest's options as they will be at its next start, or as they are."""
    options = guest_parser("config", "current").parse_args(arguments)
    config = load_config(options.vmid)
    if not options.current:
        apply_pending(config)
    for key, value in sorted(config.current.items()):
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
    """Remove a stopped guest and every volume of its own that its config names."""
    options = guest_parser("destroy", "skiplock").parse_args(arguments)
    membership.check_quorum()
    with guest_config_lock(options.vmid):
        config = load_unlocked(options.vmid, options.skiplock)
        if process.running_pid(options.vmid) is not None:
            raise Failure(f"VM {options.vmid} is running - destroy failed")
        _free_volumes(config)
        os.unlink(paths.guest_config(options.vmid, membership.local_node()))
        process.cleanup_sockets(options.vmid)
    return 0


def _free_volumes(config: GuestConfig) -> None:
    """A volume that can't be freed is warned about and stays."""
    from reference import storage
    from reference.cluster.storages import load_storages
    from reference.guest.volumes import referenced_volumes

    storages = load_storages()
    for volid in referenced_volumes(config):
        if ":" not in volid:
            continue
        try:
            if storage.volume_info(storages, volid).vmid == config.vmid:
                storage.free_volume(storages, volid)
        except Failure as error:
            print(f"WARN: could not remove '{volid}' - {error}", file=sys.stderr)


COMMANDS = {
    "config": show,
    "create": create,
    "destroy": destroy,
    "set": set_options,
    "unlock": unlock,
}
