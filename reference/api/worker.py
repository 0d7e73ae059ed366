"""Tasks run by a process of their own, or in the foreground of a command (API-27, CLI-07).

`python -I -m reference.api.worker` is the former: what to do is JSON on its standard input.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TextIO

from reference import task
from reference.caller import Caller
from reference.errors import Failure
from reference.task import TaskLog, Upid

Body = Callable[[dict[str, Any], Caller, TaskLog], None]

# What runs in a task of that kind; in all others a command by its name.
BODIES = {"qmigrate": "reference.api.migrate:work", "hamigrate": "reference.api.migrate:queue"}


def start(kind: str, ident: str, caller: Caller, arguments: Mapping[str, Any]) -> str:
    """Begin a task in a background process, leader of its own group; its id."""
    import json
    import subprocess
    import threading

    worker = subprocess.Popen(
        [sys.executable, "-I", "-m", "reference.api.worker"], cwd="/", start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    upid = task.begin(kind, ident, caller.authid, worker.pid)
    asked = {"upid": upid, "caller": caller, "arguments": dict(arguments)}
    with suppress(BrokenPipeError):  # it was killed already: its log has no ending
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(asked).encode())
        worker.stdin.close()
    threading.Thread(target=worker.wait, daemon=True).start()  # no zombie stays
    return str(upid)


def foreground(kind: str, ident: str, caller: Caller, arguments: Mapping[str, Any]) -> int:
    """Run a task in this process, told on the terminal too; exit code by its log (CLI-08)."""
    upid = task.begin(kind, ident, caller.authid, os.getpid())
    out, err = sys.stdout, sys.stderr
    with open(upid.path, "a", encoding="utf-8", errors="replace") as file:
        sys.stdout, sys.stderr = _Tee(out, file), _Tee(err, file)
        try:
            status = task.run(upid, lambda log: _body(kind)(dict(arguments), caller, log))
        finally:
            sys.stdout, sys.stderr = out, err
    if not task.is_error(status):
        return 0
    raise Failure(status)


class _Tee(io.TextIOBase):
    """Text for the terminal and for the log; a reader who went away must not end the task."""

    def __init__(self, *sinks: TextIO) -> None:
        self._sinks = sinks

    def write(self, text: str) -> int:
        for sink in self._sinks:
            with suppress(OSError, ValueError):
                sink.write(text)
                sink.flush()
        return len(text)


def _body(kind: str) -> Body:
    from importlib import import_module

    module, _, name = BODIES.get(kind, "reference.api.worker:command").partition(":")
    body: Body = getattr(import_module(module), name)
    return body


def command(arguments: dict[str, Any], _: Caller, log: TaskLog) -> None:
    """A command by its name, such as "qm start", with its method's verified values."""
    from reference.api import schema
    from reference.api.methods import METHODS
    from reference.cli.options import execute

    method = next(method for method in METHODS if method.name == arguments["command"])
    if code := execute(method, schema.arguments(method, arguments["values"])):
        raise Failure(f"exit code {code}")


def main() -> int:
    """Run the task that standard input tells, its output going to its log."""
    import json

    asked = json.load(sys.stdin)
    upid, caller = Upid(*asked["upid"]), Caller(*asked["caller"])
    log = os.open(upid.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    for number in (1, 2):
        os.dup2(log, number)
    os.close(log)
    if caller.environment == "ha":
        print("task started by HA resource agent", flush=True)
    status = task.run(upid, lambda log: _body(upid.kind)(asked["arguments"], caller, log))
    return int(task.is_error(status))


if __name__ == "__main__":
    raise SystemExit(main())
