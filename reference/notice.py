"""Warnings: a line on standard error, which the ending of a task counts (TASK-03, TASK-05)."""

import sys

given: list[str] = []


def warn(text: object) -> None:
    """Tell about something that is not as it should be, and go on."""
    given.append(str(text))
    print(f"WARN: {text}", file=sys.stderr, flush=True)
