"""RAM: capabilities, parameters, `migrate`, and the loop that watches it (P2-31..49)."""

from __future__ import annotations

import time
from typing import Any

from reference.errors import Failure
from reference.guest.monitor import CommandRefused, Events, Monitor, MonitorFailure
from reference.migration import limits
from reference.migration.convergence import Convergence
from reference.migration.mirror import render
from reference.migration.state import Migration

ENABLED = frozenset({"auto-converge", "xbzrle"})
# The switch-over has no event of its own (the `events` capability stays off, P2-31),
# but the guest's STOP announces it: from then on the status is asked this often.
_SWITCHOVER = 0.002
_FIRST_WAIT, _LAST_WAIT = 1.0, 0.1
_TRIES = 5
_GOING_ON = ("active", "device")


def set_capabilities(monitor: Monitor) -> None:
    """Set every capability this QEMU knows explicitly, on either side (P2-31)."""
    known = [entry["capability"] for entry in monitor.execute("query-migrate-capabilities")]
    states = [{"capability": name, "state": name in ENABLED} for name in known]
    monitor.execute("migrate-set-capabilities", {"capabilities": states})


def prepare(migration: Migration, monitor: Monitor) -> None:
    """Capabilities and the three parameters; errors are only logged (P2-31..35)."""
    try:
        set_capabilities(monitor)
    except MonitorFailure as error:
        migration.log.warn(str(error))
    wanted = limits.parameters(migration)
    if limits.wanted_downtime_ms(migration) > wanted["downtime-limit"]:
        migration.log.info(f"migrate_downtime is capped to {limits.LONGEST_DOWNTIME} ms")
    if limit := limits.ram_limit(migration):
        migration.log.info(f"migration speed limit: {render(limit)}/s")
    migration.log.info(f"set migration parameters: {wanted}")
    try:
        monitor.execute("migrate-set-parameters", wanted)
    except MonitorFailure as error:
        migration.log.error(f"migrate-set-parameters error: {error}")


