"""A guest's process: recognised by its pid file's name on the command line, and ended."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference.cluster import paths
from reference.errors import Failure
from reference.guest import process
from reference.guest.config import GuestConfig
from reference.guest.devices import Launch

SLEEPER = "import signal, sys; print(1, flush=True); signal.pause()"
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN); " + SLEEPER


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    folder = Path(paths.pid_file(100)).parent
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def child(run: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    code = getattr(request, "param", SLEEPER)
    argv = [sys.executable, "-c", code, "-pidfile", paths.pid_file(100)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as started:
        assert started.stdout
        started.stdout.readline()
        (run / "100.pid").write_text(f"{started.pid}\n")
        yield started
        started.kill()


def test_the_guests_own_process_is_found(child: subprocess.Popen[bytes]) -> None:
    assert process.running_pid(100) == child.pid


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("text", [None, "", "word", "1", "99999999"])
def test_no_process_of_the_guest(text: str | None) -> None:
    if text is not None:
        Path(paths.pid_file(100)).write_text(text)
    assert process.running_pid(100) is None


def test_a_zombie_does_not_run(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGKILL)
    assert child.stdout
    child.stdout.read()  # its end closes the pipe; nobody has reaped it
    handle = f"/proc/{child.pid}/stat"
    while Path(handle).read_text().rpartition(")")[2].split()[0] != "Z":
        pass
    assert process.running_pid(100) is None


def test_stopping_ends_it_and_removes_its_files(child: subprocess.Popen[bytes], run: Path) -> None:
    own = ["100.qmp", "100.serial0", "100.migrate", "100_nbd.migrate", "100.log"]
    for name in (*own, "1001.qmp", "100.other"):
        (run / name).touch()
    process.stop_guest(100, ask=False)
    assert child.wait(5) == -signal.SIGTERM
    assert sorted(path.name for path in run.iterdir()) == ["100.other", "1001.qmp"]


@pytest.mark.parametrize("child", [STUBBORN], indirect=True)
def test_a_stubborn_process_is_killed(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "TERM_WAIT", 0.1)
    process.stop_guest(100, ask=False)
    assert child.wait(5) == -signal.SIGKILL


@pytest.mark.usefixtures("run")
def test_stopping_a_stopped_guest_is_no_error() -> None:
    process.stop_guest(100)


SLOW = f"""\
#!/bin/sh
while [ "$1" != -pidfile ]; do shift; done
{sys.executable} -c '{SLEEPER}' "$2" >/dev/null &
echo $! >"$2"
wait
"""


def test_a_start_that_takes_too_long_is_ended(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that was started, and the one it leaves in the background."""
    qemu = tmp_path / "qemu"
    qemu.write_text(SLOW)
    qemu.chmod(0o755)
    monkeypatch.setattr(paths, "QEMU", str(qemu))
    with pytest.raises(Failure, match="not ready within 1 s"):
        process.start_guest(GuestConfig(100), {}, Launch(timeout=1))
    assert subprocess.run(["pgrep", "-f", f"{tmp_path}.*100.pid"], check=False).returncode == 1
