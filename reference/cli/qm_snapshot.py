"""`qm snapshot|rollback|delsnapshot|listsnapshot`: a section of the config and of each image.

A guest's memory is not part of its snapshots.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

from reference import storage
from reference.cluster import membership
from reference.cluster.storages import load_storages
from reference.errors import Failure
from reference.guest import process
from reference.guest.changes import keep_unused
from reference.guest.config import GuestConfig, check_lock, load_config, write_config
from reference.guest.devices import drive_node
from reference.guest.drives import disk_volumes, drives, volume_format
from reference.locks import guest_config_lock, guest_migration_lock

# what a guest keeps when it goes back to a snapshot, and what a snapshot has of its own
_OWN = re.compile(r"description|unused\d+|lock|snapstate|snaptime")


def create(options: SimpleNamespace) -> None:
    """Remember a guest's disks and config."""
    vmid, name = options.vmid, options.snapname
    with _changing(vmid, "snapshot") as config:
        if name.lower() in ("current", "pending") or name in config.snapshots:
            raise Failure(f"snapshot name '{name}' already used")
        volumes = _images(config, config.current)
        section = {key: value for key, value in config.current.items() if not _OWN.fullmatch(key)}
        section |= {"snaptime": str(int(time.time())), "snapstate": "prepare"}
        section |= {"description": options.description} if options.description else {}
        config.snapshots[name] = section
    try:
        _each_image(vmid, volumes, name, "-c")
    except BaseException:
        _drop(vmid, volumes, name, force=True)
        raise
    with _changing(vmid) as config:
        del config.snapshots[name]["snapstate"]
        config.current["parent"] = name


def rollback(options: SimpleNamespace) -> None:
    """Bring a guest back to a snapshot, stopped; disks it did not have become unused."""
    vmid, name = options.vmid, options.snapname
    with guest_migration_lock(vmid, 10.0):
        with _changing(vmid, "rollback") as config:
            volumes = _images(config, _section(config, name))
            if "snapstate" in config.snapshots[name]:
                raise Failure(f"unable to roll back to incomplete snapshot '{name}'")
        process.stop_guest(vmid)
        _each_image(vmid, volumes, name, "-a")
        with _changing(vmid) as config:
            before, section = config.current, config.snapshots[name]
            own = {key: value for key, value in before.items() if _OWN.fullmatch(key)}
            then = {key: value for key, value in section.items() if not _OWN.fullmatch(key)}
            config.current = {**own, **then, "parent": name}
            for volume in disk_volumes(before):
                keep_unused(config, volume)


def delete(options: SimpleNamespace) -> None:
    """Forget a snapshot; forced, also beside a migration, and if an image does not give it up."""
    vmid, name, force = options.vmid, options.snapname, bool(options.force)
    with nullcontext() if force else guest_migration_lock(vmid, 10.0):
        with _changing(vmid, "snapshot-delete") as config:
            section = _section(config, name)
            section["snapstate"] = "delete"
        _drop(vmid, disk_volumes(section), name, force)


def _drop(vmid: int, volumes: list[str], name: str, force: bool) -> None:
    """Delete it from the images, then from the config, where its children take its parent."""
    try:
        _each_image(vmid, volumes, name, "-d")
    except Failure:
        if not force:
            raise
    with _changing(vmid) as config:
        parent = config.snapshots.pop(name).get("parent")
        for section in (config.current, *config.snapshots.values()):
            if section.get("parent") == name:
                section.pop("parent")
                section.update({"parent": parent} if parent else {})


def show(options: SimpleNamespace) -> None:
    """The snapshots as a tree, and where the guest is in it."""
    for line in _tree(load_config(options.vmid), None, 0):
        print(line)


def _tree(config: GuestConfig, parent: str | None, depth: int) -> Iterator[str]:
    for name, section in sorted(config.snapshots.items()):
        if section.get("parent") == parent:
            made = time.localtime(int(section.get("snaptime", "0")))
            note = section.get("description", "no-description").partition("\n")[0]
            shown = time.strftime("%Y-%m-%d %H:%M:%S", made)
            yield f"{'  ' * depth}`-> {name:<20} {shown} {note}"
            yield from _tree(config, name, depth + 1)
    if config.current.get("parent") == parent:
        yield f"{'  ' * depth}`-> {'current':<20} {'':<19} You are here!"


@contextmanager
def _changing(vmid: int, lock: str = "") -> Iterator[GuestConfig]:
    """The config, written back after the block: locked for an operation that begins, or no more."""
    membership.check_quorum()
    with guest_config_lock(vmid):
        config = load_config(vmid)
        if lock:
            check_lock(config)
        yield config
        config.current.pop("lock", None)
        config.current |= {"lock": lock} if lock else {}
        write_config(config)


def _section(config: GuestConfig, name: str) -> dict[str, str]:
    if name not in config.snapshots:
        raise Failure(f"snapshot '{name}' does not exist")
    return config.snapshots[name]


def _images(config: GuestConfig, section: dict[str, str]) -> list[str]:
    """The volumes of a section's disks; all have to be images that can hold snapshots."""
    if config.flag("template"):
        raise Failure(f"VM {config.vmid} is a template, which has no snapshots")
    for volume in disk_volumes(section):
        if volume_format(volume) != "qcow2":
            raise Failure(f"snapshot feature is not available for '{volume}'")
    return disk_volumes(section)


def _each_image(vmid: int, volumes: list[str], name: str, action: str) -> None:
    """Through QEMU where it has the image open, in one transaction if snapshots are made."""
    running = process.running_pid(vmid) is not None
    attached = drives(load_config(vmid).current).items() if running else ()
    opened = {drive.volume: drive_node(key) for key, drive in attached}
    for volume in (volume for volume in volumes if volume not in opened):
        storage.snapshot_volume(load_storages(), volume, name, action)
    asked = [{"device": opened[volume], "name": name} for volume in volumes if volume in opened]
    if action == "-c" and asked:
        what = "blockdev-snapshot-internal-sync"
        actions = [{"type": what, "data": data} for data in asked]
        process.execute(vmid, "transaction", {"actions": actions}, timeout=60)
    for data in asked if action == "-d" else ():
        process.execute(vmid, "blockdev-snapshot-delete-internal-sync", data, timeout=60)
