"""The migrator's QMP client against servers that behave as QEMU may."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from reference.guest.monitor import Monitor, MonitorFailure

GREETING = {"QMP": {"version": {"qemu": {}, "package": ""}, "capabilities": []}}
EVENT = {"event": "JOB_STATUS_CHANGE", "data": {}, "timestamp": {"seconds": 1, "microseconds": 0}}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "qmp"))
        listening.listen()
        yield listening


def serve(listening: socket.socket, *conversations: Sequence[object]) -> None:
    """Each connection in turn: the greeting, then these lines after the first command."""

    def run() -> None:
        with suppress(OSError):  # the listener is closed at the test's end
            for lines in conversations:
                connection = listening.accept()[0]
                with connection, suppress(OSError):
                    connection.sendall(_lines(GREETING))
                    connection.recv(4096)
                    connection.sendall(_lines(*lines))
                    connection.recv(4096)

    threading.Thread(target=run, daemon=True).start()


def _lines(*messages: object) -> bytes:
    return "".join(f"{json.dumps(message)}\n" for message in messages).encode()


def test_an_event_may_overtake_the_end_of_the_negotiation(server: socket.socket) -> None:
    serve(server, [EVENT, {"return": {}}], [EVENT, {"return": {}}], [{"return": {}}])
    with Monitor(server.getsockname()) as monitor:
        assert monitor.alive


def test_a_server_that_never_agrees_is_given_up(server: socket.socket) -> None:
    serve(server, *[[{"error": {"class": "GenericError", "desc": "no"}}]] * 10_000)
    with pytest.raises(MonitorFailure, match="no QMP greeting"):
        Monitor(server.getsockname(), timeout=0.3)
