"""pvesm: volumes of this node's storages; the two ends of an offline copy (SYNC-14..17)."""

import os
import sys
from types import SimpleNamespace as Namespace

from reference import storage
from reference.cli.options import Parser, boolean, integer, matching, require_root, run
from reference.cluster.membership import local_ip_within, local_node
from reference.cluster.storages import Storage, check_storage, load_storages
from reference.errors import Failure, ParameterFailure
from reference.storage.base import Formats, parse_volid

_UNITS = {"": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_VMID = integer(100, 999999999)
_SIZE = matching(r"[0-9]{1,15}[MG]?", "a size in KiB, or with unit M or G")
_FORMAT = matching(r"raw|qcow2|vmdk|subvol", "raw, qcow2, vmdk or subvol")
_CONTENT = matching(r"images|rootdir|vztmpl|iso|backup|snippets|import", "a content type")
_STREAM = matching(
    r"(raw|tar|qcow2|vmdk)\+size|zfs|btrfs",
    "raw+size, tar+size, qcow2+size, vmdk+size, zfs or btrfs",
)
_SNAPSHOT = matching(r"[A-Za-z_][A-Za-z0-9_-]*", "a snapshot name")


def main(argv: list[str] | None = None) -> int:
    """Run one pvesm command; the exit code."""
    return run(lambda: _dispatch(sys.argv[1:] if argv is None else argv))


def _dispatch(words: list[str]) -> int:
    commands = {
        "status": status, "list": list_, "path": path, "alloc": alloc, "free": free,
        "export": export, "import": import_,
    }  # fmt: skip
    if not words or words[0] not in commands:
        given = f"unknown command '{words[0]}'" if words else "no command given"
        raise Failure(f"{given}, expected pvesm {'|'.join(commands)}")
    require_root()
    commands[words[0]](Parser(f"pvesm {words[0]}"), words[1:])
    return 0


def status(parser: Parser, words: list[str]) -> None:
    """What is there of each storage that concerns this node, in KiB."""
    parser.option("storage")
    only = parser.parse_args(words).storage
    storages, node = load_storages(), local_node()
    if only:
        check_storage(storages, only, node)
    rows = [("Name", "Type", "Status", "Total (KiB)", "Used (KiB)", "Available (KiB)", "%")]
    for storeid in [only] if only else sorted(storages):
        found = storages[storeid]
        if found.nodes is None or node in found.nodes:
            rows.append((storeid, found.type, *_state(found)))
    width = max(len(row[0]) for row in rows)
    for row in rows:
        print("{:<{w}} {:>10} {:>10} {:>15} {:>15} {:>15} {:>8}".format(*row, w=width))


def _state(found: Storage) -> tuple[str, str, str, str, str]:
    if found.disabled:
        return "disabled", "0", "0", "0", "N/A"
    try:
        total, used, available = storage.usable({found.id: found}, found.id).status()
    except Failure as failure:
        print(failure, file=sys.stderr)
        return "inactive", "0", "0", "0", "N/A"
    numbers = [str(size >> 10) for size in (total, used, available)]
    return "active", numbers[0], numbers[1], numbers[2], f"{100 * used / (total or 1):.2f}%"


def list_(parser: Parser, words: list[str]) -> None:
    """The volumes of one storage."""
    parser.positional("storage")
    parser.option("vmid", _VMID)
    parser.option("content", _CONTENT)
    args = parser.parse_args(words)
    volumes = storage.list_volumes(load_storages(), args.storage, args.vmid, args.content)
    width = max([5, *(len(info.volid) for info in volumes)])
    print(f"{'Volid':<{width}} {'Format':<7} {'Type':<9} {'Size':>12} VMID")
    for info in volumes:
        fmt = info.format if info.vmid else info.content
        line = f"{info.volid:<{width}} {fmt:<7} {info.content:<9} {info.size:>12}"
        print(f"{line} {info.vmid or ''}".rstrip())


def path(parser: Parser, words: list[str]) -> None:
    """Where a volume lies on this node."""
    parser.positional("volume")
    print(storage.volume_path(load_storages(), parser.parse_args(words).volume))


def alloc(parser: Parser, words: list[str]) -> None:
    """A new empty volume; an empty name asks for the next free one."""
    from reference.storage.transfer import end_by_signals

    for name, check in (("storage", None), ("vmid", _VMID), ("filename", None), ("size", _SIZE)):
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
    parser.option("storage")
    args = parser.parse_args(words)
    volid = args.volume
    if args.storage and ":" not in volid:
        volid = f"{args.storage}:{volid}"
    elif args.storage and parse_volid(volid)[0] != args.storage:
        raise ParameterFailure("storage", f"'{args.storage}' is not the storage of '{volid}'")
    storage.free_volume(load_storages(), volid)
    print(f"Removed volume '{volid}'")


def _stream_options(parser: Parser) -> None:
    parser.positional("volume")
    parser.positional("format", _STREAM)
    parser.positional("filename")
    parser.flag("with-snapshots")
    parser.option("snapshot", _SNAPSHOT)
    parser.option("base", _SNAPSHOT)


def _formats(offered: Formats, volname: str, args: Namespace) -> None:
    """Refuse a stream format the volume does not have with these options."""
    formats = offered(
        volname, snapshot=args.snapshot, base=args.base, with_snapshots=bool(args.with_snapshots)
    )
    if args.format not in formats:
        expected = ", ".join(formats) or "no format with these options"
        raise Failure(
            f"format '{args.format}' is not possible for '{args.volume}', expected {expected}"
        )


def export(parser: Parser, words: list[str]) -> None:
    """Write a volume as a stream to a file or, with -, to standard output."""
    from reference.storage.transfer import end_by_signals

    _stream_options(parser)
    args = parser.parse_args(words)
    storeid, volname = parse_volid(args.volume)
    plugin = storage.usable(load_storages(), storeid)
    _formats(plugin.export_formats, volname, args)
    plugin.info(volname)
    end_by_signals()
    fd = sys.stdout.fileno()
    if args.filename != "-":
        fd = os.open(args.filename, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    plugin.export_to(fd, volname, args.format)


def import_(parser: Parser, words: list[str]) -> None:
    """Make a volume of a stream from a file, standard input (-) or one TCP connection."""
    from reference.storage.transfer import end_by_signals, hold_signals, undone_on_failure

    _stream_options(parser)
    parser.option("delete-snapshot", _SNAPSHOT)
    parser.option("allow-rename", boolean)
    args = parser.parse_args(words)
    storeid, volname = parse_volid(args.volume)
    plugin = storage.usable(load_storages(), storeid, "images")
    _formats(plugin.import_formats, volname, args)
    end_by_signals()
    stream = _open_stream(args.filename)
    new = plugin.import_from(stream, volname, args.format, rename=bool(args.allow_rename))
    with undone_on_failure(lambda: plugin.free(new)):
        if args.delete_snapshot:
            plugin.delete_snapshot(new, args.delete_snapshot)
        if new != volname:
            notice = f"volume '{args.volume}' already exists - imported under another name"
            print(notice, file=sys.stderr)
        hold_signals()
        # a volume whose name reaches nobody would be left behind by the source (SYNC-17)
        print(f"successfully imported '{storeid}:{new}'", flush=True)


def _open_stream(filename: str) -> int:
    if filename == "-":
        return sys.stdin.fileno()
    if not filename.startswith("tcp://"):
        return os.open(filename, os.O_RDONLY)
    from reference.ports import accept_one, next_migrate_port

    where = filename.removeprefix("tcp://").strip("[]")
    address = local_ip_within(where) if "/" in where else where
    return accept_one(address, next_migrate_port(address))
