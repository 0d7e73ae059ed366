"""File locks between real processes (LOCK-01..10)."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reference.cluster import paths
from reference.errors import Failure
from reference.locks import guest_config_lock, guest_migration_lock, lock_file

_HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_SH if sys.argv[2] == "shared" else fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def held_elsewhere(path: Path, mode: str = "exclusive") -> Iterator["subprocess.Popen[bytes]"]:
    """Another process holds the lock until a line is written to it or the block ends."""
    command = [sys.executable, "-I", "-c", _HOLDER, str(path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        yield holder
        if holder.stdin:
            holder.stdin.close()


def is_free(path: Path) -> bool:
    """Whether another open file could be locked now."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_held_inside_released_after(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "lock"
    with lock_file(str(path)):
        assert not is_free(path)
    assert is_free(path)
    assert path.exists()


def test_content_is_never_truncated(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("kept")
    with lock_file(str(path)):
        assert path.read_text() == "kept"


def test_released_when_the_body_raises(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(ZeroDivisionError), lock_file(str(path)):
        _ = 1 / 0
    assert is_free(path)


def test_nested_requests_are_granted_and_keep_the_lock(tmp_path: Path) -> None:
    path, other = tmp_path / "lock", tmp_path / "other"
    with lock_file(str(path)):
        with lock_file(str(path), shared=True), lock_file(str(other)):
            assert not is_free(other)
        assert is_free(other)
        assert not is_free(path)
    assert is_free(path)


def test_timeout_names_the_path_and_the_body_does_not_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lock"
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    with held_elsewhere(path), pytest.raises(Failure) as refusal, lock_file(str(path), 0.2):
        pytest.fail("ran without the lock")
    assert str(refusal.value) == f"can't lock file '{path}' - got timeout"
    assert capfd.readouterr().err == "trying to acquire lock...\n"
    assert signal.signal(signal.SIGALRM, before) is signal.SIG_IGN
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_waits_until_the_holder_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    order: list[str] = []

    def release_by_kill(holder: "subprocess.Popen[bytes]") -> None:
        order.append("released")
        holder.kill()

    with held_elsewhere(path) as holder:
        release = threading.Timer(0.2, release_by_kill, [holder])
        release.start()
        with lock_file(str(path), 20.0):
            order.append("granted")
        release.join()
    assert order == ["released", "granted"]


def test_another_signal_does_not_end_the_wait_unless_it_raises(tmp_path: Path) -> None:
    path, seen = tmp_path / "lock", []
    previous = signal.signal(signal.SIGUSR1, lambda *_: seen.append("signal"))
    try:
        with held_elsewhere(path):
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(Failure, match="got timeout"), lock_file(str(path), 0.3):
                pass
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert seen == ["signal"]


def test_a_raising_handler_ends_the_wait_and_leaves_no_timer(tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "lock"
    previous = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with held_elsewhere(path):
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(KeyboardInterrupt), lock_file(str(path), 20.0):
                pass
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert is_free(path)


def test_shared_holders_meet_and_an_exclusive_request_waits_for_them(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_elsewhere(path, "shared"):
        with lock_file(str(path), 0.2, shared=True):
            pass
        with pytest.raises(Failure, match="got timeout"), lock_file(str(path), 0.2):
            pass


def test_many_timers_never_lose_the_wake_up(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_elsewhere(path):
        for _ in range(40):  # so short that many go off before flock blocks
            start = time.monotonic()
            with pytest.raises(Failure), lock_file(str(path), 1e-6):
                pass
            assert time.monotonic() - start < 5


def test_guest_locks_are_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    migration = tmp_path / "var/lock/pve-manager/pve-migrate-100"
    config = tmp_path / "var/lock/qemu-server/lock-100.conf"
    with guest_migration_lock(100), guest_config_lock(100):
        assert not is_free(migration)
        assert not is_free(config)
    assert is_free(migration)
    assert is_free(config)


def test_an_impossible_lock_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="can't open lock file"), lock_file(f"{tmp_path}/file/lock"):
        pass
