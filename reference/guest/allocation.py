"""Volumes for the drives an administrator names: new ones are made, existing ones checked."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from reference import storage
from reference.cluster.storages import Storage
from reference.errors import Failure
from reference.guest.drives import Drive, format_drive, format_size, is_drive_key, parse_drive

_NEW = re.compile(r"([A-Za-z][\w.-]*):(\d+(?:\.\d+)?|cloudinit)")
EFI_VARS_SIZE = {"4m": 528 << 10, "2m": 128 << 10}
EFI_VARS = {"4m": "/usr/share/OVMF/OVMF_VARS_4M.fd", "2m": "/usr/share/OVMF/OVMF_VARS.fd"}
SMALL_SIZE = 4 << 20  # TPM state and cloud-init images


class Allocation:
    """Volumes made for one change of a config; an exception within the block frees them again."""

    def __init__(self, vmid: int, storages: Mapping[str, Storage]) -> None:
        self._vmid, self._storages = vmid, storages
        self._made: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for volid in reversed(self._made) if kind else ():
            try:
                storage.free_volume(self._storages, volid)
            except Failure as failure:
                print(f"WARN: can't free '{volid}' again - {failure}", file=sys.stderr)

    def value(self, key: str, text: str) -> str:
        """The option's value for the config, its volume there."""
        if key.startswith("unused"):
            self._existing(parse_drive(key, text))
            return text
        if not is_drive_key(key):
            return text
        drive = parse_drive(key, text)
        if match := _NEW.fullmatch(drive.volume):
            return format_drive(self._new(drive, match[1], match[2]))
        return format_drive(self._existing(drive))

    def _new(self, drive: Drive, storeid: str, amount: str) -> Drive:
        options = dict(drive.options)
        fmt, name = options.pop("format", None), None
        if amount == "cloudinit":
            fmt, size = fmt or "qcow2", SMALL_SIZE
            name, options["media"] = f"vm-{self._vmid}-cloudinit.{fmt}", "cdrom"
        elif drive.key == "tpmstate0":
            fmt, size = "raw", SMALL_SIZE
        elif drive.key == "efidisk0":
            size = EFI_VARS_SIZE[options.get("efitype", "2m")]
        else:
            size = -(-int(float(amount) * (1 << 30)) // 1024) * 1024
        if size <= 0:
            raise Failure(f"{drive.key}: '{amount}' is not a size (expected GiB, more than 0)")
        volume = storage.alloc_volume(self._storages, storeid, self._vmid, fmt, name, size)
        self._made.append(volume)
        if drive.key == "efidisk0":
            self._fill_efi_vars(volume, options.get("efitype", "2m"))
        return Drive(drive.key, volume, {**options, "size": format_size(size)})

    def _fill_efi_vars(self, volume: str, kind: str) -> None:
        """Firmware without its template of variables still gets an empty image."""
        path = storage.volume_path(self._storages, volume)
        if os.path.exists(EFI_VARS[kind]) and path.endswith(".raw"):
            with open(EFI_VARS[kind], "rb") as template, open(path, "r+b") as image:
                image.write(template.read())

    def _existing(self, drive: Drive) -> Drive:
        if drive.volume in ("none", "cdrom"):
            return drive
        if drive.volume.startswith("/"):
            if not os.path.exists(drive.volume):
                raise Failure(f"{drive.key}: '{drive.volume}' does not exist")
            return drive
        info = storage.volume_info(self._storages, drive.volume)
        if info.vmid not in (None, self._vmid):
            raise Failure(f"{drive.key}: '{drive.volume}' is owned by other VM {info.vmid}")
        if drive.cdrom or drive.key.startswith("unused"):
            return drive
        return drive._replace(options={**drive.options, "size": format_size(info.size)})
