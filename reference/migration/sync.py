"""The offline copy of one volume: export here, import there (SYNC-*)."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
from collections.abc import Iterator
from typing import IO

from reference import storage
from reference.cluster.membership import is_ip
from reference.errors import Failure
from reference.migration.signals import broken_pipes_as_errors
from reference.migration.state import LocalVolume, Migration
from reference.storage.base import parse_volid
from reference.storage.transfer import rate_limited_copy, target_volname, transfer_format

Child = subprocess.Popen[bytes]
_IMPORTED = re.compile(r"successfully imported '([^']+)'$")
_LAST_WORDS = 30.0  # seconds for the import to see the short stream and clean up (SYNC-21)


def copy_volume(migration: Migration, volume: LocalVolume, limit: int | None) -> str:
    """Copy one volume, `limit` in bytes/s; returns its id on the target (SYNC-14, SYNC-17)."""
    export, import_ = _commands(migration, volume)
    with _children(migration, export, import_) as (source, target):
        with contextlib.suppress(BrokenPipeError):
            _stream(migration, source, target, limit)
        exported = _lines(source.communicate()[1])
        answer, complaint = map(_lines, target.communicate())
    for line in answer + complaint:
        migration.log.info(f"[{migration.request.target}] {line}")
    imported = [match[1] for line in answer if (match := _IMPORTED.search(line))]
    if source.returncode or target.returncode or not imported:
        side, said = ("import", complaint) if target.returncode else ("export", exported)
        raise Failure(f"{side} failed: {said[-1] if said else 'no success message'}")
    return imported[-1]


def _lines(output: bytes) -> list[str]:
    return output.decode(errors="replace").splitlines()


def _commands(migration: Migration, volume: LocalVolume) -> tuple[list[str], list[str]]:
    storeid, volname = parse_volid(volume.volid)
    source, target = migration.storages[storeid], migration.storages[volume.target]
    name = target_volname(source.type, target, volname, volume.format, migration.vmid)
    wanted = volume.with_snapshots
    fmt = transfer_format(
        storage.plugin(source).export_formats(volname, wanted),
        storage.plugin(target).import_formats(name, wanted),
    )
    if fmt is None:
        raise Failure(f"cannot migrate from storage type '{source.type}' to '{target.type}'")
    where = f"tcp://{migration.network or migration.remote.address}"
    snapshots = ["-with-snapshots", str(int(wanted))]
    rename = ["-allow-rename", str(int(volume.allow_rename))]
    name, where = f"{volume.target}:{name}", "-" if migration.secure else where
    return (
        ["/usr/sbin/pvesm", "export", volume.volid, fmt, "-", *snapshots],
        ["/usr/sbin/pvesm", "import", name, fmt, where, *snapshots, *rename],
    )


@contextlib.contextmanager
def _children(
    migration: Migration, export: list[str], import_: list[str]
) -> Iterator[tuple[Child, Child]]:
    """Both ends; on an error the export dies first, so the import sees a short stream."""
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    stdin = pipe if migration.secure else null
    target = migration.remote.popen(import_, stdin=stdin, stdout=pipe, stderr=pipe)
    source = subprocess.Popen(export, stdin=null, stdout=pipe, stderr=pipe, start_new_session=True)
    try:
        yield source, target
    except BaseException:
        source.kill()
        source.communicate()
        try:
            target.communicate(timeout=_LAST_WORDS)
        except subprocess.TimeoutExpired:
            target.kill()
            target.communicate()
        raise


def _stream(migration: Migration, source: Child, target: Child, limit: int | None) -> None:
    assert source.stdout
    try:
        with source.stdout:
            if target.stdin:
                with target.stdin as sink:
                    _copy(source.stdout, sink, limit)
            else:
                with _connect(migration, target) as connection:
                    _copy(source.stdout, connection, limit)
                    connection.shutdown(socket.SHUT_WR)
    finally:
        source.stdout = target.stdin = None  # closed, and communicate() must not touch them


def _copy(source: IO[bytes], sink: IO[bytes] | socket.socket, limit: int | None) -> None:
    """Between the writes the migrator can be interrupted, by a SIGPIPE too (TASK-14)."""
    rate_limited_copy(source.fileno(), sink.fileno(), limit, broken_pipes_as_errors)


def _connect(migration: Migration, target: Child) -> socket.socket:
    """Connect to where the import says it listens: an ip and a port line (SYNC-15)."""
    assert target.stdout
    address, port = (target.stdout.readline().decode(errors="replace").strip() for _ in "12")
    if not address:
        raise BrokenPipeError  # the import has ended: its last words tell why
    if not is_ip(address) or not re.fullmatch(r"\d{1,5}", port):
        raise Failure(
            f"import on '{migration.request.target}' gave no ip and port, but {address!r}, {port!r}"
        )
    try:
        connection = socket.create_connection((address, int(port)), timeout=30)
    except OSError as error:
        raise Failure(f"can't connect to import at {address}:{port} - {error}") from None
    connection.settimeout(None)  # with one, writing to the descriptor would not wait
    return connection
