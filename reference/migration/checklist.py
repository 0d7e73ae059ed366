"""Cleaning up, written once: every step runs, each error is logged."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reference.task import TaskLog

Step = tuple[str, Callable[[], object]]


def work_off(log: TaskLog, steps: Iterable[Step]) -> bool:
    """Run the steps in order whatever fails; True if none did."""
    clean = True
    for what, step in steps:
        try:
            step()
        except Exception as error:
            log.error(f"{what} failed - {error}")
            clean = False
    return clean
