"""`pveproxy start|stop`: the API server of this node."""

import os
import signal
import socket
from contextlib import suppress
from functools import partial
from types import SimpleNamespace

from reference.cli.options import program
from reference.cluster import membership, paths
from reference.errors import Failure
from reference.files import read_file, replace_file
from reference.task import wait

STOP_WAIT = 10.0


def start(_: SimpleNamespace) -> None:
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
    # for asyncio does not on connections of a listener it did not make: 40 ms an answer
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if os.fork():
        return
    _detach()
    replace_file(paths.proxy_pid(), f"{os.getpid()}\n")
    serve(listener)


def stop(_: SimpleNamespace) -> None:
    """End the server; tasks it has begun go on."""
    if pid := _running():
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            if wait(pid, STOP_WAIT):
                break


def _detach() -> None:
    """From now on a process of its own, whose complaints go to a log."""
    os.setsid()
    os.chdir("/")
    log = os.open(paths.proxy_log(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    for number, target in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
        os.dup2(target, number)


def _running() -> int | None:
    """The server's process by its pid file, which an ended one may have left."""
    text = read_file(paths.proxy_pid()).strip()
    words = read_file(f"/proc/{text}/cmdline").split("\0") if text.isdecimal() else []
    return int(text) if any(word.endswith("/pveproxy") for word in words) else None


main = partial(program, "pveproxy")
