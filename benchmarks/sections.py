"""What is measured: which guests, by which ways, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks import virsh
from benchmarks.bed import Way
from benchmarks.figures import Shape
from benchmarks.floor import FloorWay
from benchmarks.reference import ReferenceWay

DISK = 128  # MiB of each full disk


class Section(NamedTuple):
    """Guests that all ways of a section migrate in turn."""

    name: str
    shapes: Sequence[Shape]
    ways: Sequence[str]


class Task(NamedTuple):
    """One migration to be measured."""

    section: str
    shape: Shape
    way: str


def ways_here() -> tuple[dict[str, Way], list[str]]:
    """Every way by its name, and why one is left out."""
    ways: list[Way] = [FloorWay(secure=False), FloorWay(secure=True)]
    ways += [ReferenceWay(secure=False), ReferenceWay(secure=True)]
    ways += [ReferenceWay(secure=False, polled=True), ReferenceWay(secure=True, polled=True)]
    lacking = virsh.missing()
    ways += [] if lacking else [virsh.VirshWay()]
    return {way.name: way for way in ways}, [f"No virsh: {lacking}"] if lacking else []


def sections(*, quick: bool) -> list[Section]:
    """All of them; `quick` leaves out what takes long."""
    four = ("floor", "reference", "floor ssh", "reference ssh")
    sizes = (128, 512) if quick else (128, 1024, 2048, 4096)
    counts = (1, 2) if quick else (1, 2, 4)
    return [
        Section(
            "handover", [Shape()],
            [*four, "polled", "polled ssh", "virsh"],
        ),
        Section(
            "ram", [Shape(size, noise=size // 8) for size in sizes], four
        ),
        Section(
            "disks", [Shape(disks=count, disk=DISK) for count in counts], four
        ),
    ]  # fmt: skip


def order(chosen: Sequence[Section], ways: Sequence[str], turn: int) -> Iterator[Task]:
    """One turn: of each guest all ways in a row, so that noise falls on all; each is first once."""
    for section in chosen:
        here = [way for way in section.ways if way in ways]
        first = turn % len(here) if here else 0
        for shape in section.shapes:
            for way in here[first:] + here[:first]:
                yield Task(section.name, shape, way)
