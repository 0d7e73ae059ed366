"""Drive mirrors from the source's drives into the target's NBD exports (P2-23..30, P2-50)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from reference.errors import Failure
from reference.guest.devices import drive_node
from reference.guest.machine import machine_version
from reference.guest.monitor import CommandRefused, Events, Monitor
from reference.migration import limits
from reference.migration.state import Announced, Migration

EVENTS = ("BLOCK_JOB_READY", "BLOCK_JOB_ERROR", "BLOCK_JOB_COMPLETED", "BLOCK_JOB_CANCELLED",
           "JOB_STATUS_CHANGE")  # fmt: skip
TARGET = "mirror-target-"  # begins the names of the nodes that blockdev-mirror writes to


class Mirrors:
    """All mirror jobs of one migration; they stay ready until RAM has moved."""

    def __init__(self, migration: Migration, monitor: Monitor, events: Events) -> None:
        self._migration, self._monitor, self._events = migration, monitor, events
        self.jobs: dict[str, str] = {}  # job id -> drive

    def start(self, announced: Announced, limit: int | None) -> None:
        """Mirror one more drive and wait until all jobs so far are ready; `limit` in bytes/s."""
        self._migration.log.info(f"start mirroring drive '{announced.drive}' to {announced.nbd}")
        modern = machine_version(self._migration.machine) >= (10, 0)
        begin = self._blockdev_mirror if modern else self._drive_mirror
        options = {"sync": "full", "auto-dismiss": False}
        begin(announced, {**options, **({"speed": limit} if limit else {})})
        self._wait_ready()

    def _drive_mirror(self, announced: Announced, options: dict[str, Any]) -> None:
        job = f"drive-{announced.drive}"
        self.jobs[job] = announced.drive
        target = {"target": announced.nbd, "mode": "existing", "format": "nbd"}
        self._monitor.execute("drive-mirror", {"device": job, "job-id": job, **target, **options})

    def _blockdev_mirror(self, announced: Announced, options: dict[str, Any]) -> None:
        job, node = f"mirror-{announced.drive}", f"{TARGET}{announced.drive}"
        file = {"driver": "nbd", **nbd_server(announced.nbd)}
        self._monitor.execute("blockdev-add", {"driver": "raw", "node-name": node, "file": file})
        self.jobs[job] = announced.drive
        device = f"drive-{announced.drive}"
        own = {"device": device, "replaces": drive_node(announced.drive), "target": node}
        self._monitor.execute("blockdev-mirror", {"job-id": job, **own, **options})

    def _wait_ready(self) -> None:
        began = logged = time.monotonic()
        while True:
            states = self._states()
            now = time.monotonic()
            ready = all(job.get("ready") for job in states.values())
            if ready or now - logged >= 1:
                self._log_progress(states, now - began)
                logged = now
            if ready:
                return
            self._next_event()

    def _next_event(self) -> None:
        """Wake on an event or after the catalogue's second (P2-27)."""
        event = self._events.get(1.0)
        if event and event["event"] == "BLOCK_JOB_ERROR":
            raise Failure(f"{event['data']['device']}: mirroring failed - I/O error")
        self._migration.check_target()

    def _states(self) -> dict[str, Any]:
        running = {job["device"]: job for job in self._monitor.execute("query-block-jobs")}
        for job in self.jobs:
            state = running.get(job)
            if state is None or state.get("status") == "concluded" or state.get("error"):
                reason = (state or {}).get("error", "job vanished")
                raise Failure(f"{job}: mirroring failed - {reason}")
        return {job: running[job] for job in self.jobs}

    def _log_progress(self, states: dict[str, Any], seconds: float) -> None:
        for name, job in states.items():
            share = 100 * job["offset"] / job["len"] if job["len"] else 100.0
            done = f"transferred {render(job['offset'])} of {render(job['len'])} ({share:.2f}%)"
            state = ", ready" if job.get("ready") else ""
            self._migration.log.info(f"{name}: {done} in {seconds:.0f}s{state}")

    def switch_to_active(self) -> None:
        """Where QEMU can (>= 8.2), make every write wait for the target (P2-29)."""
        if not has_command(self._monitor, "block-job-change"):
            return
        for job in self.jobs:
            change = {"id": job, "type": "mirror", "copy-mode": "write-blocking"}
            self._monitor.execute("block-job-change", change)
        while not all(job.get("actively-synced") for job in self._states().values()):
            self._events.get(0.05)

    def finish(self) -> None:
        """End all ready jobs: complete on the target, source not switched over (P2-50)."""
        self._migration.log.info("finishing block jobs")
        if errors := end(self._monitor, self._events, list(self.jobs), force=False):
            raise Failure(f"error finishing mirror - {'; '.join(errors)}")


