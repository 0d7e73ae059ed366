"""Volumes a guest config refers to, whichever section does it (SCAN-01, SCAN-02). Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from reference.guest.config import GuestConfig
from reference.guest.drives import Drive, format_drive, is_drive_key, parse_drive, parse_size


class VolumeRef(NamedTuple):
    """One volume, its attributes merged over all references.

    `cdrom` holds only if every reference says so, the other flags if any does; `drivenames` are
    the drives of the current section; `size` is the first that is configured, in bytes.
    """

    volume: str
    drivenames: tuple[str, ...] = ()
    cdrom: bool = True
    shared: bool = False
    replicate: bool = False
    unused: bool = False
    attached: bool = False
    cloudinit: bool = False
    vmstate: bool = False
    tpmstate: bool = False
    pending: bool = False
    snapshots: tuple[str, ...] = ()
    size: int | None = None


def _entries(section: Mapping[str, str]) -> Iterator[Drive]:
    for key in sorted(section):
        if key == "vmstate" or re.fullmatch(r"unused\d+", key) or is_drive_key(key):
            yield parse_drive(key, section[key])


def _sections(config: GuestConfig) -> Iterator[tuple[str, str, dict[str, str]]]:
    yield "current", "", config.current
    yield "pending", "", config.pending
    for name in sorted(config.snapshots):
        yield "snapshot", name, config.snapshots[name]


def referenced_volumes(config: GuestConfig) -> dict[str, VolumeRef]:
    """Every referenced volume in string order of the ids."""
    refs: dict[str, VolumeRef] = {}
    for kind, snapshot, section in _sections(config):
        for drive in _entries(section):
            ref = refs.get(drive.volume, VolumeRef(drive.volume))
            refs[drive.volume] = _merge(ref, drive, kind, snapshot)
    return dict(sorted(refs.items()))


def _merge(ref: VolumeRef, drive: Drive, kind: str, snapshot: str) -> VolumeRef:
    slot = is_drive_key(drive.key)
    attached = kind == "current" and slot
    unused = drive.key.startswith("unused")
    return ref._replace(
        drivenames=(*ref.drivenames, drive.key) if attached else ref.drivenames,
        cdrom=ref.cdrom and (drive.cdrom or drive.volume == "cdrom"),
        shared=ref.shared or drive.enabled("shared"),
        replicate=ref.replicate or drive.enabled("replicate", True),
        unused=ref.unused or unused,
        attached=ref.attached or attached,
        cloudinit=ref.cloudinit or drive.cloudinit,
        vmstate=ref.vmstate or drive.key == "vmstate",
        tpmstate=ref.tpmstate or drive.key == "tpmstate0",
        pending=ref.pending or kind == "pending",
        snapshots=(*dict.fromkeys((*ref.snapshots, snapshot)),) if snapshot else ref.snapshots,
        size=parse_size(drive.options["size"]) if ref.size is None and "size" in drive.options
        else ref.size,
    )  # fmt: skip


def replace_volumes(
    config: GuestConfig, mapping: Mapping[str, str], announced: Mapping[str, str] | None = None
) -> None:
    """Give volumes their new ids in every section, keeping the other options (P3-02, P3-03).

    `announced` are whole drive strings for keys of the current section; they are taken verbatim,
    so that a new id equal to another volume's old one is not replaced a second time.
    """
    for kind, _, section in _sections(config):
        for drive in list(_entries(section)):
            if kind == "current" and announced and drive.key in announced:
                section[drive.key] = announced[drive.key]
            elif drive.volume in mapping:
                section[drive.key] = format_drive(drive._replace(volume=mapping[drive.volume]))
