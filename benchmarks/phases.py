"""Where the time of a migration goes, part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from benchmarks.figures import Figures
from benchmarks.numbers import spread

# Moments in their order, with the name of the part that each ends.
RUN = {
    "begin": "",
    "log begins": "start-up, locks",
    "target starts": "checks, login",
    "target runs": "target starts",
    "mirrors begin": "way to it",
    "mirrors ready": "mirrors",
    "memory begins": "set-up",
    "guest stops": "memory",
    "first beat": "pause",
    "source ends": "source ends",
    "end": "tidying",
}
PAUSE = {
    "last beat": "",
    "guest stops": "stop",
    "memory ends": "rest of the memory",
    "mirrors end": "mirrors' end",
    "first beat": "hand-over, first beat",
}


def parts(figures: Figures, moments: Mapping[str, str]) -> dict[str, float]:
    """Seconds of each part; one whose end was not seen is in the next."""
    seen = {**figures.moments, "begin": 0.0, "end": figures.total_s}
    known = [(seen[moment], name) for moment, name in moments.items() if moment in seen]
    return {name: max(0.0, when - before) for (before, _), (when, name) in pairwise(known)}


def medians(figures: Iterable[Figures], moments: Mapping[str, str]) -> dict[str, float]:
    """The median of each part over several migrations."""
    taken = [parts(one, moments) for one in figures]
    found = {}
    for name in moments.values():
        if values := spread([one[name] for one in taken if name in one]):
            found[name] = values.median
    return found


def ways_of(figures: Sequence[Figures], section: str) -> list[str]:
    """The ways of a section, in the order they were measured."""
    return list(dict.fromkeys(one.way for one in figures if one.section == section))
