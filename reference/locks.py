"""Advisory file locks of a node: flock, re-entrant per process and path (LOCK-01..10).

Waiting is a blocking flock ended by an interval timer: it wakes the moment the lock is free, the
holder the kernel names is this process itself, and no helper survives a killed waiter.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from reference.cluster import paths
from reference.errors import Failure

_held: set[str] = set()


class _Expired(Exception):
    """The timer of a waiting flock went off."""


@contextmanager
def lock_file(path: str, timeout: float = 10.0, shared: bool = False) -> Iterator[None]:
    """Hold a lock on the file, waiting at most `timeout` seconds (0 means 10)."""
    if path in _held:  # regardless of mode: the outermost block decides (LOCK-09)
        yield
        return
    fd = _open(path)
    try:
        _acquire(fd, path, timeout or 10.0, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        _held.add(path)
        yield
    finally:
        _held.discard(path)
        os.close(fd)  # releases: no other descriptor shares this open file


def guest_migration_lock(vmid: int, timeout: float = 10.0) -> AbstractContextManager[None]:
    """Serialise migrations and replications of a guest on this node (LOCK-01)."""
    return lock_file(paths.migration_lock(vmid), timeout)


def guest_config_lock(vmid: int, timeout: float = 10.0) -> AbstractContextManager[None]:
    """Serialise changes of a guest's config on this node (LOCK-03)."""
    return lock_file(paths.config_lock(vmid), timeout)


def _open(path: str) -> int:
    """Open for append: created if absent, never truncated (LOCK-05)."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError as error:
        raise Failure(f"can't open lock file '{path}' - {error.strerror}") from error


def _acquire(fd: int, path: str, timeout: float, mode: int) -> None:
    try:
        fcntl.flock(fd, mode | fcntl.LOCK_NB)
        return
    except BlockingIOError:
        print("trying to acquire lock...", file=sys.stderr, flush=True)

    def expire(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise _Expired

    previous = signal.signal(signal.SIGALRM, expire)
    try:
        # it repeats: a first alarm just before flock blocks would not interrupt it
        signal.setitimer(signal.ITIMER_REAL, timeout, 0.05)
        fcntl.flock(fd, mode)
    except _Expired:
        raise Failure(f"can't lock file '{path}' - got timeout") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
