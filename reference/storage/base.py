"""What every storage type offers, and how volume ids and formats are written."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from reference.cluster.storages import Storage
from reference.errors import Failure

_VOLID = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]):([^\s/:,=][^\s:,=]*)", re.ASCII)
_RAW, _FILES = ("raw",), ("raw", "qcow2", "vmdk")
# storage type -> formats of guest images, the default first
FORMATS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("dir", "nfs", "cifs", "cephfs", "glusterfs"), _FILES),
    **dict.fromkeys(("lvm", "lvmthin", "rbd", "zfs", "iscsi", "iscsidirect", "drbd"), _RAW),
    **dict.fromkeys(("zfspool", "btrfs"), ("raw", "subvol")),
}
PATH_BASED = frozenset(["dir", "nfs", "cifs", "cephfs", "glusterfs", "btrfs"])


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


class Formats(Protocol):
    """Which stream formats a volume name has, in order of preference (SYNC-11)."""

    def __call__(
        self, volname: str, *, snapshot: str | None, base: str | None, with_snapshots: bool
    ) -> list[str]: ...


class Plugin(Protocol):
    """One storage; volume names are what follows the colon of a volume id, sizes are bytes."""

    storage: Storage

    @property
    def export_formats(self) -> Formats: ...
    @property
    def import_formats(self) -> Formats: ...

    def activate(self) -> None: ...  # refuses to work on a storage that is not there
    def status(self) -> tuple[int, int, int]: ...  # total, used, available
    def path(self, volname: str) -> str: ...
    def info(self, volname: str) -> VolumeInfo: ...
    def volumes(self, vmid: int | None, content: frozenset[str]) -> list[VolumeInfo]: ...
    def alloc(self, vmid: int, fmt: str, name: str | None, size: int) -> str: ...
    def free(self, volname: str) -> None: ...
    def export_to(self, out: int, volname: str, fmt: str) -> None: ...
    def import_from(self, stream: int, volname: str, fmt: str, *, rename: bool) -> str: ...
    def delete_snapshot(self, volname: str, snapshot: str) -> None: ...


def parse_volid(volid: str) -> tuple[str, str]:
    """Split `<storage>:<volume>`; anything that could lead out of the storage is refused."""
    match = _VOLID.fullmatch(volid)
    if not match or any(part in ("", ".", "..") for part in match[2].split("/")):
        raise Failure(f"unable to parse volume ID '{volid}', expected '<storage>:<volume>'")
    return match[1], match[2]


@contextmanager
def failing(action: str) -> Iterator[None]:
    """Errors of the operating system inside become a refusal of the action."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failure(f"{action}: {error.strerror or error}") from error
