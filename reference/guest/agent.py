"""Commands for the agent inside a guest, over the socket of its serial port."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from contextlib import suppress

from reference.cluster import paths
from reference.errors import Failure

SYNC_WAIT = 3.0  # seconds; an agent that runs answers at once
WAITS = {"ping": 3.0, "fstrim": 600.0}  # seconds; big disks take their time to be trimmed


def execute(vmid: int, command: str) -> object:
    """Run one command, and return its answer; Failure if there is none, or an error."""
    with socket.socket(socket.AF_UNIX) as connection:
        answers = _answers(connection)
        try:
            connection.settimeout(SYNC_WAIT)
            connection.connect(paths.agent_socket(vmid))
            _synchronize(connection, answers)
        except OSError:
            raise Failure("QEMU guest agent is not running") from None
        try:
            connection.settimeout(WAITS[command])
            _ask(connection, f"guest-{command}")
            return _result(next(answers, b""), command)
        except OSError:
            raise Failure(f"guest-{command}: no answer within {WAITS[command]:g} s") from None


def _synchronize(connection: socket.socket, answers: Iterator[bytes]) -> None:
    """Pass over what it says to others: 0xFF ends what they began, and comes before our answer."""
    number = random.randrange(1, 1 << 31)
    connection.sendall(b"\xff")
    _ask(connection, "guest-sync-delimited", {"id": number})
    for answer in answers:
        with suppress(ValueError):
            if json.loads(answer.rpartition(b"\xff")[2]) == {"return": number}:
                return
    raise ConnectionError


def _ask(connection: socket.socket, command: str, arguments: dict[str, int] | None = None) -> None:
    words = {"execute": command, **({"arguments": arguments} if arguments else {})}
    connection.sendall(json.dumps(words).encode() + b"\n")


def _answers(connection: socket.socket) -> Iterator[bytes]:
    """Line by line, until it hangs up."""
    with connection.makefile("rb") as file:
        yield from (line.strip() for line in file)


def _result(line: bytes, command: str) -> object:
    try:
        answer = json.loads(line)
        if "return" in answer:
            return answer["return"]
        reason = str(answer["error"]["desc"])
    except (ValueError, KeyError, TypeError):
        reason = f"unexpected answer '{line[:80].decode(errors='replace')}'"
    raise Failure(f"guest-{command}: {reason}")
