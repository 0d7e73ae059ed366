"""QMP on a plain socket: as little as can be between a question and its answer."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Event = dict[str, Any]


class Qmp:
    """One connection, used by one thread; events that came meanwhile are kept in order."""

    def __init__(self, connection: socket.socket, timeout: float = 300.0) -> None:
        connection.settimeout(timeout)
        self._connection = connection
        self._file = connection.makefile("rb")
        self.events: list[Event] = []
        self._read()
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: Any) -> Any:
        """The answer to a command; RuntimeError with QEMU's own words when it is refused."""
        request = {"execute": command, "arguments": arguments}
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        while True:
            answer = self._read()
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def wait(self, wanted: Callable[[Event], bool]) -> Event:
        """The first event of that kind, past or to come; it and those before are forgotten."""
        while True:
            while self.events:
                if wanted(event := self.events.pop(0)):
                    return event
            answer = self._read()
            self.events += [answer] if "event" in answer else []

    def close(self) -> None:
        """Leave, for QEMU serves one client at a time."""
        self._file.close()
        self._connection.close()

    def quit(self) -> None:
        """End QEMU and wait until it has closed its monitor."""
        try:
            self.execute("quit")
            while True:
                self._read()
        except (EOFError, OSError):
            self.close()

    def _read(self) -> Event:
        line = self._file.readline()
        if not line:
            raise EOFError("QEMU has closed its monitor")
        answer: Event = json.loads(line)
        return answer


class Listener:
    """Hears the events of a QEMU until that ends or nobody wants to know more."""

    def __init__(self, connection: socket.socket) -> None:
        self.heard: list[Event] = []
        self._connection = connection
        self._qmp = Qmp(connection)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _keep(self, event: Event) -> bool:
        self.heard.append(event)
        return False

    def _work(self) -> None:
        with suppress(EOFError, OSError, ValueError):
            self._qmp.wait(self._keep)

    def end(self) -> list[Event]:
        """Everything that was heard."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5.0)
        self._qmp.close()
        return self.heard
