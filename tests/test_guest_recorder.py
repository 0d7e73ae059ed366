"""The beat recorder: every line is stamped on arrival, nothing said is lost, nothing is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.guests import recorder
from fixtures.guests.beats import BeatLog, parse_log

SCRIPT = Path(recorder.__file__)


def start(directory: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-I", SCRIPT, directory], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Path]:
    with start(tmp_path) as process:
        yield tmp_path
        process.terminate()


def talk(directory: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(directory / "beat.sock"))
    return client


def logged(directory: Path, number: int, ready: Callable[[BeatLog], object]) -> BeatLog:
    """The numbered log once it is ready, within two seconds."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        for path in (directory / "beats").glob(f"{number}-*.log"):
            text = path.read_text()
            if text and ready(log := parse_log(text, path.name)):
                return log
        time.sleep(0.005)
    raise AssertionError(f"log {number} did not become what was waited for")


def test_lines_are_stamped_on_arrival_and_the_end_is_told(recording: Path) -> None:
    began = time.time_ns()
    with talk(recording) as client:
        client.sendall(b"B\n")
        first = logged(recording, 1, lambda log: log.lines)
        client.sendall(b"I\nnext\n")
    log = logged(recording, 1, lambda log: log.ended_ns)
    assert [line.text for line in log.lines] == ["B", "I", "next"]
    assert log.pid == os.getpid()
    assert log.ended_ns is not None
    assert began < log.connected_ns < log.lines[0].time_ns < log.lines[1].time_ns < log.ended_ns
    assert first.lines == log.lines[:1]


def test_an_unfinished_line_is_told_while_its_sender_is_still_there(recording: Path) -> None:
    with talk(recording) as client:
        client.sendall(b"B\nH0000")
        log = logged(recording, 1, lambda log: log.tail)
        assert log.tail is not None
        assert log.tail.text == "H0000"
        client.sendall(b"0001\n")
        log = logged(recording, 1, lambda log: len(log.lines) == 2)
        assert (log.lines[1].text, log.tail) == ("H00000001", None)


def test_each_connection_has_its_own_log(recording: Path) -> None:
    with talk(recording) as one, talk(recording) as two:
        two.sendall(b"two\n")
        one.sendall(b"one\n")
        for number, text in ((1, "one"), (2, "two")):
            assert logged(recording, number, lambda log: log.lines).lines[0].text == text


def test_bytes_that_are_no_text_stay_one_record(recording: Path) -> None:
    with talk(recording) as client:
        client.sendall(b"\x00\r\xff \n")
        assert logged(recording, 1, lambda log: log.lines).lines[0].text == r"\x00\r\xff "


def test_sigterm_ends_it_and_takes_the_socket_along(tmp_path: Path) -> None:
    with start(tmp_path) as process, talk(tmp_path) as client:
        client.sendall(b"cut")
        logged(tmp_path, 1, lambda log: log.tail)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    assert not (tmp_path / "beat.sock").exists()
    assert logged(tmp_path, 1, lambda log: log.ended_ns).tail is not None


def test_a_new_recorder_replaces_a_killed_one_and_keeps_its_logs(tmp_path: Path) -> None:
    with start(tmp_path) as killed, talk(tmp_path):
        logged(tmp_path, 1, lambda _: True)
        killed.kill()
    with start(tmp_path) as process, talk(tmp_path) as client:
        client.sendall(b"B\n")
        logged(tmp_path, 2, lambda log: log.lines)
        process.terminate()


def test_a_second_recorder_is_refused(recording: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-I", SCRIPT, recording], capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert second.stderr == f"recorder: {recording}/beat.sock: another recorder listens here\n"
    assert (recording / "beat.sock").exists()


def test_a_bad_directory_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bad = subprocess.run(
        [sys.executable, "-I", SCRIPT, tmp_path / "file"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (bad.returncode, bad.stderr.count("\n")) == (1, 1)
    assert "Not a directory" in bad.stderr
