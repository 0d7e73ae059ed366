"""Medians, spreads, ratios, slopes. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """A median and the range it was taken from."""

    median: float
    low: float
    high: float
    runs: int

    def text(self, digits: int = 0) -> str:
        """`12 (10..15)`; of one run `12`."""
        median = f"{self.median:.{digits}f}"
        if self.runs == 1:
            return median
        return f"{median} ({self.low:.{digits}f}..{self.high:.{digits}f})"


def spread(values: Sequence[float]) -> Spread | None:
    """Of all values; None of none."""
    if not values:
        return None
    return Spread(statistics.median(values), min(values), max(values), len(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread | None:
    """Ours to theirs, turn by turn: what disturbed a turn disturbed both."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} turns against {len(theirs)}: expected equally many")
    return spread([one / two for one, two in zip(ours, theirs, strict=True) if two])


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line that fits the points best (least squares)."""
    if len({x for x, _ in points}) < 2:
        raise ValueError(f"{len(points)} points: expected two of different x or more")
    return statistics.linear_regression(*zip(*points, strict=True)).slope
