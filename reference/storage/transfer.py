"""Volume streams: which format, which name, and the bytes themselves (SYNC-*).

A `+size` stream is an 8-byte little-endian virtual size, then the file. Only a raw stream's
length follows from it; a cut qcow2 shows in its own structure.
"""

import errno
import fcntl
import os
import re
import signal
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from time import monotonic, sleep

from reference.cluster.storages import Storage
from reference.errors import Failure, Interrupted
from reference.storage.base import FORMATS, PATH_BASED

BLOCK = 1 << 20
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)
_GRAIN = 1 << 16  # holes of this size and alignment stay holes
_ZEROS = bytes(BLOCK)
_HEADER = struct.Struct("<Q")


def transfer_format(export: Sequence[str], import_: Sequence[str]) -> str | None:
    """The first format of the export that the import takes as well (SYNC-09)."""
    return next((fmt for fmt in export if fmt in import_), None)


def target_volname(
    source_type: str, target_storage: Storage, volname: str, fmt: str, vmid: int
) -> str:
    """The name a volume is imported under; the format is never converted (SYNC-07)."""
    if source_type == target_storage.type:
        return volname
    if fmt not in FORMATS.get(target_storage.type, ()):
        raise Failure(f"storage '{target_storage.id}' does not support format '{fmt}'")
    name = re.sub(r"\.(raw|qcow2|vmdk)$", "", volname.rpartition("/")[2])
    return f"{vmid}/{name}.{fmt}" if target_storage.type in PATH_BASED else name


def align_up(size: int) -> int:
    """Volumes are allocated in whole KiB (SYNC-10)."""
    return -(-size // 1024) * 1024


def read_header(stream: int) -> int:
    """The size in bytes a stream announces."""
    header = bytearray(_HEADER.size)
    got = _fill(stream, memoryview(header))
    if got != len(header):
        raise Failure(f"import stream too short: expected an 8-byte size, got {got} bytes")
    return int(_HEADER.unpack(header)[0])


def send(source: int, out: int, size: int) -> None:
    """Write the header and the whole file; its holes are not read."""
    _write(out, memoryview(_HEADER.pack(size)))
    end, position = os.fstat(source).st_size, 0
    while position < end:
        data, stop = _next_data(source, position, end)
        while position < data:
            position += os.write(out, memoryview(_ZEROS)[: data - position])
        while position < stop:
            sent = os.sendfile(out, source, position, stop - position)
            if sent == 0:
                raise Failure("volume became shorter while it was exported")
            position += sent


def receive(stream: int, path: str, size: int | None) -> None:
    """Fill the existing file up to the stream's end, without its zeros; `size` is exact."""
    fd = os.open(path, os.O_WRONLY)
    try:
        _widen(stream)
        buffer, position = bytearray(BLOCK), 0
        while got := _fill(stream, memoryview(buffer)):
            if size is not None and position + got > size:
                raise Failure(f"import stream too long: expected {size} bytes, got more")
            for start in range(0, got, _GRAIN):
                piece = memoryview(buffer)[start : min(start + _GRAIN, got)]
                if not _ZEROS.startswith(piece):
                    os.lseek(fd, position + start, os.SEEK_SET)
                    _write(fd, piece)
            position += got
        if size is not None and position < size:
            raise Failure(f"import stream too short: expected {size} bytes, got {position}")
        os.ftruncate(fd, position if size is None else align_up(size))
        os.fdatasync(fd)  # the source is deleted later on; it also brings out late write errors
    finally:
        os.close(fd)


def rate_limited_copy(
    source: int,
    target: int,
    bytes_per_second: int | None,
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> int:
    """Copy to the end of the source, at most that fast, each write within an `around`."""
    rate = bytes_per_second or None
    _widen(source)
    buffer = memoryview(bytearray(min(BLOCK, max(4096, rate // 20)) if rate else BLOCK))
    copied, due = 0, monotonic()
    while got := os.readv(source, [buffer]):
        with around():
            _write(target, buffer[:got])
        copied += got
        if rate:
            now = monotonic()
            due = max(due, now - 0.1) + got / rate  # unused time is kept for 0.1 s at most
            if due > now:
                sleep(due - now)
    return copied


@contextmanager
def undone_on_failure(undo: Callable[[], None]) -> Iterator[None]:
    """Run `undo` if the body fails for whatever reason; signals wait until it is done."""
    try:
        yield
    except BaseException:
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            undo()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        raise


def end_by_signals() -> None:
    """Let the signals that end a command raise, so that what it began is undone."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    for number in ENDING:
        signal.signal(number, interrupt)


def _widen(pipe: int) -> None:
    """A pipe that holds a whole block costs an eighth of the wake-ups; others stay as they are."""
    with suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, BLOCK)


def _next_data(fd: int, position: int, end: int) -> tuple[int, int]:
    """Start and end of the next piece that is no hole."""
    try:
        data = os.lseek(fd, position, os.SEEK_DATA)
        return data, min(end, os.lseek(fd, data, os.SEEK_HOLE))
    except OSError as error:  # only a hole is left, or holes are not known here
        return (end, end) if error.errno == errno.ENXIO else (position, end)


def _fill(stream: int, view: memoryview) -> int:
    """Read until the view is full or the stream ends."""
    got = 0
    while got < len(view) and (part := os.readv(stream, [view[got:]])):
        got += part
    return got


def _write(fd: int, view: memoryview) -> None:
    while view:
        view = view[os.write(fd, view) :]
