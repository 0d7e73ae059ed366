"""pvesm: volumes of this node's storages; the two ends of an offline copy (SYNC-14..17)."""

import signal
import sys

from reference import storage
from reference.cli.options import Parser, boolean, dispatch, integer, matching, run
from reference.cluster.membership import local_ip_within, local_node
from reference.cluster.storages import load_storages
from reference.errors import Failure
from reference.storage.base import parse_volid
from reference.storage.transfer import ENDING, end_by_signals, undone_on_failure

_UNITS = {"": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_VMID = integer(100, 999999999)
_SIZE = matching(r"[0-9]{1,15}[MG]?", "a size in KiB, or with unit M or G")
_FORMAT = matching(r"raw|qcow2|vmdk|subvol", "raw, qcow2, vmdk or subvol")
_STREAM = matching(
    r"(raw|tar|qcow2|vmdk)\+size|zfs|btrfs",
    "raw+size, tar+size, qcow2+size, vmdk+size, zfs or btrfs",
)
_SNAPSHOT = matching(r"[A-Za-z_][A-Za-z0-9_-]*", "a snapshot name")


def main(argv: list[str] | None = None) -> int:
    """Run one pvesm command; the exit code."""
    commands = {
        "status": status, "list": list_, "path": path, "alloc": alloc, "free": free,
        "export": export, "import": import_,
    }  # fmt: skip
    return run(lambda: dispatch("pvesm", commands, sys.argv[1:] if argv is None else argv))


def status(parser: Parser, words: list[str]) -> None:
    """What is there of each storage that concerns this node, in KiB."""
    parser.parse_args(words)
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


def list_(parser: Parser, words: list[str]) -> None:
    """The volumes of one storage."""
    parser.positional("storage")
    parser.option("vmid", _VMID)
    args = parser.parse_args(words)
    row = "{:<40} {:<7} {:<9} {:>12} {}"
    print(row.format("Volid", "Format", "Type", "Size", "VMID"))
    for info in storage.list_volumes(load_storages(), args.storage, args.vmid):
        fmt = info.format if info.vmid else info.content
        print(row.format(info.volid, fmt, info.content, info.size, info.vmid or "").rstrip())


def path(parser: Parser, words: list[str]) -> None:
    """Where a volume lies on this node."""
    parser.positional("volume")
    print(storage.volume_path(load_storages(), parser.parse_args(words).volume))


def alloc(parser: Parser, words: list[str]) -> None:
    """A new empty volume; an empty name asks for the next free one."""
    for name, check in (("storage", str), ("vmid", _VMID), ("filename", str), ("size", _SIZE)):
        parser.positional(name, check)
    parser.option("format", _FORMAT)
    args = parser.parse_args(words)
    digits, unit = args.size.rstrip("MG"), args.size.lstrip("0123456789")
    end_by_signals()
    volid = storage.alloc_volume(
        load_storages(), args.storage, args.vmid, args.format, args.filename or None,
        int(digits) * _UNITS[unit],
    )  # fmt: skip
    print(f"successfully created '{volid}'")


def free(parser: Parser, words: list[str]) -> None:
    """Delete a volume."""
    parser.positional("volume")
    volid = parser.parse_args(words).volume
    storage.free_volume(load_storages(), volid)
    print(f"Removed volume '{volid}'")


def _stream_options(parser: Parser, place: str, expected: str) -> None:
    parser.positional("volume")
    parser.positional("format", _STREAM)
    parser.positional("filename", matching(place, expected))
    parser.flag("with-snapshots")
    parser.option("snapshot", _SNAPSHOT)
    parser.option("base", _SNAPSHOT)


def _check_format(fmt: str, volid: str, offered: list[str]) -> None:
    """Refuse a stream format the volume does not have with the given options."""
    if fmt not in offered:
        expected = ", ".join(offered) or "no format with these options"
        raise Failure(f"format '{fmt}' is not possible for '{volid}', expected {expected}")


def export(parser: Parser, words: list[str]) -> None:
    """Write a volume as a stream to standard output."""
    _stream_options(parser, "-", "- for standard output")
    args = parser.parse_args(words)
    storeid, volname = parse_volid(args.volume)
    plugin = storage.usable(load_storages(), storeid)
    formats = plugin.export_formats(volname, args.with_snapshots, args.snapshot, args.base)
    _check_format(args.format, args.volume, formats)
    plugin.export_to(sys.stdout.fileno(), volname, args.format)


def import_(parser: Parser, words: list[str]) -> None:
    """Make a volume of a stream from standard input or one TCP connection."""
    _stream_options(parser, r"-|tcp://\S+", "- for standard input, or tcp://<ip or network>")
    parser.option("allow-rename", boolean)
    args = parser.parse_args(words)
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
