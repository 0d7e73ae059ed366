"""What a missed goal's gap consists of: the parts of the run in which the two ways differ. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.figures import Figures
from benchmarks.goals import THROUGHPUT, Goal, largest, of_way
from benchmarks.numbers import slope, spread
from benchmarks.phases import PAUSE, RUN, medians

SHOWN = 4  # parts named; the others are smaller


def explained(figures: Sequence[Figures], judged: Iterable[Goal]) -> list[str]:
    """A sentence for each missed goal."""
    found = []
    for goal in judged:
        what, _, pair = goal.text.partition(", ")
        ours, _, theirs = pair.partition(" / ")
        if goal.met is not False:
            continue
        if what in ("pause", "total time"):
            more = gap(figures, ours, theirs, PAUSE if what == "pause" else RUN)
            found.append(_sentence(goal.text, "ms", more))
        elif what == "time for each MiB of RAM":
            found.append(_sentence(goal.text, "ms per GiB", slope_gap(figures, ours, theirs)))
        elif what.endswith("throughput"):
            section, measure = THROUGHPUT[what]
            rates = [
                of_way(largest(figures, section), section, way, measure) for way in (ours, theirs)
            ]
            said = " against ".join(range_.text() for rate in rates if (range_ := spread(rate)))
            found.append(f"{goal.text}: {said} MiB/s.")
    return found


def _sentence(text: str, unit: str, more: Mapping[str, float]) -> str:
    largest = sorted(more.items(), key=lambda item: -abs(item[1]))[:SHOWN]
    named = ", ".join(f"{name} {value:+.0f}" for name, value in largest)
    return f"{text}: {sum(more.values()):+.0f} {unit}, of that {named}."


def _common(figures: Iterable[Figures], moments: Mapping[str, str]) -> dict[str, str]:
    """The moments that all of them passed; every run has a beginning and an end."""
    seen = [{*one.moments, "begin", "end"} for one in figures]
    return {moment: name for moment, name in moments.items() if all(moment in s for s in seen)}


def _pair(figures: Iterable[Figures], section: str, *ways: str) -> list[list[Figures]]:
    return [[one for one in figures if (one.section, one.way) == (section, way)] for way in ways]


def gap(
    figures: Sequence[Figures], ours: str, theirs: str, moments: Mapping[str, str]
) -> dict[str, float]:
    """How many ms each part of a small guest's migration takes more with us, by the medians."""
    one, two = _pair(figures, "handover", ours, theirs)
    shared = _common([*one, *two], moments)
    mine, other = medians(one, shared), medians(two, shared)
    return {name: (mine[name] - other[name]) * 1000 for name in mine}


def slope_gap(figures: Sequence[Figures], ours: str, theirs: str) -> dict[str, float]:
    """How many ms each part takes more with us for each further GiB of RAM."""
    one, two = _pair(figures, "ram", ours, theirs)
    shared = _common([*one, *two], RUN)
    mine, other = _slopes(one, shared), _slopes(two, shared)
    return {name: (mine[name] - other[name]) * 1000 * 1024 for name in mine}


def _slopes(figures: Sequence[Figures], moments: Mapping[str, str]) -> dict[str, float]:
    sizes = sorted({one.shape.memory for one in figures})
    by_size = {
        size: medians([one for one in figures if one.shape.memory == size], moments)
        for size in sizes
    }
    names = by_size[sizes[0]]
    return {
        name: slope([(float(s), parts[name]) for s, parts in by_size.items()]) for name in names
    }
