"""QMP access to a guest's QEMU: the one room that knows qemu.qmp and asyncio.

Everything outside is synchronous: one daemon thread runs one loop, calls are
handed to it and awaited with a time-out. Import this module lazily (100 ms).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import signal
import threading
from collections.abc import Coroutine, Iterator, Mapping
from functools import cache
from typing import Any, Self, TypeVar

from qemu.qmp import ConnectError, EventListener, ExecuteError, QMPClient, QMPError, Runstate
from qemu.qmp.qmp_client import NegotiationError

from reference.errors import Failure

T = TypeVar("T")
Event = Mapping[str, Any]
logging.getLogger("qemu.qmp").addHandler(logging.NullHandler())
logging.getLogger("qemu.qmp").propagate = False


class MonitorFailure(Failure):
    """A QMP command failed, timed out, or the guest's process went away."""


class CommandRefused(MonitorFailure):
    """QEMU answered the command with an error; the connection is still good."""


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()

    def run() -> None:
        # Writing to a QEMU that just died must not look like a signal to this process.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
        loop.run_forever()

    threading.Thread(target=run, name="qmp", daemon=True).start()
    return loop


def _call(action: Coroutine[Any, Any, T], timeout: float) -> T:
    future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(action, timeout), _loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def _connected(path: str) -> QMPClient:
    while True:
        client = QMPClient()
        try:
            await client.connect(path)
        except ConnectError as error:
            # An event may overtake the negotiation's last reply, at which the library balks.
            if not isinstance(error.exc, NegotiationError):
                raise
        else:
            return client


class Events:
    """Events of one guest in order of arrival; `get` blocks until one or the time-out."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()

    def put(self, event: Event | None) -> None:
        self._queue.put(event)

    def get(self, timeout: float) -> Event | None:
        """Return the next event, None after `timeout` seconds; MonitorFailure if QEMU ended."""
        try:
            event = self._queue.get(timeout=max(timeout, 0))
        except queue.Empty:
            return None
        if event is None:
            self._queue.put(None)
            raise MonitorFailure("the guest's QEMU process has ended")
        return event


class Monitor:
    """One QMP connection; QEMU serves one client per socket, so close it soon."""

    def __init__(self, path: str, timeout: float = 5.0) -> None:
        try:
            self._client = _call(_connected(path), timeout)
        except TimeoutError:
            raise MonitorFailure(f"no QMP greeting from '{path}' in {timeout:g} s") from None
        except (QMPError, OSError) as error:
            raise MonitorFailure(f"can't connect to QMP socket '{path}' - {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(
        self, command: str, arguments: Mapping[str, Any] | None = None, *, timeout: float = 10.0
    ) -> Any:
        """Run one QMP command and return its answer; `timeout` in seconds."""
        try:
            return _call(self._client.execute(command, dict(arguments or {})), timeout)
        except ExecuteError as error:
            raise CommandRefused(f"QMP command '{command}' failed - {error}") from None
        except TimeoutError:
            raise MonitorFailure(f"QMP command '{command}' failed - got timeout") from None
        except (QMPError, OSError) as error:
            raise MonitorFailure(f"QMP command '{command}' failed - {error}") from None

    @property
    def alive(self) -> bool:
        """Whether the guest's process still holds its end of the connection."""
        return self._client.runstate == Runstate.RUNNING

    @contextlib.contextmanager
    def listen(self, *names: str) -> Iterator[Events]:
        """Collect the named events from now on: enter it *before* sending the command."""
        listener, events = EventListener(names), Events()
        self._client.register_listener(listener)
        tasks = _call(self._start(listener, events), 5.0)
        try:
            yield events
        finally:
            self._client.remove_listener(listener)
            for task in tasks:
                _loop().call_soon_threadsafe(task.cancel)

    async def _start(self, listener: EventListener, events: Events) -> list[asyncio.Task[None]]:
        async def pump() -> None:
            async for event in listener:
                events.put(event)

        async def watch() -> None:
            while self._client.runstate == Runstate.RUNNING:
                await self._client.runstate_changed()
            events.put(None)

        return [asyncio.create_task(pump()), asyncio.create_task(watch())]

    def close(self) -> None:
        """Drop the connection; an end of the guest's process meanwhile is no error."""
        with contextlib.suppress(QMPError, OSError, EOFError, TimeoutError):
            _call(self._client.disconnect(), 5.0)
