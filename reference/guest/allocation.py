"""Volumes for the drives an administrator names: new ones are made, existing ones checked."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from reference import storage
from reference.cluster.storages import Storage, load_storages
from reference.errors import Failure
from reference.guest import drives
from reference.guest.drives import Drive, is_drive_key

_NEW = re.compile(r"([A-Za-z][\w.-]*):(\d+(?:\.\d+)?)")


@contextmanager
def allocation(vmid: int) -> Iterator[Callable[[str, str], str]]:
    """Yield what turns an option's value as given into that of the config, its volume there.

    An exception within the block frees again what was made.
    """
    storages, made = load_storages(), list[str]()

    def value(key: str, text: str) -> str:
        if not (is_drive_key(key) or key.startswith("unused")):
            return text
        drive = drives.parse_drive(key, text)
        if is_drive_key(key) and (new := _NEW.fullmatch(drive.volume)):
            drive = _new(storages, vmid, drive, new[1], new[2])
            made.append(drive.volume)
        else:
            drive = _existing(storages, vmid, drive)
        return drives.format_drive(drive)

    try:
        yield value
    except BaseException:
        for volid in made:
            try:
                storage.free_volume(storages, volid)
            except Failure as failure:
                print(f"WARN: can't free '{volid}' again - {failure}", file=sys.stderr)
        raise


def _new(storages: Mapping[str, Storage], vmid: int, drive: Drive, store: str, gib: str) -> Drive:
    size = drives.fixed_size(drive) or -(-int(float(gib) * (1 << 30)) // 1024) * 1024
    if size <= 0:
        raise Failure(f"{drive.key}: '{gib}' is not a size (expected GiB, more than 0)")
    options = {**drive.options, "size": drives.format_size(size)}
    volume = storage.alloc_volume(storages, store, vmid, options.pop("format", None), None, size)
    return Drive(drive.key, volume, options)


def _existing(storages: Mapping[str, Storage], vmid: int, drive: Drive) -> Drive:
    if drive.volume in ("none", "cdrom"):
        return drive
    if drive.volume.startswith("/"):
        if not os.path.exists(drive.volume):
            raise Failure(f"{drive.key}: '{drive.volume}' does not exist")
        return drive
    info = storage.volume_info(storages, drive.volume)
    if info.vmid not in (None, vmid):
        raise Failure(f"{drive.key}: '{drive.volume}' is owned by other VM {info.vmid}")
    if drive.cdrom or drive.key.startswith("unused"):
        return drive
    return drive._replace(options={**drive.options, "size": drives.format_size(info.size)})
