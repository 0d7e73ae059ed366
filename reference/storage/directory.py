"""The `dir` type: images/<vmid>/<name>.<format> and template/iso/* below one directory."""

import os
import re
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from reference.cluster import paths
from reference.cluster.storages import Storage
from reference.errors import Failure
from reference.locks import lock_file
from reference.storage import images, transfer
from reference.storage.base import FORMATS, VolumeInfo

_NAME = r"[^\s/:,=]+\.(?:raw|qcow2|vmdk)"
_VMID = r"[1-9][0-9]{2,8}"
_IMAGE = re.compile(rf"(?:({_VMID}/base-{_NAME})/)?({_VMID})/({_NAME})", re.ASCII)
_ISO = re.compile(r"iso/(?!\.\.?$)([^/\s]+)")
_BACKING = re.compile(rf"(?:.*/)?({_VMID}/base-{_NAME})", re.ASCII)


class Name(NamedTuple):
    """A volume name taken apart; parent is the base image's volume name."""

    content: str
    file: str
    format: str
    vmid: int | None = None
    parent: str | None = None


def parse_name(volname: str) -> Name:
    """`<vmid>/<file>`, `<basevmid>/<basefile>/<vmid>/<file>`, or `iso/<file>`."""
    if match := _IMAGE.fullmatch(volname):
        return Name("images", match[3], match[3].rpartition(".")[2], int(match[2]), match[1])
    if match := _ISO.fullmatch(volname):
        return Name("iso", match[1], "raw")
    raise Failure(f"unable to parse volume name '{volname}', expected '<vmid>/<name>.<format>'")


def free_name(taken: list[str], vmid: int, fmt: str) -> str:
    """The lowest unused disk number, whatever the format of the others (SYNC-20)."""
    disk = re.compile(rf"(?:vm|base)-{vmid}-disk-(\d+)")
    used = {int(match[1]) for match in map(disk.match, taken) if match}
    number = next(n for n in range(len(used) + 1) if n not in used)
    return f"vm-{vmid}-disk-{number}.{fmt}"


