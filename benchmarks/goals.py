"""What the reference is to reach, as ratios of medians within one run. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from benchmarks.figures import Figures
from benchmarks.numbers import Spread, ratios, slope, spread

Measure = Callable[[Figures], float | None]


class Goal(NamedTuple):
    """A ratio and its bound; `found` None when one side was not measured."""

    text: str
    bound: str
    found: Spread | None
    met: bool | None

    def line(self) -> str:
        """One line for people."""
        verdict = {True: "met", False: "missed", None: "not measured"}[self.met]
        return f"{verdict:<12} {self.text} {self.bound}" + (
            f": {self.found.text(2)}" if self.found else ""
        )


def total(figures: Figures) -> float:
    """Seconds."""
    return figures.total_s


def pause(figures: Figures) -> float:
    """Milliseconds."""
    return figures.pause_ms


def ram_rate(figures: Figures) -> float | None:
    """MiB/s."""
    return figures.ram_rate


def mirror_rate(figures: Figures) -> float | None:
    """MiB/s."""
    return figures.mirror_rate


def of_way(figures: Iterable[Figures], section: str, way: str, measure: Measure) -> list[float]:
    """The values of one way in one section, turn by turn."""
    found = [measure(one) for one in figures if (one.section, one.way) == (section, way)]
    return [value for value in found if value is not None]


def _at_most(text: str, limit: float, found: Spread | None) -> Goal:
    return Goal(text, f"<= {limit:g}", found, found and found.median <= limit)


def _at_least(text: str, limit: float, found: Spread | None) -> Goal:
    return Goal(text, f">= {limit:g}", found, found and found.median >= limit)


def slopes(figures: Sequence[Figures], way: str) -> float | None:
    """Seconds for each further MiB of RAM, by the median of every size."""
    sizes = sorted({one.shape.memory for one in figures if one.section == "ram"})
    points = []
    for size in sizes:
        times = [one for one in figures if one.shape.memory == size]
        if found := spread(of_way(times, "ram", way, total)):
            points.append((float(size), found.median))
    return slope(points) if len(points) > 1 else None


def _slope_goal(figures: Sequence[Figures], way: str, floor: str) -> Goal:
    one, two = slopes(figures, way), slopes(figures, floor)
    text = f"{way} / {floor}: time for each MiB of RAM, slope"
    if one is None or two is None:
        return Goal(text, "within 0.95..1.05", None, None)
    ratio = one / two
    return Goal(text, "within 0.95..1.05", Spread(ratio, ratio, ratio, 1), 0.95 <= ratio <= 1.05)


def evaluate(figures: Sequence[Figures]) -> list[Goal]:
    """All goals; those against a way that did not run are not measured."""

    def of(section: str, ours: str, theirs: str, measure: Measure) -> Spread | None:
        pair = (of_way(figures, section, way, measure) for way in (ours, theirs))
        return ratios(*pair)

    found = []
    for kind in ("", " ssh"):
        ours, floor, polled = f"reference{kind}", f"floor{kind}", f"polled{kind}"
        found += [
            _at_most(f"{ours} / {floor}: pause", 1.5, of("handover", ours, floor, pause)),
            _at_most(f"{ours} / {polled}: pause", 0.2, of("handover", ours, polled, pause)),
            _at_most(f"{ours} / virsh: total time", 0.8, of("handover", ours, "virsh", total)),
            _at_least(f"{ours} / {floor}: mirror", 0.9, of("disks", ours, floor, mirror_rate)),
            _at_least(f"{ours} / {floor}: RAM", 0.9, of("ram", ours, floor, ram_rate)),
            _slope_goal(figures, ours, floor),
        ]
    return found
