"""What is migrated, and what one migration cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

MIB = 1 << 20


class Shape(NamedTuple):
    """A guest; sizes in MiB. Its first disk is small and written to, the others are full."""

    memory: int = 128
    noise: int = 0  # so much of the RAM is filled and does not change: it moves once
    pages_per_tick: int = 1
    first_disk: int = 64
    disks: int = 0
    disk: int = 0

    @property
    def name(self) -> str:
        """What it is called in tables: `1024 MiB RAM (512 full), 2 x 256 MiB`."""
        full = f" ({self.noise} full)" if self.noise else ""
        disks = f", {self.disks} x {self.disk} MiB" if self.disks else ""
        return f"{self.memory} MiB RAM{full}{disks}"


class Told(NamedTuple):
    """What a way tells of its run: QEMU's own downtime, and moments in seconds of real time."""

    downtime_ms: float | None
    moments: Mapping[str, float]


class Figures(NamedTuple):
    """One migration; `moments` are seconds from its beginning."""

    section: str
    way: str
    shape: Shape
    turn: int
    total_s: float
    pause_ms: float
    downtime_ms: float | None
    wire_bytes: int
    moments: Mapping[str, float]

    def between(self, one: str, two: str) -> float | None:
        """Seconds from one moment to another, if both were seen."""
        if one in self.moments and two in self.moments:
            return self.moments[two] - self.moments[one]
        return None

    @property
    def ram_rate(self) -> float | None:
        """MiB/s of the filled RAM."""
        seconds = self.between("memory begins", "memory ends")
        return self.shape.noise / seconds if seconds and self.shape.noise else None

    @property
    def mirror_rate(self) -> float | None:
        """MiB/s of the full disks, from the first job's beginning until all are ready."""
        seconds = self.between("mirrors begin", "mirrors ready")
        moved = self.shape.disks * self.shape.disk
        return moved / seconds if seconds and moved else None

    def as_json(self) -> dict[str, Any]:
        """Everything, for results.json; times to a tenth of a millisecond."""
        rates = {"ram_mib_s": self.ram_rate, "mirror_mib_s": self.mirror_rate}
        moments = {name: round(when, 4) for name, when in self.moments.items()}
        return {**self._asdict(), "shape": self.shape._asdict(), "moments": moments, **rates}


def moments_of(events: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """When the source's QEMU began and ended what every way makes it do, by its own events."""
    found: dict[str, float] = {}
    for event in events:
        name, data = event["event"], event.get("data", {})
        stamp = event["timestamp"]
        when = stamp["seconds"] + stamp["microseconds"] / 1e6
        if name == "JOB_STATUS_CHANGE" and data["status"] == "created":
            found.setdefault("mirrors begin", when)
        elif name == "BLOCK_JOB_READY":
            found["mirrors ready"] = when
        elif name == "STOP":
            found["guest stops"] = when
        elif name in ("BLOCK_JOB_COMPLETED", "BLOCK_JOB_CANCELLED"):
            found["mirrors end"] = when
        elif name == "SHUTDOWN":
            found["source ends"] = when
    return found
