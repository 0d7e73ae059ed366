"""Commands on another node through one kept ssh connection (NET-06, NET-07).

The connection is shared by all one-shot commands of a run (ControlMaster), so a
command costs a round trip, not a handshake; it ends with the run.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO, Any

from reference.cluster import paths
from reference.errors import Failure

# A dead link is noticed within INTERVAL * COUNT seconds, for nothing in a
# migration is bounded by a time-out of its own (P2-49).
_ALIVE = ("-o", "ServerAliveInterval=2", "-o", "ServerAliveCountMax=3", "-o", "ConnectTimeout=10")


class Remote:
    """One other node: `run` one-shot commands there as root."""

    def __init__(self, node: str, address: str) -> None:
        self.node, self.address = node, address
        self.control = f"{paths.RUN}/ssh-{node}-{os.getpid()}"
        self._forwards: list[str] = []
        self._master: subprocess.Popen[bytes] | None = None
        self._asides: list[subprocess.Popen[bytes]] = []
        self._ready = self._renewed = False

    def ssh(self, *options: str) -> list[str]:
        """The argument vector up to the host; the kept connection is used if there is one."""
        base = (paths.SSH, "-e", "none", "-o", "BatchMode=yes")
        alias = ["-o", f"HostKeyAlias={self.node}"]
        if os.path.exists(known := paths.known_hosts(self.node)):
            alias += ["-o", f"UserKnownHostsFile={known}", "-o", "GlobalKnownHostsFile=none"]
        return [*base, *alias, *options, *_ALIVE, "-S", self.control, f"root@{self.address}"]

    def open(self, forwards: Mapping[str, str], *options: str) -> None:
        """Begin to log in; unix sockets over there (the values) are to be reachable here."""
        os.makedirs(paths.RUN, exist_ok=True)
        self._forwards += forwards
        for local in forwards:
            _unlink(local)
        leading = [word for pair in forwards.items() for word in ("-L", ":".join(pair))]
        # Our end of the pipe holds the connection: it ends with this process, however that ends.
        self._master = subprocess.Popen(
            [*self.ssh("-M", *options, *leading), "--", "/bin/true && echo ready && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def connect(self) -> None:
        """Wait for the kept connection, which began with the first probe (NET-07)."""
        assert self._master
        assert self._master.stdout
        self._ready = self._master.stdout.readline() == b"ready\n"
        self.probe(works=self._ready)

    def probe(self, *, works: bool | None = None) -> None:
        """Whether a command can be run there (NET-07)."""
        if not (self.run(["/bin/true"]).returncode == 0 if works is None else works):
            raise Failure(f"Can't connect to destination address '{self.address}' using public key")

    def run(
        self, command: Sequence[str], *, timeout: float | None = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command there, output as text; exit code 255 when the node is out of reach.

        A connection that was lost is tried again once: a cleanup would wait for it at every step.
        """
        argv = [*self.ssh(), "--", shlex.join(command)]
        if not self._usable():
            return subprocess.CompletedProcess(argv, 255, "", "the connection was lost")
        try:
            return subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                errors="replace", timeout=timeout, start_new_session=True, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(argv, 255, "", f"no answer in {timeout:g} s")

    def _usable(self) -> bool:
        """Whether commands get through, as far as is known; what was lost is made anew, once."""
        if self._master and self._master.poll() is not None and not self._renewed:
            self._renewed = True
            _unlink(self.control)
            self.open({}, "-o", "ConnectTimeout=3")
            try:
                self.connect()
            except Failure:
                self._master.kill()
                self._master.wait()
        return not self._master or self._master.poll() is None

    def check(self, command: Sequence[str], *, timeout: float | None = 60.0) -> str:
        """Like `run`, but a non-zero exit is a Failure naming command and error."""
        done = self.run(command, timeout=timeout)
        if done.returncode:
            reason = done.stderr.strip() or f"exit code {done.returncode}"
            raise Failure(f"command '{shlex.join(command)}' failed on {self.node}: {reason}")
        return done.stdout

    def popen(
        self, command: Sequence[str], *, stdin: IO[bytes] | int, **pipes: Any
    ) -> subprocess.Popen[bytes]:
        """Start a command there; out of reach of signals meant for this process's group."""
        argv = [*self.ssh(), "--", shlex.join(command)]
        return subprocess.Popen(argv, stdin=stdin, start_new_session=True, **pipes)

    def aside(self, *options: str, command: Sequence[str] = ()) -> subprocess.Popen[bytes] | None:
        """Start an ssh on the kept connection that nobody listens to; `close` awaits its end."""
        if not self._master or not self._usable():
            return None
        argv, null = [*self.ssh(*options), "--", *command], subprocess.DEVNULL
        child = subprocess.Popen(argv, stdin=null, stdout=null, stderr=null, start_new_session=True)
        self._asides.append(child)
        return child

    def close(self) -> None:
        """End the kept connection and remove what it left in the file system."""
        if self._master:
            try:
                if not self._ready:
                    self._master.terminate()
                self._master.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                self._master.kill()
                self._master.communicate()
        for child in self._asides:
            child.wait()
        for path in [*self._forwards, self.control]:
            _unlink(path)


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