class DirectoryPlugin:
    """Volumes as plain files; never creates the storage's own directory. Sizes are bytes."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.root = storage.path or ""

    def activate(self) -> None:
        """Refuse to work on a storage that is not there."""
        if not os.path.isdir(self.root):
            raise Failure(f"storage '{self.storage.id}': expected a directory at '{self.root}'")

    def status(self) -> tuple[int, int, int]:
        """Total, used and available."""
        disk = os.statvfs(self.root)
        unit = disk.f_frsize
        return disk.f_blocks * unit, (disk.f_blocks - disk.f_bfree) * unit, disk.f_bavail * unit

    def path(self, volname: str) -> str:
        name = parse_name(volname)
        folder = f"images/{name.vmid}" if name.vmid else "template/iso"
        return f"{self.root}/{folder}/{name.file}"

    def info(self, volname: str) -> VolumeInfo:
        """What is known of an existing volume; for a base image all the others are looked at."""
        info = self._info(volname)
        return info._replace(used_by_clones=self._has_clones(info.path))

    def volumes(self, vmid: int | None) -> list[VolumeInfo]:
        """The images of one guest, or all images and ISO files."""
        found = self._images(vmid) if "images" in self.storage.content else []
        if vmid is None and "iso" in self.storage.content:
            files = filter(
                re.compile(r".+\.(iso|img)").fullmatch, _names(f"{self.root}/template/iso")
            )
            found += [self._info(f"iso/{file}") for file in files]
        return sorted(info._replace(used_by_clones=self._has_clones(info.path)) for info in found)

    def alloc(self, vmid: int, fmt: str, name: str | None, size: int) -> str:
        """Create a volume of at least `size`; its volume name."""
        if fmt not in FORMATS["dir"]:
            raise Failure(f"storage '{self.storage.id}' does not support format '{fmt}'")
        with lock_file(paths.storage_lock(self.storage.id)):
            volname = self._reserve(vmid, fmt, name)
            with transfer.undone_on_failure(lambda: self._remove(volname)):
                images.create(self.path(volname), fmt, transfer.align_up(size))
        return volname

    def free(self, volname: str) -> None:
        with lock_file(paths.storage_lock(self.storage.id)):
            path = self.path(volname)
            if not os.path.lexists(path):
                raise Failure(f"volume '{self.storage.id}:{volname}' does not exist")
            if self._has_clones(path):
                raise Failure(f"base volume '{volname}' is still in use by linked clones")
            self._remove(volname)

    def snapshot(self, volname: str, name: str, action: str) -> None:
        """Work on a snapshot inside the image; the actions are those of `qemu-img snapshot`."""
        images.qemu_img("snapshot", action, name, self._info(volname).path)

    def resize(self, volname: str, size: int) -> None:
        """Let an image nobody has open grow."""
        info = self._info(volname)
        images.qemu_img("resize", "-q", "-f", info.format, info.path, str(size))

    def make_base(self, volname: str) -> str:
        """Turn an image into one that others may be based on, never written again; its new name."""
        name, path = parse_name(volname), self.path(volname)
        new = f"{name.vmid}/{re.sub('^vm-', 'base-', name.file)}"
        if os.path.lexists(self.path(new)):
            raise Failure(f"volume '{self.storage.id}:{new}' already exists")
        os.rename(path, self.path(new))
        os.chmod(self.path(new), 0o444)
        return new

    def export_formats(
        self, volname: str, with_snapshots: bool,
        snapshot: str | None = None, base: str | None = None,
    ) -> list[str]:  # fmt: skip
        """Stream formats in order of preference (SYNC-11)."""
        return [] if snapshot else self.import_formats(volname, with_snapshots, base)

    def import_formats(
        self, volname: str, with_snapshots: bool, base: str | None = None
    ) -> list[str]:
        fmt = parse_name(volname).format
        if base or (with_snapshots and fmt == "raw"):
            return []
        return [f"{fmt}+size"] if with_snapshots else ["raw+size"]

    def export_to(self, out: int, volname: str, fmt: str) -> None:
        """Write the volume as a stream of the format."""
        if fmt == "qcow2+size" and self.storage.flag("snapshot-as-volume-chain"):
            raise Failure(f"can't export '{volname}': its snapshots are a chain of volumes")
        info = self._info(volname)
        as_is = fmt == f"{info.format}+size"
        with open(info.path, "rb") if as_is else _raw_view(info) as source:
            transfer.send(source.fileno(), out, info.size)

    def import_from(self, stream: int, volname: str, fmt: str, *, rename: bool) -> str:
        """Make a volume of a stream; its volume name (SYNC-19, SYNC-21, SYNC-23)."""
        wanted = parse_name(volname)
        if wanted.vmid is None or wanted.parent or fmt != f"{wanted.format}+size":
            raise Failure(
                f"can't import a stream of format '{fmt}' as '{volname}': "
                f"expected an image volume of the same format"
            )
        size = transfer.read_header(stream)
        with lock_file(paths.storage_lock(self.storage.id)):
            new = self._reserve(wanted.vmid, wanted.format, wanted.file, rename)
        with transfer.undone_on_failure(lambda: self._remove(new)):
            transfer.receive(stream, self.path(new), size if wanted.format == "raw" else None)
            if wanted.format != "raw":
                images.check(self.path(new), wanted.format, size)
        return new

    def _info(self, volname: str) -> VolumeInfo:
        name, path = parse_name(volname), self.path(volname)
        if not os.path.isfile(path):
            raise Failure(f"volume '{self.storage.id}:{volname}' does not exist")
        image = images.inspect(path, name.format)
        match = _BACKING.fullmatch(image.backing)
        return VolumeInfo(
            f"{self.storage.id}:{volname}", image.size, name.format, name.vmid, False,
            name.content, path, match[1] if match else name.parent,
        )  # fmt: skip

    def _images(self, vmid: int | None) -> list[VolumeInfo]:
        """Images under their full names; what is none or cannot be read is not listed."""
        found = []
        for owner in [vmid] if vmid else _names(f"{self.root}/images"):
            for file in _names(f"{self.root}/images/{owner}"):
                with suppress(Failure):
                    info = self._info(f"{owner}/{file}")
                    if info.parent:
                        full = f"{self.storage.id}:{info.parent}/{owner}/{file}"
                        info = info._replace(volid=full)
                    found.append(info)
        return found

    def _has_clones(self, path: str) -> bool:
        owner, file = path.split("/")[-2:]
        return file.startswith("base-") and any(
            other.parent == f"{owner}/{file}" for other in self._images(None)
        )

    def _reserve(self, vmid: int, fmt: str, name: str | None, rename: bool = False) -> str:
        """Create the empty file; O_EXCL keeps nodes sharing the directory apart as well."""
        folder = f"{self.root}/images/{vmid}"
        file = name or free_name(_names(folder), vmid, fmt)
        parsed = parse_name(f"{vmid}/{file}")
        if (parsed.file, parsed.format) != (file, fmt):
            raise Failure(f"illegal name '{file}', expected 'vm-{vmid}-<name>.{fmt}'")
        while True:
            os.makedirs(folder, exist_ok=True)
            try:
                os.close(os.open(f"{folder}/{file}", os.O_CREAT | os.O_EXCL, 0o640))
                return f"{vmid}/{file}"
            except FileExistsError:
                if name and not rename:
                    volid = f"{self.storage.id}:{vmid}/{file}"
                    raise Failure(f"volume '{volid}' already exists") from None
            file = free_name(_names(folder), vmid, fmt)

    def _remove(self, volname: str) -> None:
        path = self.path(volname)
        with suppress(FileNotFoundError):  # qemu-img removes by itself what it failed to create
            os.unlink(path)
        if parse_name(volname).vmid:
            with suppress(OSError):  # other volumes of the guest are left in it
                os.rmdir(os.path.dirname(path))


def _raw_view(info: VolumeInfo) -> BinaryIO:
    """The content in raw format, by way of a nameless sparse file beside the image."""
    import tempfile

    view = tempfile.TemporaryFile(dir=os.path.dirname(info.path))  # noqa: SIM115
    os.truncate(view.fileno(), info.size)
    target = f"/proc/{os.getpid()}/fd/{view.fileno()}"
    images.qemu_img("convert", "-n", "-f", info.format, "-O", "raw", info.path, target)
    return view


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
