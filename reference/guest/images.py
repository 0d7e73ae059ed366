"""The images behind a guest's drives."""

import os
from collections.abc import Mapping

from reference import storage
from reference.cluster.storages import Storage
from reference.errors import Failure
from reference.guest.devices import Image
from reference.guest.drives import Drive, volume_format


def image_of(drive: Drive, storages: Mapping[str, Storage]) -> Image:
    """Path and format of a drive; Failure if this node does not have the volume."""
    if drive.volume == "cdrom":
        return Image("/dev/cdrom", "raw", False)
    if drive.volume.startswith("/"):
        path, fmt = drive.volume, drive.options.get("format", "raw")
        if not os.path.exists(path):
            raise Failure(f"{drive.key}: '{path}' does not exist")
    else:
        storage.volume_info(storages, drive.volume)
        path, fmt = storage.volume_path(storages, drive.volume), volume_format(drive.volume)
    return Image(path, fmt, _opens_direct(path, fmt))


def _opens_direct(path: str, fmt: str) -> bool:
    """Past the page cache; QEMU refuses to write a raw image whose last block is not whole."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECT))
    except OSError:
        return False
    return fmt != "raw" or os.stat(path).st_size % 4096 == 0
