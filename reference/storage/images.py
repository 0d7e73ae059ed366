"""Image files: virtual size, backing file, creation."""

import os
from typing import NamedTuple

from reference.cluster import paths
from reference.errors import Failure


class Image(NamedTuple):
    """The virtual size in bytes and the name of the backing file."""

    size: int
    backing: str = ""


def inspect(path: str, fmt: str) -> Image:
    """What an image says of itself, also while a guest uses it (SCAN-08)."""
    if fmt == "raw":
        return Image(os.path.getsize(path))
    import json

    info = json.loads(qemu_img("info", "-U", "--output=json", "-f", fmt, path))
    return Image(info["virtual-size"], info.get("backing-filename", ""))


def create(path: str, fmt: str, size: int) -> None:
    """Give an existing empty file the format and size; raw stays one hole."""
    if fmt == "raw":
        os.truncate(path, size)
    else:
        qemu_img("create", "-q", "-f", fmt, path, str(size))


def check(path: str, fmt: str, size: int) -> None:
    """Refuse a received image that is damaged, cut off, or not of the announced size."""
    found = inspect(path, fmt).size
    if found != size:
        raise Failure(f"received image has size {found}, expected the announced {size} bytes")
    qemu_img("check", "-q", "-f", fmt, path, good=(0, 3))  # 3: leaked clusters, harmless


def qemu_img(*arguments: str, good: tuple[int, ...] = (0,)) -> str:
    """Run qemu-img and return its output; its last line of complaint is the failure."""
    import subprocess

    done = subprocess.run(
        [paths.QEMU_IMG, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True, errors="replace",
    )  # fmt: skip
    if done.returncode not in good:
        said = (done.stderr or done.stdout or f"exit code {done.returncode}").strip()
        raise Failure(f"qemu-img {arguments[0]} failed: {said.splitlines()[-1]}")
    return done.stdout
