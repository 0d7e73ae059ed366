"""`pveproxy start|stop`: the API server of this node."""

import os
import signal
import socket
from contextlib import suppress
from types import SimpleNamespace

from reference.cluster import membership, paths
from reference.errors import Failure
from reference.files import read_file, replace_file

STOP_WAIT_MS = 10_000


def start(options: SimpleNamespace) -> None:
    """Listen, then answer in the background; who asks from now on is answered."""
    if pid := _running():
        raise Failure(f"pveproxy runs already, as process {pid}")
    for path in (*paths.certificate(membership.local_node()), paths.root_ca()):
        if not os.access(path, os.R_OK):
            raise Failure(f"can't read '{path}', without which there is no TLS")
    from reference.api.server import PORT, serve

    try:
        both = socket.has_dualstack_ipv6()
        family, host = (socket.AF_INET6, "::") if both else (socket.AF_INET, "")
        listener = socket.create_server((host, PORT), family=family, dualstack_ipv6=both)
    except OSError as error:
        raise Failure(f"can't listen on port {PORT}: {error.strerror}") from None
    if not options.debug and _detached():
        return
    replace_file(paths.proxy_pid(), f"{os.getpid()}\n")
    serve(listener)


def stop(_: SimpleNamespace) -> None:
    """End the server; tasks it has begun go on."""
    import select

    if pid := _running():
        handle = os.pidfd_open(pid)
        for number in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(handle, number)
            poller = select.poll()
            poller.register(handle, select.POLLIN)
            if poller.poll(STOP_WAIT_MS):
                break
    with suppress(FileNotFoundError):
        os.unlink(paths.proxy_pid())


def _detached() -> bool:
    """Go on as a process of its own; whether this is the one that was asked."""
    if os.fork():
        return True
    os.setsid()
    os.chdir("/")
    log = os.open(paths.proxy_log(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    return False


def _running() -> int | None:
    """The server's process by its pid file, which an ended one may have left."""
    text = read_file(paths.proxy_pid()).strip()
    words = read_file(f"/proc/{text}/cmdline").split("\0") if text.isdecimal() else []
    return int(text) if any(word.endswith("/pveproxy") for word in words) else None


def main() -> int:
    """Entry point of the command."""
    from reference.cli.options import program

    return program("pveproxy")
