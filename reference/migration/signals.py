"""When a signal may end the run: inside a phase body, never inside a cleanup (TASK-13..15)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from reference.errors import Interrupted
from reference.task import TaskLog

_NOTED = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE)


class Signals:
    """Handlers that abort a phase body at once and are only noted elsewhere."""

    def __init__(self, log: TaskLog) -> None:
        self._log, self._pending, self._in_phase = log, False, False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._in_phase:
            self._in_phase = False
            raise Interrupted
        self._log.error("received interrupt - delayed")
        self._pending = True

    @contextmanager
    def installed(self) -> Iterator[None]:
        previous = {number: signal.signal(number, self._handle) for number in _NOTED}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    @contextmanager
    def phase(self) -> Iterator[None]:
        """A phase body; a signal noted before makes it fail at its start."""
        if self._pending:
            self._pending = False
            raise Interrupted
        self._in_phase = True
        try:
            yield
        finally:
            self._in_phase = False


@contextmanager
def broken_pipes_as_errors() -> Iterator[None]:
    """A write to a child that ended raises BrokenPipeError; a SIGPIPE sent by others stays one."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
    try:
        yield
    finally:
        got = signal.sigtimedwait({signal.SIGPIPE}, 0)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPIPE})
        if got and got.si_pid != os.getpid():
            os.kill(os.getpid(), signal.SIGPIPE)
