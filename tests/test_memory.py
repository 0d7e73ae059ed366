"""What counts as progress while memory moves, and what is logged of it (P2-43, P2-44)."""

from __future__ import annotations

from typing import Any

import pytest

from reference.guest.config import GuestConfig
from reference.guest.monitor import CommandRefused, Events
from reference.migration import memory


class Log:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, line: str) -> None:
        self.lines.append(line)

    error = info


class Moving:
    """A migration as far as the loop knows it."""

    def __init__(self) -> None:
        self.log, self.config, self.tunnel = Log(), GuestConfig(100), None


def info(ram: int, devices: int) -> dict[str, Any]:
    told = {"transferred": ram, "remaining": 9 << 20, "total": 32 << 20}
    return {"status": "active", "ram": told, "vfio": {"transferred": devices}}


@pytest.mark.parametrize(("ram", "devices", "lines"), [(0, 0, 0), (1, 0, 1), (0, 1, 1)])
def test_bytes_of_vfio_devices_are_progress_too(ram: int, devices: int, lines: int) -> None:
    migration: Any = Moving()
    loop: Any = memory.Transfer(migration, None, None)  # type: ignore[arg-type]
    loop._evaluate(info(1 << 20, 1 << 20))
    del migration.log.lines[:]
    loop._evaluate(info(ram + (1 << 20), devices + (1 << 20)))
    assert len(migration.log.lines) == lines


def test_bytes_of_vfio_devices_are_logged_if_there_are_any() -> None:
    migration: Any = Moving()
    loop: Any = memory.Transfer(migration, None, None)  # type: ignore[arg-type]
    loop._evaluate(info(1 << 20, 3 << 20))
    loop._evaluate(info(2 << 20, 0))
    first, second = migration.log.lines
    assert "transferred 1.0 MiB of 32.0 MiB VM-state, 0.0 B/s, 3.0 MiB of VFIO state" in first
    assert "VFIO" not in second


class Recovering:
    """A monitor that refuses a question for the progress in the midst of it."""

    def __init__(self) -> None:
        completed = info(2 << 20, 0) | {"status": "completed"}
        self.answers: list[Any] = [{}, info(1 << 20, 0), None, info(2 << 20, 0), completed]

    def execute(self, command: str, *_: object, **__: object) -> Any:
        if (answer := self.answers.pop(0)) is None:
            raise CommandRefused(command)
        return answer


def test_a_question_refused_after_some_progress_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "_FIRST_WAIT", 0.01)
    migration: Any = Moving()
    monitor: Any = Recovering()
    memory.Transfer(migration, monitor, Events()).run("unix:/nowhere")
    said = [line.partition(",")[0] for line in migration.log.lines]
    assert said[1:4] == [
        "migration active", "query migrate failed: query-migrate", "migration active"
    ]  # fmt: skip
    assert not monitor.answers
