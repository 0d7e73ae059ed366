"""Tasks: their ids, what a log's last line means, the index, the warnings that count."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import notice, task
from reference.api import worker
from reference.caller import CLI
from reference.cluster import paths
from reference.errors import Failure, ParameterFailure
from reference.task import TaskLog, Upid

names = st.text("abcXYZ019", min_size=1, max_size=8)
upids = st.builds(
    Upid, names, st.integers(1, 2**22), st.integers(1, 2**36 - 1), st.integers(1, 2**32 - 1),
    names, names | st.just(""), st.sampled_from(["root@pam", "ci@pve!run"]),
)  # fmt: skip


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    (tmp_path / "var/log/pve/tasks").mkdir(parents=True)
    return tmp_path / "var/log/pve/tasks"


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@given(upids)
def test_an_id_is_read_as_it_was_written(upid: Upid) -> None:
    assert task.parse_upid(str(upid)) == upid


@given(st.text(max_size=80) | upids.map(lambda upid: str(upid).replace(":", "/", 1)))
def test_what_is_no_id_is_a_400(text: str) -> None:
    with pytest.raises(ParameterFailure):
        task.parse_upid(text)


@pytest.mark.parametrize(
    ("log", "status", "failed"),
    [
        ("a\nTASK OK\n", "OK", False),
        ("a\nTASK WARNINGS: 3\n", "WARNINGS: 3", False),
        ("a\nTASK ERROR: migration aborted\n", "migration aborted", True),
        ("TASK OK\nb\n", "unexpected status", True),
        ("TASK ERROR: \n", "unexpected status", True),
        ("", "unexpected status", True),
        ("x" * 20000 + "\nTASK OK", "OK", False),
    ],
)
def test_the_last_line_says_how_it_ended(log: str, status: str, failed: bool) -> None:
    upid = task.begin("qmtest", "100", "root@pam", os.getpid())
    Path(upid.path).write_text(log)
    assert upid.status() == status
    assert task.is_error(status) == failed


@pytest.mark.parametrize(
    ("warnings", "error", "ending"),
    [
        (0, None, "TASK OK"),
        (2, None, "TASK WARNINGS: 2"),
        (2, "no\nroom ", "TASK ERROR: no room"),
        (0, "", "TASK ERROR: unknown error"),
    ],
)
def test_a_task_ends_as_its_body_does(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    warnings: int, error: str | None, ending: str,
) -> None:  # fmt: skip
    def work(arguments: dict[str, str], _: object, log: TaskLog) -> None:
        for number in range(warnings):
            log.warn(f"of the migration: {number}")
            notice.warn(f"of the task: {number}")
        if error is not None:
            raise Failure(error)

    monkeypatch.setattr(worker, "_body", lambda _: work)
    monkeypatch.setattr(notice, "given", [])
    failed = False
    try:
        assert worker.foreground("qmtest", "100", CLI, {}) == 0
    except Failure:
        failed = True
    assert failed == (error is not None)
    ((upid, ended, status),) = task.listing()
    lines = Path(upid.path).read_text().splitlines()
    assert lines[-1] == ending
    assert status == upid.status()
    assert ended is not None
    said = capsys.readouterr()
    assert sorted(said.out.splitlines() + said.err.splitlines()) == sorted(lines[:-1])
    assert (logs / "active").read_text() == ""


def test_a_task_that_died_is_found_by_the_next(logs: Path) -> None:
    gone = task.begin("qmtest", "100", "root@pam", os.getpid())._replace(pstart=1)
    (logs / "active").write_text(f"{gone}\n")
    assert [status for _, _, status in task.listing()] == ["unexpected status"]
    alive = task.begin("qmtest", "101", "root@pam", os.getpid())
    assert (logs / "active").read_text() == f"{alive}\n"
    assert (logs / "index").read_text().startswith(f"{gone} ")
    assert {upid.ident: status for upid, _, status in task.listing()} == {
        "100": "unexpected status", "101": None,
    }  # fmt: skip
