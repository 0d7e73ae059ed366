"""How volume ids are written, what is known of a volume, which formats a storage type has."""

import re
from typing import NamedTuple

from reference.errors import Failure

_VOLID = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]):([^\s/:,=][^\s:,=]*)", re.ASCII)
# storage type -> formats of guest images, the default first
FORMATS = {
    "dir": ("raw", "qcow2", "vmdk"),
    **dict.fromkeys(("lvm", "lvmthin"), ("raw",)),
    **dict.fromkeys(("zfspool", "btrfs"), ("raw", "subvol")),
}
PATH_BASED = frozenset(["dir", "btrfs"])


class VolumeInfo(NamedTuple):
    """A volume as its storage sees it; size in bytes as the guest sees it."""

    volid: str
    size: int
    format: str
    vmid: int | None
    used_by_clones: bool
    content: str
    path: str
    parent: str | None  # the volume name of the base image of a linked clone


def parse_volid(volid: str) -> tuple[str, str]:
    """Split `<storage>:<volume>`; anything that could lead out of the storage is refused."""
    match = _VOLID.fullmatch(volid)
    if not match or any(part in ("", ".", "..") for part in match[2].split("/")):
        raise Failure(f"unable to parse volume ID '{volid}', expected '<storage>:<volume>'")
    return match[1], match[2]
