"""The `dir` type: images/<vmid>/<name>.<format> and template/iso/* below one directory."""

import os
import re
from contextlib import suppress
from typing import NamedTuple

from reference.cluster import paths
from reference.cluster.storages import Storage
from reference.errors import Failure
from reference.locks import lock_file
from reference.storage import images, transfer
from reference.storage.base import FORMATS, VolumeInfo, failing

_NAME = r"[^\s/:,=]+\.(?:raw|qcow2|vmdk)"
_VMID = r"[1-9][0-9]{2,8}"
_IMAGE = re.compile(rf"(?:({_VMID}/base-{_NAME})/)?({_VMID})/({_NAME})", re.ASCII)
_FILE = re.compile(r"(iso|vztmpl|snippets)/([^/\s]+)")
_BACKING = re.compile(rf"(?:.*/)?({_VMID}/base-{_NAME})", re.ASCII)
_DISK = re.compile(r"(?:vm|base|subvol|basevol)-(\d+)-disk-(\d+)")
_FOLDERS = {"iso": "template/iso", "vztmpl": "template/cache", "snippets": "snippets"}


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
    if (match := _FILE.fullmatch(volname)) and match[2] not in (".", ".."):
        return Name(match[1], match[2], "raw")
    raise Failure(f"unable to parse volume name '{volname}', expected '<vmid>/<name>.<format>'")


def free_name(taken: list[str], vmid: int, fmt: str) -> str:
    """The lowest unused disk number, whatever the format of the others (SYNC-20)."""
    matches = filter(None, map(_DISK.match, taken))
    used = {int(match[2]) for match in matches if int(match[1]) == vmid}
    number = next(n for n in range(len(used) + 1) if n not in used)
    return f"vm-{vmid}-disk-{number}.{fmt}"


