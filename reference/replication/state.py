"""What this node knows of the runs of its jobs: guest, target id, facts (REPL-13, REPL-14)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reference.cluster import membership, paths
from reference.errors import Failure
from reference.files import read_file, replace_file
from reference.locks import guest_migration_lock, lock_file
from reference.replication.jobs import Job
from reference.task import process_start

State = dict[str, Any]  # times in Unix seconds, duration in seconds
States = dict[str, State]  # by target id
_COUNTS = frozenset(["last_sync", "last_try", "last_iteration", "fail_count"])


def record_start(job: Job, start: int) -> State:
    """A run begins; returns what was known before (REPL-14)."""
    with _changing(job.guest) as states:
        before = {**dict.fromkeys(_COUNTS, 0), "storeid_list": [], **states.get(job.target_id, {})}
        pid = os.getpid()
        states[job.target_id] = {
            **before, "pid": pid, "ptime": process_start(pid),
            "last_node": membership.local_node(), "last_try": start, "last_iteration": start,
        }  # fmt: skip
    return before


def record_end(job: Job, start: int, duration: float, error: str | None = None) -> None:
    """A run is over: a success resets the failures, an error counts as one more (REPL-14)."""
    with _changing(job.guest) as states:
        state = {**states.pop(job.target_id), "duration": round(duration, 6)}
        for key in ("pid", "ptime", "error"):
            state.pop(key, None)
        if error is not None:
            state |= {"error": error, "fail_count": state["fail_count"] + 1}
        elif "remove_job" in job.options:
            return
        else:
            state |= {"last_sync": start, "fail_count": 0}
        states[job.target_id] = state


def states_after_move(vmid: int, source: str, target: str) -> States:
    """The guest's states for its new node, where the old target is the old source (REPL-09)."""
    states = _read().get(str(vmid), {})
    if f"local/{target}" in states:
        states[f"local/{source}"] = states.pop(f"local/{target}")
    return states


def store_states(vmid: int, text: str) -> None:
    """Take over a guest's states as another node sent them (P3-04)."""
    new = _check_states(_json(text, "replication state"), "replication state")
    with _changing(vmid) as states:
        states.clear()
        states.update(new)


def _check_states(value: object, origin: str) -> States:
    """One guest's states, if that is what the JSON value is; facts not used here are kept."""
    if not isinstance(value, dict):
        raise Failure(f"{origin}: expected an object of target ids, got '{value}'")
    for key, state in value.items():
        if not re.fullmatch(r"local/[A-Za-z0-9-]+", key) or not isinstance(state, dict):
            raise Failure(f"{origin}: expected 'local/<node>' and its state, got '{key}'")
        for name in _COUNTS & state.keys():
            if type(state[name]) is not int or state[name] < 0:
                expected = f"an integer from 0, got '{state[name]}'"
                raise Failure(f"{origin}: {key}: {name}: expected {expected}")
    return value


@contextmanager
def _changing(vmid: int) -> Iterator[States]:
    """The guest's states, written back after the block; an empty entry is dropped."""
    with guest_migration_lock(vmid), lock_file(paths.replication_state_lock()):
        everyone = _read()
        states = everyone.pop(str(vmid), {})
        yield states
        if states:
            everyone[str(vmid)] = states
        import json

        replace_file(paths.replication_state(), json.dumps(everyone), 0o644)


def _read() -> dict[str, States]:
    path = paths.replication_state()
    everyone = _json(read_file(path) or "{}", path)
    if not isinstance(everyone, dict):
        raise Failure(f"{path}: expected an object of guests")
    return {vmid: _check_states(states, f"{path}: {vmid}") for vmid, states in everyone.items()}


def _json(text: str, origin: str) -> object:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure(f"{origin}: expected JSON: {error}") from None