def end(monitor: Monitor, events: Events, jobs: list[str], *, force: bool) -> list[str]:
    """Cancel the jobs and wait until they are gone: their errors; `force` drops unsent data."""
    errors: list[str] = []
    for job in jobs:
        try:
            monitor.execute("block-job-cancel", {"device": job, "force": force})
        except CommandRefused:
            continue  # gone or concluded: the loop below tells which
    waiting = set(jobs)
    deadline = time.monotonic() + 60
    while waiting:
        states = {job["device"]: job for job in monitor.execute("query-block-jobs")}
        for job in sorted(waiting):
            if job not in states:
                waiting.discard(job)
            elif states[job].get("status") == "concluded":
                errors += [f"{job}: {states[job]['error']}"] if states[job].get("error") else []
                monitor.execute("job-dismiss", {"id": job})
                waiting.discard(job)
        if waiting and time.monotonic() > deadline:
            raise Failure(f"block jobs did not end: {', '.join(sorted(waiting))}")
        if waiting:
            events.get(1.0)
    return errors


def _close_targets(monitor: Monitor) -> None:
    """Let go of what blockdev-mirror wrote to; with a guest that has gone it goes by itself."""
    for node in monitor.execute("query-named-block-nodes", {"flat": True}):
        if node["node-name"].startswith(TARGET):
            monitor.execute("blockdev-del", {"node-name": node["node-name"]})


def start_all(migration: Migration, monitor: Monitor, events: Events) -> Mirrors:
    """Mirror the announced drives one by one, in drive-name order (P2-24)."""
    # Nobody else mirrors these drives: jobs that are there are a killed migrator's.
    stale = {f"{kind}-{drive}" for kind in ("drive", "mirror") for drive in migration.announced}
    found = [job["device"] for job in monitor.execute("query-block-jobs")]
    end(monitor, events, [job for job in found if job in stale], force=True)
    _close_targets(monitor)
    mirrors = Mirrors(migration, monitor, events)
    by_drive = {volume.drive: volume for volume in migration.volumes.values() if volume.online}
    for drive, announced in sorted(migration.announced.items()):
        limit = limits.volume_limit(migration, by_drive[drive])
        mirrors.start(announced, limit * 1024 if limit else None)
    mirrors.switch_to_active()
    return mirrors


def cancel_all(monitor: Monitor, *, force: bool) -> None:
    """Cancel every job of the guest and await its end (P2C-04)."""
    with monitor.listen(*EVENTS) as events:
        jobs = [job["device"] for job in monitor.execute("query-block-jobs")]
        end(monitor, events, jobs, force=force)
    _close_targets(monitor)


def yank(monitor: Monitor, drives: Iterable[str]) -> None:
    """Cut the mirrors' connections at this end.

    Requests that nobody answers would make QEMU stand still, guest and all, until TCP gives up.
    """
    names = {f"drive-{drive}" for drive in drives}
    instances = [
        {"type": "block-node", "node-name": node["node-name"]}
        for node in monitor.execute("query-named-block-nodes", {"flat": True})
        if node["drv"] == "nbd" and node["file"].partition("?")[0].rpartition("/")[2] in names
    ]
    monitor.execute("yank", {"instances": instances})


def has_command(monitor: Monitor, name: str) -> bool:
    """Whether this QEMU knows the QMP command."""
    return any(command["name"] == name for command in monitor.execute("query-commands"))


def nbd_server(address: str) -> dict[str, Any]:
    """`nbd:unix:PATH:exportname=N` or `nbd:HOST:PORT:exportname=N` as QMP wants it."""
    place, _, export = address.removeprefix("nbd:").partition(":exportname=")
    if place.startswith("unix:"):
        return {"server": {"type": "unix", "path": place.removeprefix("unix:")}, "export": export}
    host, _, port = place.rpartition(":")
    return {"server": {"type": "inet", "host": host.strip("[]"), "port": port}, "export": export}


def render(size: float) -> str:
    """Bytes with one decimal in the largest binary unit below the value (P2-52)."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            return f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} PiB"
