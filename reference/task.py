"""The foreground task: its UPID, its log, its ending (TASK-01, TASK-03..08, CLI-07)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reference.cluster import membership, paths
from reference.errors import Failure


def process_start(pid: int) -> int:
    """When the process started, in clock ticks since boot."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        return int(stat.read().rpartition(")")[2].split()[19])


def upid(kind: str, ident: str) -> str:
    """A unique task id: pid, its start time and now as upper-case hex (TASK-01)."""
    pid = os.getpid()
    stamp = f"{pid:08X}:{process_start(pid):08X}:{int(time.time()):08X}"
    return f"UPID:{membership.local_node()}:{stamp}:{kind}:{ident}:root@pam:"


class TaskLog:
    """What the run says: to the terminal and to the task's log file."""

    def __init__(self, path: str) -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._file = open(path, "a", encoding="utf-8", errors="replace")  # noqa: SIM115

    def line(self, text: str) -> None:
        self._file.write(text + "\n")
        self._file.flush()

    def info(self, text: str, mark: str = "") -> None:
        """Each line of the text with the time before it (TASK-04)."""
        prefix = time.strftime("%Y-%m-%d %H:%M:%S") + mark
        for part in filter(None, text.splitlines()):
            self.line(f"{prefix} {part}")
            # A reader who went away must not end the migration.
            try:
                print(f"{prefix} {part}", flush=True)
            except OSError:
                sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115

    warn = info

    def error(self, text: str) -> None:
        self.info(text, " ERROR:")

    def close(self) -> None:
        self._file.close()


@contextmanager
def foreground(kind: str, ident: str) -> Iterator[TaskLog]:
    """Run a worker in the foreground; the log's last line says how it ended (TASK-03)."""
    name = upid(kind, ident)
    log = TaskLog(f"{paths.TASKS}/{name.split(':')[4][-1]}/{name}")
    ending = "TASK ERROR: unexpected end"
    try:
        yield log
        ending = "TASK OK"
    except Failure as failure:
        ending = "TASK ERROR: " + " ".join(str(failure).split())
        raise
    except BaseException as error:
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        ending = f"TASK ERROR: internal error: {what}"
        raise
    finally:
        log.line(ending)
        log.close()
