"""`qm create|set|config|unlock|destroy`."""

from __future__ import annotations

import os
import re
from types import SimpleNamespace

from reference.cli.options import UsageError
from reference.cluster import membership, paths
from reference.errors import Failure, ParameterFailure
from reference.guest import process, schema
from reference.guest.changes import apply, apply_pending
from reference.guest.config import GuestConfig, load_config, load_unlocked, write_config
from reference.guest.drives import (
    Drive,
    format_drive,
    format_size,
    is_drive_key,
    on_storage,
    parse_drive,
    true,
)
from reference.locks import guest_config_lock
from reference.notice import warn

CREATE_LOCK_TIMEOUT = 5.0
_NEW_VOLUME = re.compile(r"([^:]+):(\d+(?:\.\d+)?)")


def _complete(key: str, value: str) -> str:
    """The value with ids made up that nobody gave."""
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


def create(options: SimpleNamespace) -> None:
    """Make a guest from options; its volumes are there, or made: `--scsi0 <storage>:<GiB>`."""
    membership.check_quorum()
    vmid = options.vmid
    with guest_config_lock(vmid, CREATE_LOCK_TIMEOUT):
        for node in membership.nodes():
            if os.path.exists(paths.guest_config(vmid, node)):
                raise Failure(f"unable to create VM {vmid} - it already exists on node '{node}'")
        identity = {"smbios1": f"uuid={_new_uuid()}", "vmgenid": _new_uuid()}
        _store(GuestConfig(vmid), {**identity, **options.extra}, [])


def _store(config: GuestConfig, values: dict[str, str], removed: list[str]) -> None:
    """Write the changed config; what was allocated for it is freed again if that fails."""
    made: list[str] = []
    try:
        for key, text in values.items():
            values[key] = _complete(key, text)
            if is_drive_key(key) or key.startswith("unused"):
                drive = _allocated(config.vmid, parse_drive(key, text), made)
                values[key] = _with_size(config.vmid, drive)
        apply(config, values, removed, process.running_pid(config.vmid) is not None)
        write_config(config)
    except BaseException:
        for volid in made:
            _free(volid)
        raise


def _allocated(vmid: int, drive: Drive, made: list[str]) -> Drive:
    """`<storage>:<GiB>` asks for a new volume; any other drive is returned as it is."""
    from reference import storage
    from reference.cluster.storages import load_storages

    match = _NEW_VOLUME.fullmatch(drive.volume)
    if not match or drive.cdrom:
        return drive
    size, fmt = int(float(match[2]) * (1 << 30)), drive.options.get("format")
    made.append(storage.alloc_volume(load_storages(), match[1], vmid, fmt, None, size))
    return drive._replace(volume=made[-1])


def _free(volid: str) -> None:
    from reference import storage
    from reference.cluster.storages import load_storages

    storage.free_volume(load_storages(), volid)


def _with_size(vmid: int, drive: Drive) -> str:
    from reference import storage
    from reference.cluster.storages import load_storages

    if drive.volume.startswith("/") and not os.path.exists(drive.volume):
        raise Failure(f"{drive.key}: '{drive.volume}' does not exist")
    if on_storage(drive.volume):
        info = storage.volume_info(load_storages(), drive.volume)
        if info.vmid not in (None, vmid):
            raise Failure(f"{drive.key}: '{drive.volume}' is owned by other VM {info.vmid}")
        if not drive.cdrom and is_drive_key(drive.key):
            drive = drive._replace(options={**drive.options, "size": format_size(info.size)})
    return format_drive(drive)


def set_options(options: SimpleNamespace) -> None:
    """Change or delete options; a running guest's devices change at its next start."""
    values = options.extra
    removed = re.findall(r"[^,;\s]+", options.delete or "")
    for key in removed:
        if not schema.is_known(key) or key == "vmstate":
            raise ParameterFailure("delete", f"unknown option '{key}'")
        if key in values:
            raise ParameterFailure("delete", f"can't set and delete '{key}' at once")
    if not values and not removed:
        raise UsageError("no options specified")
    membership.check_quorum()
    with guest_config_lock(options.vmid):
        config = load_unlocked(options.vmid, options.skiplock)
        for key in removed:
            if key not in config.current and key not in config.pending:
                warn(f"cannot delete '{key}' - it is not set")
            if key.startswith("unused") and key in config.current:
                _free_unused(config, config.current[key])
        _store(config, values, removed)


def _free_unused(config: GuestConfig, volume: str) -> None:
    """Free an unused entry's volume, if no other line has it."""
    sections = [config.current, config.pending, *config.snapshots.values()]
    if sum(text.split(",")[0] == volume for part in sections for text in part.values()) == 1:
        _free(volume)


def show(options: SimpleNamespace) -> None:
    """Print a guest's options as they will be at its next start."""
    config = load_config(options.vmid)
    if not options.current:
        apply_pending(config)
    for key, value in sorted(config.current.items()):
        print(f"{key}: {value}".replace("\n", "%0A"))


def unlock(options: SimpleNamespace) -> None:
    """Remove the lock property, pending or not; no lock is no error (CLI-17)."""
    with guest_config_lock(options.vmid):
        config = load_config(options.vmid)
        config.current.pop("lock", None)
        config.pending.pop("lock", None)
        write_config(config)


def destroy(options: SimpleNamespace) -> None:
    """Remove a stopped guest and every volume of its own that its config names."""
    membership.check_quorum()
    with guest_config_lock(options.vmid):
        config = load_unlocked(options.vmid, options.skiplock)
        if true(config.current.get("protection", "0")):
            raise Failure(f"can't remove VM {options.vmid} - protection mode enabled")
        if process.running_pid(options.vmid) is not None:
            raise Failure(f"VM {options.vmid} is running - destroy failed")
        _free_volumes(config)
        os.unlink(paths.guest_config(options.vmid, membership.local_node()))
        process.cleanup_sockets(options.vmid)


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
            warn(f"could not remove '{volid}' - {error}")
