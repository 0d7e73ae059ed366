"""A node's tasks: their ids, logs, index and endings (TASK-01, TASK-03..08, TASK-16)."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from reference import notice
from reference.cluster import membership, paths
from reference.errors import Failure, ParameterFailure

_UPID = re.compile(
    r"UPID:([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?):([0-9A-F]{8}):([0-9A-F]{8,9}):([0-9A-F]{8})"
    r":([^:\s/]+):([^:\s/]*):([^:\s/]+):"
)
_ENDING = re.compile(r"TASK (?:(OK)|(WARNINGS: \d+)|ERROR: (.+))")
_ARCHIVED = re.compile(r"(UPID:\S+) ([0-9A-F]{8}) (.*)")
UNEXPECTED = "unexpected status"
STOP_WAIT = 5.0  # seconds between TERM and KILL (TASK-16)


def process_start(pid: int) -> int:
    """When the process started, in clock ticks since boot; OSError if it is none or a zombie."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    if fields[0] in "ZX":
        raise ProcessLookupError(f"process {pid} has ended")
    return int(fields[19])


class Upid(NamedTuple):
    """A task's unique id: where, by which process, since when, what, on what, for whom."""

    node: str
    pid: int
    pstart: int
    starttime: int
    kind: str
    ident: str
    user: str

    def __str__(self) -> str:
        stamp = f"{self.pid:08X}:{self.pstart:08X}:{self.starttime:08X}"
        return f"UPID:{self.node}:{stamp}:{self.kind}:{self.ident}:{self.user}:"

    @property
    def path(self) -> str:
        """The task's log file."""
        return f"{paths.ROOT}{paths.TASKS}/{self.starttime & 15:X}/{self}"

    @property
    def running(self) -> bool:
        """Whether its process is there; another one with its number is not it."""
        try:
            return process_start(self.pid) == self.pstart
        except OSError:
            return False

    def wait(self) -> None:
        """Return when its process has ended."""
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)
            if self.running:
                select.select([handle], [], [])
            os.close(handle)

    def status(self) -> str:
        """How an ended task ended, by its log's last line: OK, `WARNINGS: n` or the error."""
        with suppress(FileNotFoundError), open(self.path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 8192))
            last = file.read().decode(errors="replace").rstrip("\n").rpartition("\n")[2]
            if match := _ENDING.fullmatch(last):
                return str(match[1] or match[2] or match[3])
        return UNEXPECTED


def parse_upid(text: str) -> Upid:
    """The id that a caller gave; a 400 if it is none (TASK-01)."""
    match = _UPID.fullmatch(text)
    if not match:
        raise ParameterFailure("upid", f"unable to parse worker upid '{text}'")
    pid, pstart, starttime = (int(match[part], 16) for part in (2, 3, 4))
    return Upid(match[1], pid, pstart, starttime, match[5], match[6], match[7])


def is_error(status: str) -> bool:
    """Whether a task that ended so has failed (CLI-08)."""
    return status != "OK" and not status.startswith("WARNINGS: ")


class TaskLog:
    """What a task says on its standard output, which its log file gets."""

    def info(self, text: str, mark: str = "") -> None:
        """Each line of the text with the time before it (TASK-04)."""
        prefix = time.strftime("%Y-%m-%d %H:%M:%S") + mark
        for part in filter(None, text.splitlines()):
            print(f"{prefix} {part}", flush=True)

    warn = info  # a migration's warning is none of its task (TASK-05)

    def error(self, text: str) -> None:
        self.info(text, " ERROR:")


def begin(kind: str, ident: str, user: str, pid: int) -> Upid:
    """Enter a process as a task: its log file is there and it is among the active ones."""
    upid = Upid(
        membership.local_node(), pid, process_start(pid), int(time.time()), kind, ident, user
    )
    os.makedirs(os.path.dirname(upid.path), exist_ok=True)
    os.close(os.open(upid.path, os.O_WRONLY | os.O_CREAT, 0o640))
    with _active() as ids:
        for gone in [one for one in ids if not parse_upid(one).running]:
            ids.remove(gone)
            _archive(parse_upid(gone))
        ids.append(str(upid))
    return upid


def run(upid: Upid, body: Callable[[TaskLog], None]) -> str:
    """Run a task's body to its ending, which is the log's last line (TASK-03); the status."""
    log, status = TaskLog(), UNEXPECTED
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, _interrupted)
        body(log)
        status = f"WARNINGS: {len(notice.given)}" if notice.given else "OK"
    except BaseException as error:
        known = isinstance(error, Failure)
        text = str(error) if known else f"internal error: {type(error).__name__}: {error}"
        status = " ".join(text.split()) or "unknown error"
    ending = f"TASK ERROR: {status}" if is_error(status) else f"TASK {status}"
    with open(upid.path, "a", encoding="utf-8", errors="replace") as file:
        file.write(ending + "\n")
    with _active() as ids:
        if str(upid) in ids:
            ids.remove(str(upid))
        _archive(upid)
    return upid.status()


def wait(pid: int, seconds: float | None = None) -> bool:
    """Until a process has ended, at most so long; whether it has."""
    import select

    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        return bool(poller.poll(None if seconds is None else seconds * 1000))
    finally:
        os.close(handle)


def stop(upid: Upid) -> None:
    """End a running task: TERM to its process group, after 5 s KILL (TASK-16)."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if upid.running:
            with suppress(ProcessLookupError):
                # in the foreground its group may be the caller's
                own = os.getpgid(upid.pid) == upid.pid
                os.kill(-upid.pid if own else upid.pid, number)
            if wait(upid.pid, STOP_WAIT):
                return


def listing() -> list[tuple[Upid, int | None, str | None]]:
    """The node's tasks, newest first: the id, when it ended and how, None for a running one."""
    with _active(shared=True) as ids:
        active = [parse_upid(one) for one in ids]
    found: list[tuple[Upid, int | None, str | None]] = []
    with suppress(FileNotFoundError), open(_file("index"), encoding="utf-8") as file:
        lines = filter(None, map(_ARCHIVED.fullmatch, file.read().splitlines()))
        found = [(parse_upid(match[1]), int(match[2], 16), match[3]) for match in lines]
    for upid in active:
        alive = upid.running
        found.append((upid, None if alive else upid.starttime, None if alive else upid.status()))
    return sorted(found, key=lambda one: one[0].starttime, reverse=True)


def _interrupted(*_: object) -> None:
    raise Failure("received interrupt")


def _file(name: str) -> str:
    return f"{paths.ROOT}{paths.TASKS}/{name}"


@contextmanager
def _active(shared: bool = False) -> Iterator[list[str]]:
    """The ids of the active tasks, for one process at a time; changes are written."""
    with open(_file("active"), "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        file.seek(0)
        ids = file.read().split()
        yield ids
        if not shared:
            file.truncate(0)
            file.write("".join(f"{one}\n" for one in ids))


def _archive(upid: Upid) -> None:
    with open(_file("index"), "a", encoding="utf-8", errors="replace") as file:
        file.write(f"{upid} {int(time.time()):08X} {upid.status()}\n")