class DirectoryPlugin:
    """Volumes as plain files; never creates the storage's own directory."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.root = storage.path or ""

    def activate(self) -> None:
        wants_mount = self.storage.options.get("is_mountpoint", "no").lower() not in ("no", "0")
        if not os.path.isdir(self.root):
            raise Failure(f"storage '{self.storage.id}': expected a directory at '{self.root}'")
        if wants_mount and not os.path.ismount(self.root):
            raise Failure(f"storage '{self.storage.id}': '{self.root}' is not mounted")

    def status(self) -> tuple[int, int, int]:
        disk = os.statvfs(self.root)
        unit = disk.f_frsize
        return disk.f_blocks * unit, (disk.f_blocks - disk.f_bfree) * unit, disk.f_bavail * unit

    def path(self, volname: str) -> str:
        name = parse_name(volname)
        if name.vmid is not None:
            return f"{self._folder(name.vmid)}/{name.file}"
        return f"{self.root}/{_FOLDERS[name.content]}/{name.file}"

    def info(self, volname: str) -> VolumeInfo:
        info = self._info(volname)
        name = parse_name(volname)
        if name.vmid and name.file.startswith("base-"):
            base = f"{name.vmid}/{name.file}"
            every = self.volumes(None, frozenset(["images"]))
            return info._replace(used_by_clones=any(other.parent == base for other in every))
        return info

    def volumes(self, vmid: int | None, content: frozenset[str]) -> list[VolumeInfo]:
        found = [self._listed(f"{owner}/{file}") for owner, file in self._files(vmid)]
        images_ = [info for info in found if info] if "images" in content else []
        used = {info.parent for info in images_}
        result = [info._replace(used_by_clones=_volname(info) in used) for info in images_]
        for kind in sorted(content & _FOLDERS.keys()) if vmid is None else ():
            result += [self._info(f"{kind}/{file}") for file in self._content(kind)]
        return sorted(result)

    def alloc(self, vmid: int, fmt: str, name: str | None, size: int) -> str:
        with lock_file(paths.storage_lock(self.storage.id)):
            volname = self._reserve(vmid, fmt, name)
            with transfer.undone_on_failure(lambda: self._remove(volname)):
                images.create(self.path(volname), fmt, transfer.align_up(size))
        return volname

    def free(self, volname: str) -> None:
        with lock_file(paths.storage_lock(self.storage.id)):
            if not os.path.lexists(self.path(volname)):
                raise Failure(f"volume '{self.storage.id}:{volname}' does not exist")
            if parse_name(volname).file.startswith("base-") and self.info(volname).used_by_clones:
                raise Failure(f"base volume '{volname}' is still in use by linked clones")
            self._remove(volname)

    def export_formats(
        self, volname: str, *, snapshot: str | None, base: str | None, with_snapshots: bool
    ) -> list[str]:
        if snapshot is not None:
            return []
        return self.import_formats(volname, snapshot=None, base=base, with_snapshots=with_snapshots)

    def import_formats(
        self, volname: str, *, snapshot: str | None, base: str | None, with_snapshots: bool
    ) -> list[str]:
        if base is not None:
            return []
        fmt = parse_name(volname).format
        if with_snapshots:
            return [] if fmt == "raw" else [f"{fmt}+size"]
        return ["raw+size"]

    def export_to(self, out: int, volname: str, fmt: str) -> None:
        chain = self.storage.flag("snapshot-as-volume-chain")
        if chain and fmt == "qcow2+size":
            raise Failure(f"can't export '{volname}': its snapshots are a chain of volumes")
        info = self.info(volname)
        with failing(f"unable to read '{info.path}'"):
            if fmt == "raw+size" and info.format != "raw":
                self._export_converted(out, info)
                return
            source = os.open(info.path, os.O_RDONLY)
            try:
                transfer.send(source, out, info.size)
            finally:
                os.close(source)

    def import_from(self, stream: int, volname: str, fmt: str, *, rename: bool) -> str:
        wanted = parse_name(volname)
        if wanted.vmid is None or wanted.parent or fmt != f"{wanted.format}+size":
            raise Failure(
                f"can't import a stream of format '{fmt}' as '{volname}': "
                f"expected an image volume of the same format"
            )
        size = transfer.read_header(stream)
        with lock_file(paths.storage_lock(self.storage.id)):
            new = self._reserve(wanted.vmid, wanted.format, wanted.file, rename=rename)
        with transfer.undone_on_failure(lambda: self._remove(new)):
            path = self.path(new)
            with failing(f"writing to '{path}' failed"):
                transfer.receive(stream, path, size if wanted.format == "raw" else None)
            if wanted.format != "raw":
                images.check(path, wanted.format, size)
        return new

    def delete_snapshot(self, volname: str, snapshot: str) -> None:
        if parse_name(volname).format != "qcow2":
            raise Failure(f"can't delete snapshot '{snapshot}': '{volname}' has no snapshots")
        images.qemu_img("snapshot", "-d", snapshot, self.path(volname))

    def _folder(self, vmid: int) -> str:
        return f"{self.root}/images/{vmid}"

    def _info(self, volname: str) -> VolumeInfo:
        name, path = parse_name(volname), self.path(volname)
        if not os.path.isfile(path):
            raise Failure(f"volume '{self.storage.id}:{volname}' does not exist")
        image = images.inspect(path, name.format)
        match = _BACKING.fullmatch(image.backing) if image.backing else None
        parent = match[1] if match else name.parent
        return VolumeInfo(
            f"{self.storage.id}:{volname}", image.size, name.format, name.vmid, False,
            name.content, path, parent,
        )  # fmt: skip

    def _listed(self, volname: str) -> VolumeInfo | None:
        """An image under its full name; one that cannot be read is not listed."""
        try:
            info = self._info(volname)
        except Failure:
            return None
        return info._replace(
            volid=f"{self.storage.id}:{info.parent}/{volname}" if info.parent else info.volid
        )

    def _files(self, vmid: int | None) -> list[tuple[int, str]]:
        owners = [str(vmid)] if vmid else _names(f"{self.root}/images")
        return [
            (int(owner), file)
            for owner in owners
            for file in _names(f"{self.root}/images/{owner}")
            if _IMAGE.fullmatch(f"{owner}/{file}")
        ]

    def _content(self, kind: str) -> list[str]:
        suffixes = (".iso", ".img") if kind == "iso" else ("",)
        return [
            file
            for file in _names(f"{self.root}/{_FOLDERS[kind]}")
            if file.endswith(suffixes) and _FILE.fullmatch(f"{kind}/{file}")
        ]

    def _reserve(self, vmid: int, fmt: str, name: str | None, *, rename: bool = False) -> str:
        """Create the empty file; O_EXCL keeps nodes sharing the directory apart as well."""
        if fmt not in FORMATS[self.storage.type]:
            raise Failure(f"storage '{self.storage.id}' does not support format '{fmt}'")
        self.activate()
        folder = self._folder(vmid)
        file = name or free_name(_names(folder), vmid, fmt)
        _check_name(file, vmid, fmt)
        with failing(f"unable to create '{folder}/{file}'"):
            while True:
                os.makedirs(folder, exist_ok=True)
                try:
                    os.close(os.open(f"{folder}/{file}", os.O_CREAT | os.O_EXCL, 0o640))
                    return f"{vmid}/{file}"
                except FileExistsError:
                    if name and not rename:
                        raise Failure(
                            f"volume '{self.storage.id}:{vmid}/{file}' already exists"
                        ) from None
                file = free_name(_names(folder), vmid, fmt)

    def _remove(self, volname: str) -> None:
        path = self.path(volname)
        with failing(f"unable to remove '{path}'"), suppress(FileNotFoundError):
            os.unlink(path)  # qemu-img removes by itself what it failed to create
        if parse_name(volname).vmid is not None:
            with suppress(OSError):  # other volumes of the guest are left in it
                os.rmdir(os.path.dirname(path))

    def _export_converted(self, out: int, info: VolumeInfo) -> None:
        """A raw view of another format, by way of a nameless sparse file beside it."""
        import tempfile

        with tempfile.TemporaryFile(dir=os.path.dirname(info.path)) as view:
            os.truncate(view.fileno(), info.size)
            target = f"/proc/self/fd/{view.fileno()}"
            images.qemu_img(
                "convert", "-n", "-f", info.format, "-O", "raw", info.path, target,
                fd=view.fileno(),
            )  # fmt: skip
            transfer.send(view.fileno(), out, info.size)


def _volname(info: VolumeInfo) -> str:
    return info.volid.partition(":")[2]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _check_name(file: str, vmid: int, fmt: str) -> None:
    owner = re.match(r"(?:vm|base)-(\d+)-", file)
    if not re.fullmatch(_NAME, file) or not file.endswith(f".{fmt}"):
        raise Failure(f"illegal name '{file}', expected 'vm-{vmid}-<name>.{fmt}'")
    if owner and int(owner[1]) != vmid:
        raise Failure(f"illegal name '{file}', expected one of guest {vmid}")
