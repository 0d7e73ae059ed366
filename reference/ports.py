"""TCP ports a migration listens on (NET-10)."""

import errno
import select
import socket
import time

from reference.cluster import paths
from reference.errors import Failure
from reference.files import read_file
from reference.locks import lock_file

PORTS = range(60000, 60050)
SPICE_PORTS = range(61000, 62000)
RESERVATION = 5.0


def next_migrate_port(address: str) -> int:
    """The lowest free port on the address; nobody else is given it for 5 s."""
    return _next_port(PORTS, address)


def next_spice_port() -> int:
    """The same for a display, on this node's loopback."""
    return _next_port(SPICE_PORTS, "127.0.0.1")


def _next_port(ports: range, address: str) -> int:
    with lock_file(paths.ports_lock()):
        now = time.time()
        reserved = {port: at for port, at in _reserved().items() if 0 <= now - at < RESERVATION}
        for port in ports:
            if port not in reserved and _is_free(address, port):
                reserved[port] = now
                with open(paths.reserved_ports(), "w", encoding="ascii") as file:
                    file.writelines(f"{port} {at}\n" for port, at in sorted(reserved.items()))
                return port
    raise Failure(f"no free port in {ports[0]}-{ports[-1]} on '{address}'")


def _reserved() -> dict[int, float]:
    try:
        lines = read_file(paths.reserved_ports()).splitlines()
        return {int(port): float(at) for port, at in map(str.split, lines)}
    except ValueError:  # a torn line only costs a reservation
        return {}


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family, backlog=1)


def _is_free(address: str, port: int) -> bool:
    try:
        _listen(address, port).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise Failure(f"cannot listen on '{address}': {error.strerror}") from error
    return True


def accept_one(address: str, port: int, timeout: float = 30.0) -> int:
    """Print where to connect, wait for one client; its descriptor (SYNC-15).

    Ends early when nobody reads the output any more, for then nobody will connect.
    """
    with _listen(address, port) as listener:
        print(f"{address}\n{port}", flush=True)
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(1, 0)  # reports a closed reader and nothing else
        ready = dict(poll.poll(timeout * 1000))
        if listener.fileno() not in ready:
            raise Failure("output closed" if ready else "timed out waiting for client")
        client, _ = listener.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a dead link must not hang it
    for option, seconds in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        client.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    return client.detach()
