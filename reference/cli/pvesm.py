"""pvesm: volumes of this node's storages; the two ends of an offline copy (SYNC-14..17)."""

import signal
import sys
from functools import partial
from types import SimpleNamespace

from reference import storage
from reference.cli.options import program
from reference.cluster.membership import local_ip_within, local_node
from reference.cluster.storages import load_storages
from reference.errors import Failure
from reference.storage.base import parse_volid
from reference.storage.transfer import ENDING, end_by_signals, undone_on_failure

_UNITS = {"": 1 << 10, "M": 1 << 20, "G": 1 << 30}
main = partial(program, "pvesm")


def status(_: SimpleNamespace) -> None:
    """What is there of each storage that concerns this node, in KiB."""
    row = "{:<16} {:>8} {:>10} {:>15} {:>15} {:>15}"
    print(row.format("Name", "Type", "Status", "Total", "Used", "Available"))
    storages = load_storages()
    for storeid, found in sorted(storages.items()):
        if found.nodes is not None and local_node() not in found.nodes:
            continue
        state, sizes = "disabled" if found.disabled else "active", (0, 0, 0)
        try:
            if not found.disabled:
                sizes = storage.usable(storages, storeid).status()
        except Failure as failure:
            print(failure, file=sys.stderr)
            state = "inactive"
        print(row.format(storeid, found.type, state, *(size >> 10 for size in sizes)))


def list_(args: SimpleNamespace) -> None:
    """The volumes of one storage."""
    row = "{:<40} {:<7} {:<9} {:>12} {}"
    print(row.format("Volid", "Format", "Type", "Size", "VMID"))
    for info in storage.list_volumes(load_storages(), args.storage, args.vmid):
        fmt = info.format if info.vmid else info.content
        print(row.format(info.volid, fmt, info.content, info.size, info.vmid or "").rstrip())


def path(args: SimpleNamespace) -> None:
    """Where a volume lies on this node."""
    print(storage.volume_path(load_storages(), args.volume))


def alloc(args: SimpleNamespace) -> None:
    """A new empty volume; an empty name asks for the next free one."""
    digits, unit = args.size.rstrip("MG"), args.size.lstrip("0123456789")
    end_by_signals()
    volid = storage.alloc_volume(
        load_storages(), args.storage, args.vmid, args.format, args.filename or None,
        int(digits) * _UNITS[unit],
    )  # fmt: skip
    print(f"successfully created '{volid}'")


def free(args: SimpleNamespace) -> None:
    """Delete a volume."""
    storage.free_volume(load_storages(), args.volume)
    print(f"Removed volume '{args.volume}'")


def _check_format(fmt: str, volid: str, offered: list[str]) -> None:
    """Refuse a stream format the volume does not have with the given options."""
    if fmt not in offered:
        expected = ", ".join(offered) or "no format with these options"
        raise Failure(f"format '{fmt}' is not possible for '{volid}', expected {expected}")


def export(args: SimpleNamespace) -> None:
    """Write a volume as a stream to standard output."""
    storeid, volname = parse_volid(args.volume)
    plugin = storage.usable(load_storages(), storeid)
    formats = plugin.export_formats(volname, args.with_snapshots, args.snapshot, args.base)
    _check_format(args.format, args.volume, formats)
    plugin.export_to(sys.stdout.fileno(), volname, args.format)


def import_(args: SimpleNamespace) -> None:
    """Make a volume of a stream from standard input or one TCP connection."""
    storeid, volname = parse_volid(args.volume)
    plugin = storage.usable(load_storages(), storeid, "images")
    _check_format(
        args.format, args.volume, plugin.import_formats(volname, args.with_snapshots, args.base)
    )
    end_by_signals()
    stream = _open_stream(args.filename)
    new = plugin.import_from(stream, volname, args.format, rename=bool(args.allow_rename))
    with undone_on_failure(lambda: plugin.free(new)):
        if new != volname:
            notice = f"volume '{args.volume}' already exists - imported under another name"
            print(notice, file=sys.stderr)
        # a volume whose name reaches nobody would be left behind by the source (SYNC-17)
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        print(f"successfully imported '{storeid}:{new}'", flush=True)


def _open_stream(filename: str) -> int:
    if filename == "-":
        return sys.stdin.fileno()
    from reference.ports import accept_one, next_migrate_port

    where = filename.removeprefix("tcp://").strip("[]")
    address = local_ip_within(where) if "/" in where else where
    return accept_one(address, next_migrate_port(address))
