"""How long is waited for an answer that does not come, where no scenario can wait so long."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from reference.guest import process
from reference.guest.monitor import Monitor
from reference.migration import memory, phase3
from reference.migration.tunnel import Tunnel
from tests.test_memory import Moving


@pytest.fixture
def tunnel(monkeypatch: pytest.MonkeyPatch) -> Any:
    """One whose other end says OK to everything; `waits` are the seconds it was given."""
    there: Any = Tunnel.__new__(Tunnel)
    there.waits, there._sockets = [], []
    monkeypatch.setattr(there, "_write", lambda line: None)

    def read(timeout: float) -> str:
        there.waits.append(timeout)
        return "OK"

    def end(grace: float) -> None:
        there.waits.append(grace)

    monkeypatch.setattr(there, "_read", read)
    monkeypatch.setattr(there, "_end", end)
    return there


def test_a_question_for_the_progress_may_take_an_hour() -> None:
    asked: dict[str, float] = {}

    def execute(command: str, timeout: float) -> dict[str, str]:
        asked[command] = timeout
        return {"status": "active"}

    migration: Any = Moving()
    monitor: Any = SimpleNamespace(execute=execute)
    memory.Transfer(migration, monitor, None)._query()  # type: ignore[arg-type]
    assert asked == {"query-migrate": 3600}


def test_every_other_command_may_take_ten_seconds() -> None:
    assert inspect.signature(Monitor.execute).parameters["timeout"].default == 10


def test_the_tunnel_has_a_minute_and_half_of_it_to_resume_and_to_quit(tunnel: Any) -> None:
    tunnel.command("anything")
    phase3._resume(SimpleNamespace(vmid=100, tunnel=tunnel))  # type: ignore[arg-type]
    tunnel.close()
    assert tunnel.waits == [60, 30, 30, 30]


def test_a_guest_is_asked_to_end_for_a_minute() -> None:
    assert (process.QUIT_WAIT, process.TERM_WAIT) == (60, 10)
