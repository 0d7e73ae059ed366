"""`qm resize|template|rescan`: what is done with a guest's volumes beside moving them."""

from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace

from reference import storage
from reference.cluster import membership
from reference.cluster.storages import load_storages
from reference.errors import Failure
from reference.guest import process
from reference.guest.changes import keep_unused
from reference.guest.config import guest_ids, load_unlocked, write_config
from reference.guest.devices import drive_node
from reference.guest.drives import disk_volumes, drives, format_drive, format_size, parse_size
from reference.guest.volumes import referenced_volumes, replace_volumes
from reference.locks import guest_config_lock
from reference.storage.transfer import align_up


def resize(options: SimpleNamespace) -> None:
    """Let a disk grow, to a size or by one, also while the guest runs."""
    vmid, key, text = options.vmid, options.disk, options.size
    membership.check_quorum()
    with guest_config_lock(vmid):
        config, known = load_unlocked(vmid, options.skiplock), load_storages()
        drive = drives(config.current).get(key)
        if drive is None or drive.cdrom:
            raise Failure(f"disk '{key}' does not exist")
        old = storage.volume_info(known, drive.volume).size
        size = align_up(parse_size(text.removeprefix("+"))) + (old if text[0] == "+" else 0)
        if size < old:
            raise Failure(f"shrinking disks is not supported (from {old} to {size} bytes)")
        if process.running_pid(vmid):
            where = {"node-name": drive_node(key), "size": size}
            process.execute(vmid, "block_resize", where, timeout=60)
        else:
            storage.resize_volume(known, drive.volume, size)
        changed = drive._replace(options={**drive.options, "size": format_size(size)})
        config.current[key] = format_drive(changed)
        write_config(config)


def template(options: SimpleNamespace) -> None:
    """Turn a stopped guest into one that is never run again, its disks into base images."""
    membership.check_quorum()
    with guest_config_lock(options.vmid):
        config, known = load_unlocked(options.vmid, None), load_storages()
        running = process.running_pid(options.vmid) is not None
        if config.flag("template") or config.snapshots or running:
            found = "runs" if running else "has snapshots" if config.snapshots else "is one already"
            raise Failure(f"you can't convert VM {options.vmid} to a template: it {found}")
        config.current["template"] = "1"
        for volume in disk_volumes(config.current):
            replace_volumes(config, {volume: storage.make_base(known, volume)})
            write_config(config)  # at once, so that it names what is there if the next one fails
        write_config(config)


def rescan(options: SimpleNamespace) -> None:
    """Tell guests of volumes of theirs that no config names, and of the sizes of their disks."""
    membership.check_quorum()
    for vmid in [options.vmid] if options.vmid else guest_ids(membership.local_node()):
        with guest_config_lock(vmid):
            config, sizes = load_unlocked(vmid, None), dict(_volumes(vmid))
            before = dict(config.current)
            for key, drive in drives(config.current).items():
                if (size := sizes.get(drive.volume)) is not None and not drive.cdrom:
                    shown = {**drive.options, "size": format_size(size)}
                    config.current[key] = format_drive(drive._replace(options=shown))
            for volume in sorted(sizes.keys() - referenced_volumes(config).keys()):
                keep_unused(config, volume)
            if config.current != before and not options.dryrun:
                write_config(config)


def _volumes(vmid: int) -> Iterator[tuple[str, int]]:
    """A guest's volumes on the storages of this node that are there, with their sizes."""
    known = load_storages()
    for storeid in known:
        with suppress(Failure):
            yield from ((v.volid, v.size) for v in storage.list_volumes(known, storeid, vmid))