class Transfer:
    """One `migrate` and its monitor loop; returns when the source reports `completed`."""

    def __init__(self, migration: Migration, monitor: Monitor, events: Events) -> None:
        self._migration, self._monitor, self._events = migration, monitor, events
        self._log = migration.log
        self._error: str | None = None
        self._failures = 0
        self._wait = _FIRST_WAIT
        self._round = 0
        self._moved = (0, 0)
        downtime = limits.downtime_ms(migration)
        self._policy = Convergence(downtime, limits.LONGEST_DOWNTIME)

    def run(self, uri: str) -> None:
        """Start the stream to `uri` and follow it to its end (P2-37..42)."""
        self._log.info(f"start migrate command to {uri}")
        self._began = time.monotonic()
        try:
            self._monitor.execute("migrate", {"uri": uri})
        except MonitorFailure as error:
            self._error = str(error)
            self._log.error(f"migrate uri => {uri} failed: {error}")
        due = self._began + (0 if self._error else self._wait)
        switching = False
        while True:
            # Rounds count by the interval alone, whatever events wake the loop meanwhile.
            left = due - time.monotonic()
            event = self._events.get(_SWITCHOVER if switching else left)
            switching = switching or bool(event)
            info = self._query()
            if info is not None and self._finished(info):
                return
            if info and info["status"] in _GOING_ON and time.monotonic() >= due:
                self._evaluate(info)
                due = time.monotonic() + self._wait
            self._check_tunnel()

    def _query(self) -> dict[str, Any] | None:
        try:
            info: dict[str, Any] = self._monitor.execute("query-migrate", timeout=3600)
        except CommandRefused as error:
            self._failures += 1
            self._log.error(f"query migrate failed: {error}")
            if self._failures > _TRIES:
                raise Failure("too many query migrate failures - aborting") from None
            self._rest(_FIRST_WAIT)
            return None
        return info

    def _rest(self, seconds: float) -> None:
        """Wait whatever is reported meanwhile; MonitorFailure if the guest's QEMU ends."""
        due = time.monotonic() + seconds
        while (left := due - time.monotonic()) > 0:
            self._events.get(left)

    def _finished(self, info: dict[str, Any]) -> bool:
        status = info.get("status")
        if status in ("setup", "cancelling", "wait-unplug"):
            self._log.info(f"migration status: {status}")
            self._events.get(_FIRST_WAIT)
            return False
        if status not in (*_GOING_ON, "completed", "failed", "cancelled"):
            raise Failure(self._error or f"unable to parse migration status '{status}' - aborting")
        self._error, self._failures = None, 0
        if status in ("failed", "cancelled"):
            reason = info.get("error-desc", "no reason given")
            self._log.error(f"migration status error: {status} - {reason}")
            raise Failure("aborting")
        if status == "completed":
            self._summary(info)
        return bool(status == "completed")

    def _summary(self, info: dict[str, Any]) -> None:
        ram, seconds = info.get("ram", {}), time.monotonic() - self._began
        speed = f"average migration speed: {render(ram.get('total', 0) / seconds)}/s - "
        self._log.info(f"{speed}downtime {info.get('downtime', 0)} ms")
        if ram.get("transferred"):
            amount = render(ram["transferred"])
            self._log.info(f"migration completed, transferred {amount} VM-state")
        self._log_xbzrle(info)

    def _evaluate(self, info: dict[str, Any]) -> None:
        """One poll round: progress, a shorter wait near the end, non-convergence (P2-43..48)."""
        self._round += 1
        ram, vfio = info["ram"], info.get("vfio", {})
        moved = ram["transferred"], vfio.get("transferred", 0)
        if moved == self._moved:
            return
        self._moved = moved
        if self._wait == _FIRST_WAIT or self._round % 10 == 0:
            self._log_progress(info)
        if ram["remaining"] < ram["transferred"] / self._round:
            self._wait = _LAST_WAIT
        longer = self._policy.observe(ram["remaining"])
        if longer:
            self._log.info(f"auto-increased downtime to continue migration: {longer} ms")
            try:
                self._monitor.execute("migrate-set-parameters", {"downtime-limit": longer})
            except MonitorFailure as error:
                self._log.error(f"migrate-set-parameters error: {error}")

    def _log_progress(self, info: dict[str, Any]) -> None:
        ram = info["ram"]
        page = ram.get("page-size", 4096)
        speed = ram.get("pages-per-second", 0) * page
        amount = f"{render(ram['transferred'])} of {render(ram['total'])} VM-state"
        text = f"migration active, transferred {amount}, {render(speed)}/s"
        if devices := info.get("vfio", {}).get("transferred"):
            text += f", {render(devices)} of VFIO state"
        dirty = ram.get("dirty-pages-rate", 0) * page
        if dirty > speed:
            text += f", VM dirties lots of memory: {render(dirty)}/s"
        self._log.info(text)
        self._log_xbzrle(info)

    def _log_xbzrle(self, info: dict[str, Any]) -> None:
        cache = info.get("xbzrle-cache", {})
        if cache.get("pages") or cache.get("bytes"):
            sent = f"send updates to {cache['pages']} pages in {render(cache['bytes'])} encoded"
            misses = f"cache-miss {cache['cache-miss-rate'] * 100:.2f}%"
            self._log.info(f"xbzrle: {sent} memory, {misses}, overflow {cache['overflow']}")

    def _check_tunnel(self) -> None:
        if self._migration.tunnel and not self._migration.tunnel.alive():
            raise Failure("the tunnel to the target ended")


def confirm_loaded(migration: Migration) -> None:
    """Ask the target itself: `completed` on the source is not success (destination truth)."""
    assert migration.destination
    deadline = time.monotonic() + 30
    while True:
        try:
            status = migration.destination.execute("query-status")["status"]
        except MonitorFailure as error:
            raise Failure(f"target did not load the guest's state - {error}") from None
        if status not in ("inmigrate", "postmigrate"):
            return
        if time.monotonic() > deadline:
            raise Failure(f"target did not load the guest's state - it still is '{status}'")
        time.sleep(_SWITCHOVER / 4)
