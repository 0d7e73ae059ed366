"""Volumes by id: the storage is checked, its plugin does the work."""

from collections.abc import Mapping

from reference.cluster.membership import local_node
from reference.cluster.storages import Storage, check_storage
from reference.errors import Failure
from reference.storage.base import FORMATS, VolumeInfo, parse_volid
from reference.storage.directory import DirectoryPlugin


def plugin(storage: Storage) -> DirectoryPlugin:
    """What can be done with a storage of this type."""
    if storage.type != "dir":
        raise Failure(f"storage type '{storage.type}' of storage '{storage.id}' is not supported")
    return DirectoryPlugin(storage)


def usable(
    storages: Mapping[str, Storage], storeid: str, content: str | None = None
) -> DirectoryPlugin:
    """The plugin of a storage that is defined, enabled, meant for this node, and there."""
    found = plugin(check_storage(storages, storeid, local_node(), content))
    found.activate()
    return found


def volume_path(storages: Mapping[str, Storage], volid: str) -> str:
    """The absolute path; the volume need not exist."""
    storeid, volname = parse_volid(volid)
    if storeid not in storages:
        raise Failure(f"storage '{storeid}' does not exist")
    return plugin(storages[storeid]).path(volname)


def volume_info(storages: Mapping[str, Storage], volid: str) -> VolumeInfo:
    """Size, format and owner of an existing volume (SCAN-08)."""
    storeid, volname = parse_volid(volid)
    return usable(storages, storeid).info(volname)


def alloc_volume(
    storages: Mapping[str, Storage], storeid: str, vmid: int,
    fmt: str | None, name: str | None, size: int,
) -> str:  # fmt: skip
    """Allocate a volume of `size` bytes; without a name the lowest free disk number."""
    found = usable(storages, storeid, "images")
    if size <= 0:
        raise Failure(f"illegal volume size '{size}', expected more than 0 bytes")
    extension = name.rpartition(".")[2] if name else ""
    named = extension if extension in allowed_formats(found.storage) else None
    chosen = fmt or named or default_format(found.storage)
    return f"{storeid}:{found.alloc(vmid, chosen, name, size)}"


def free_volume(storages: Mapping[str, Storage], volid: str) -> None:
    """Delete a volume that exists and is not the base of linked clones."""
    storeid, volname = parse_volid(volid)
    usable(storages, storeid).free(volname)


def snapshot_volume(storages: Mapping[str, Storage], volid: str, name: str, action: str) -> None:
    """Make (`-c`), go back to (`-a`) or delete (`-d`) a snapshot of a volume nobody has open."""
    storeid, volname = parse_volid(volid)
    usable(storages, storeid).snapshot(volname, name, action)


def resize_volume(storages: Mapping[str, Storage], volid: str, size: int) -> None:
    """Let a volume nobody has open grow to `size` bytes."""
    storeid, volname = parse_volid(volid)
    usable(storages, storeid).resize(volname, size)


def make_base(storages: Mapping[str, Storage], volid: str) -> str:
    """Turn a volume nobody has open into a base image; its new id."""
    storeid, volname = parse_volid(volid)
    return f"{storeid}:{usable(storages, storeid).make_base(volname)}"


def list_volumes(
    storages: Mapping[str, Storage], storeid: str, vmid: int | None = None
) -> list[VolumeInfo]:
    """The volumes of a storage, or the images of one guest on it, in volume-id order."""
    return usable(storages, storeid).volumes(vmid)


def default_format(storage: Storage) -> str:
    """The format of new volumes nobody named one for."""
    return storage.options.get("format", FORMATS.get(storage.type, ("raw",))[0])


def allowed_formats(storage: Storage) -> tuple[str, ...]:
    """The formats a guest image may have there."""
    return FORMATS.get(storage.type, ())
