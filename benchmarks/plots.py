"""The results as pictures, small SVG files that are the same for the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figures
from benchmarks.goals import of_way, seconds_by_size
from benchmarks.numbers import Spread, spread
from benchmarks.phases import PAUSE, medians, ways_of

SETTINGS = {"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9,
            "axes.spines.top": False, "axes.spines.right": False}  # fmt: skip


def draw(figures: Sequence[Figures], out: Path) -> list[Path]:
    """One picture for each section that was measured."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update(SETTINGS)
    from matplotlib import pyplot

    drawn = []
    for section, (file, action) in PICTURES.items():
        if ways := ways_of(figures, section):
            picture, axes = pyplot.subplots(figsize=(7, 3.2), layout="constrained")
            action(figures, ways, axes)
            picture.legend(loc="outside right upper", frameon=False)
            picture.savefig(out / file, metadata={"Date": None, "Creator": None})
            pyplot.close(picture)
            drawn.append(out / file)
    return drawn


def _pause(figures: Sequence[Figures], ways: Sequence[str], axes: Any) -> None:
    """What the pause is made of, way by way, but for those that sleep it through."""
    ways = [way for way in ways if not way.startswith("polled")]
    left = dict.fromkeys(ways, 0.0)
    for part in [name for name in PAUSE.values() if name]:
        widths = []
        for way in ways:
            chosen = [one for one in figures if (one.section, one.way) == ("handover", way)]
            widths.append(medians(chosen, PAUSE).get(part, 0.0) * 1000)
        axes.barh(ways, widths, left=list(left.values()), label=part)
        left = {way: left[way] + width for way, width in zip(ways, widths, strict=True)}
    axes.invert_yaxis()
    axes.set_xlabel("guest-visible pause, ms")


def _line(axes: Any, label: str, points: Sequence[tuple[float, Spread]]) -> None:
    xs, ys = [x for x, _ in points], [found.median for _, found in points]
    below = [found.median - found.low for _, found in points]
    above = [found.high - found.median for _, found in points]
    axes.errorbar(xs, ys, yerr=[below, above], label=label, marker="o", markersize=3, capsize=2)


def _ram(figures: Sequence[Figures], ways: Sequence[str], axes: Any) -> None:
    """Time against RAM."""
    for way in ways:
        _line(axes, way, [(size / 1024, found) for size, found in seconds_by_size(figures, way)])
    axes.set_xlabel("RAM, GiB, an eighth of it full")
    axes.set_ylabel("total time, s")


def _disks(figures: Sequence[Figures], ways: Sequence[str], axes: Any) -> None:
    """Time against the number of full disks."""
    counts = sorted({one.shape.disks for one in figures if one.section == "disks"})
    for way in ways:
        points = []
        for count in counts:
            chosen = [one for one in figures if one.shape.disks == count]
            if found := spread(of_way(chosen, "disks", way, lambda one: one.total_s)):
                points.append((float(count), found))
        _line(axes, way, points)
    axes.set_xticks(counts)
    axes.set_xlabel("full disks")
    axes.set_ylabel("total time, s")


PICTURES = {
    "handover": ("pause.svg", _pause),
    "ram": ("ram.svg", _ram),
    "disks": ("disks.svg", _disks),
}
