"""The source's end of a live migration's ssh tunnel (TUN-01, TUN-03, TUN-06..08, TUN-10)."""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import time
from collections.abc import Sequence

from reference.cluster import paths
from reference.errors import Failure, Interrupted
from reference.migration.signals import broken_pipes_as_errors
from reference.ssh import Remote

_SOCKET = re.compile(r"/run/qemu-server/(?:(?!\.\.)[^/\s])+\.migrate")


class Tunnel:
    """Commands as lines, unix sockets forwarded one to one."""

    def __init__(self, remote: Remote, sockets: Sequence[str]) -> None:
        for path in sockets:
            if not _SOCKET.fullmatch(path):
                raise Failure(
                    f"unexpected socket path '{path}' from the target, "
                    "expected '/run/qemu-server/<name>.migrate'"
                )
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        self._remote, self._sockets, self._buffer = remote, list(sockets), b""
        self._forwards = [part for path in sockets for part in ("-L", f"{path}:{path}")]
        options = ["-o", "ExitOnForwardFailure=yes", *self._forwards]
        self._child = subprocess.Popen(
            [*remote.ssh(*options), "--", paths.QM, "mtunnel"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            self._greet()
            self._await_sockets()
        except BaseException:
            self._end(grace=0)
            raise

    def _greet(self) -> None:
        try:
            greeting = self._read(60)
            if greeting != "tunnel online":
                raise Failure(f"got unexpected greeting '{greeting}'")
            version = self._read(10)
            if version != "ver 1":
                raise Failure(f"got unexpected version '{version}', expected 'ver 1'")
        except Interrupted:
            raise
        except Failure as error:
            raise Failure(f"can't open tunnel - {error}") from None

    def _await_sockets(self) -> None:
        """ssh makes all forwards before the greeting, so this normally looks once (TUN-08)."""
        for _ in range(101):
            if all(os.path.exists(path) for path in self._sockets):
                return
            time.sleep(0.05)
        raise Failure(f"timeout, migration socket {self._sockets[0]} did not get ready")

    def _read(self, timeout: float) -> str:
        assert self._child.stdout
        descriptor, deadline = self._child.stdout.fileno(), time.monotonic() + timeout
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise Failure("timed out waiting for a reply")
            data = os.read(descriptor, 4096)
            if not data:
                raise Failure("the tunnel was closed by the other end")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode(errors="replace").strip()

    def alive(self) -> bool:
        """Whether the ssh process still runs."""
        return self._child.poll() is None

    def command(self, line: str, timeout: float = 60.0) -> None:
        """Send one command and expect `OK` within `timeout` seconds (TUN-06)."""
        self._write(line)
        reply = self._read(timeout)
        if reply != "OK":
            raise Failure(f"tunnel replied '{reply}' to command '{line}'")

    def _write(self, line: str) -> None:
        assert self._child.stdin
        try:
            with broken_pipes_as_errors():
                self._child.stdin.write(line.encode() + b"\n")
                self._child.stdin.flush()
        except (OSError, ValueError) as error:
            raise Failure(f"writing '{line}' to the tunnel failed - {error}") from None

    def close(self) -> None:
        """quit, close, wait, TERM, KILL; then the socket files go on both nodes (TUN-07)."""
        error: Failure | None = None
        forwarded = self._remote.aside("-O", "cancel", *self._forwards) if self._sockets else None
        try:
            self.command("quit", 30)
        except Failure as failure:
            error = failure
        self._end(grace=30 if error is None else 0)
        if forwarded:
            forwarded.wait(10)
        if self._sockets:
            self._remote.aside(command=["rm", "-f", *self._sockets])
        if error:
            raise error

    def _end(self, grace: float) -> None:
        assert self._child.stdin
        assert self._child.stdout
        with contextlib.suppress(OSError), broken_pipes_as_errors():
            self._child.stdin.close()
        for wait, action in ((grace, self._child.terminate), (10, self._child.kill)):
            try:
                self._child.wait(wait)
                break
            except subprocess.TimeoutExpired:
                action()
        self._child.wait()
        self._child.stdout.close()
        for path in self._sockets:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
