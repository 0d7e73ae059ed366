"""Where the time of a migration goes, part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from benchmarks.figures import Figures
from benchmarks.numbers import spread

# Moments that every way passes, in this order, with the name of what begins there.
RUN = {
    "begin": "target starts",
    "target runs": "way to it",
    "mirrors begin": "mirrors",
    "mirrors ready": "set up",
    "memory begins": "memory",
    "guest stops": "switch-over",
    "first beat": "source ends",
    "source ends": "tidying",
    "end": "",
}
PAUSE = {
    "last beat": "stop",
    "guest stops": "rest of the memory",
    "memory ends": "mirrors end",
    "mirrors end": "hand-over, first beat",
    "first beat": "",
}


def parts(figures: Figures, moments: dict[str, str]) -> dict[str, float]:
    """Seconds of each part; a moment that was not seen joins the parts on its two sides."""
    seen = {**figures.moments, "begin": 0.0, "end": figures.total_s}
    known = [(seen[moment], name) for moment, name in moments.items() if moment in seen]
    return {name: max(0.0, later - when) for (when, name), (later, _) in pairwise(known)}


def medians(figures: Iterable[Figures], moments: dict[str, str]) -> dict[str, float]:
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
