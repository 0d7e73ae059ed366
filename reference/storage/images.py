"""Image files: virtual size and backing file by format, creation, sparse content."""

import os
import struct
from collections.abc import Sequence
from typing import NamedTuple

from reference.cluster import paths
from reference.errors import Failure
from reference.storage.base import failing

_QCOW2 = struct.Struct(">4sIQIIQ")  # magic, version, backing offset and size, cluster bits, size
_VMDK = struct.Struct("<4sIIQ")  # magic, version, flags, capacity in sectors


class Image(NamedTuple):
    """The virtual size in bytes and the name of the backing file."""

    size: int
    backing: str | None = None


def inspect(path: str, fmt: str) -> Image:
    """Read what a header says without running any tool (SCAN-08)."""
    with failing(f"can't query size and format of '{path}'"), open(path, "rb") as file:
        if fmt == "qcow2":
            return _qcow2(file.read(2 << 20), path)
        if fmt == "vmdk":
            return _vmdk(file.read(_VMDK.size), path)
        return Image(os.fstat(file.fileno()).st_size)


def create(path: str, fmt: str, size: int) -> None:
    """Give an existing empty file the format and size; raw stays one hole."""
    if fmt == "raw":
        with failing(f"unable to create image '{path}'"):
            os.truncate(path, size)
    else:
        qemu_img("create", "-q", "-f", fmt, path, str(size))


def check(path: str, fmt: str, size: int) -> None:
    """Refuse a received image that is damaged, cut off, or not of the announced size."""
    found = inspect(path, fmt).size
    if found != size:
        raise Failure(f"received image has size {found}, expected the announced {size} bytes")
    if fmt != "raw":
        qemu_img("check", "-q", "-f", fmt, path, good=(0, 3))  # 3: leaked clusters, harmless


def qemu_img(*arguments: str, good: Sequence[int] = (0,), fd: int | None = None) -> None:
    """Run qemu-img, its last line of complaint is the failure; `fd` is handed down."""
    import subprocess

    done = subprocess.run(
        [paths.QEMU_IMG, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        text=True, errors="replace", pass_fds=() if fd is None else (fd,),
    )  # fmt: skip
    if done.returncode not in good:
        reason = (done.stdout.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise Failure(f"qemu-img {arguments[0]} failed: {reason}")


def _qcow2(header: bytes, path: str) -> Image:
    if len(header) < _QCOW2.size:
        raise Failure(f"'{path}' is no qcow2 image: expected a header, got {len(header)} bytes")
    magic, version, offset, length, _, size = _QCOW2.unpack_from(header)
    if magic != b"QFI\xfb" or version not in (2, 3):
        raise Failure(f"'{path}' is no qcow2 image: expected magic QFI and version 2 or 3")
    backing = header[offset : offset + length] if offset else b""
    if len(backing) != (length if offset else 0) or length > 1023:
        raise Failure(f"'{path}' is no sound qcow2 image: expected the backing file in its header")
    return Image(size, os.fsdecode(backing) or None)


def _vmdk(header: bytes, path: str) -> Image:
    if len(header) < _VMDK.size or header[:4] != b"KDMV":
        raise Failure(f"'{path}' is no sparse vmdk image: expected magic KDMV")
    return Image(_VMDK.unpack(header)[3] * 512)
