"""What the reference is to reach, as ratios within one run. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from benchmarks.figures import Figures
from benchmarks.numbers import Spread, ratios, slope, spread

Measure = Callable[[Figures], float | None]


THROUGHPUT: dict[str, tuple[str, Measure]] = {
    "mirror throughput": ("disks", lambda one: one.mirror_rate),
    "RAM throughput": ("ram", lambda one: one.ram_rate),
}


class Goal(NamedTuple):
    """A number between two bounds; without a number it was not measured."""

    text: str
    low: float
    high: float
    found: Spread | None

    @property
    def met(self) -> bool | None:
        """Whether the median is within the bounds."""
        return None if self.found is None else self.low <= self.found.median <= self.high

    @property
    def bound(self) -> str:
        """`<= 1.5`, `>= 0.9`, `0.95..1.05`."""
        if self.low and self.high < float("inf"):
            return f"{self.low:g}..{self.high:g}"
        return f">= {self.low:g}" if self.low else f"<= {self.high:g}"

    @property
    def verdict(self) -> str:
        """One word or two."""
        return {True: "met", False: "missed", None: "not measured"}[self.met]


def at_most(text: str, high: float, found: Spread | None) -> Goal:
    """A goal with an upper bound."""
    return Goal(text, 0.0, high, found)


def at_least(text: str, low: float, found: Spread | None) -> Goal:
    """A goal with a lower bound."""
    return Goal(text, low, float("inf"), found)


def of_way(figures: Iterable[Figures], section: str, way: str, measure: Measure) -> list[float]:
    """The values of one way in one section, turn by turn."""
    found = [measure(one) for one in figures if (one.section, one.way) == (section, way)]
    return [value for value in found if value is not None]


def largest(figures: Sequence[Figures], section: str) -> list[Figures]:
    """The migrations of a section's largest guest: there fixed costs count least."""
    chosen = [one for one in figures if one.section == section]
    top = max(((one.shape.memory, one.shape.disks) for one in chosen), default=None)
    return [one for one in chosen if (one.shape.memory, one.shape.disks) == top]


def seconds_by_size(figures: Iterable[Figures], way: str) -> list[tuple[float, Spread]]:
    """Total time of a way by MiB of RAM."""
    times: dict[float, list[float]] = {}
    for one in figures:
        if (one.section, one.way) == ("ram", way):
            times.setdefault(float(one.shape.memory), []).append(one.total_s)
    return [(size, found) for size, taken in sorted(times.items()) if (found := spread(taken))]


def slopes_of(figures: Sequence[Figures], way: str) -> list[float]:
    """Seconds for each further MiB of RAM, turn by turn."""
    turns: dict[int, list[tuple[float, float]]] = {}
    for one in figures:
        if (one.section, one.way) == ("ram", way):
            turns.setdefault(one.turn, []).append((float(one.shape.memory), one.total_s))
    return [slope(points) for points in turns.values() if len(points) > 1]


def evaluate(figures: Sequence[Figures]) -> list[Goal]:
    """The goals about migrations."""

    def of(section: str, ours: str, theirs: str, measure: Measure) -> Spread | None:
        chosen = largest(figures, section)
        one, two = (of_way(chosen, section, way, measure) for way in (ours, theirs))
        return ratios(one, two) if one and two else None

    found = []
    for kind in ("", " ssh"):
        ours, floor, polled = f"reference{kind}", f"floor{kind}", f"polled{kind}"
        pause = of("handover", ours, floor, lambda one: one.pause_ms)
        slept = of("handover", ours, polled, lambda one: one.pause_ms)
        total = of("handover", ours, "virsh", lambda one: one.total_s)
        found += [
            at_most(f"pause, {ours} / {floor}", 1.5, pause),
            at_most(f"pause, {ours} / {polled}", 0.2, slept),
            at_most(f"total time, {ours} / virsh", 0.8, total),
            *(
                at_least(f"{what}, {ours} / {floor}", 0.9, of(section, ours, floor, measure))
                for what, (section, measure) in THROUGHPUT.items()
            ),
            Goal(f"time for each MiB of RAM, {ours} / {floor}", 0.95, 1.05,
                 ratios(slopes_of(figures, ours), slopes_of(figures, floor))),
        ]  # fmt: skip
    return found


def slowest(text: str, limit: float, times: Mapping[str, Sequence[float]]) -> list[Goal]:
    """The goal for whatever took longest of many things, in ms."""
    found = {name: taken for name, values in times.items() if (taken := spread(values))}
    if not found:
        return []
    name = max(found, key=lambda key: found[key].median)
    return [at_most(f"{text} (`{name}`), ms", limit, found[name])]
