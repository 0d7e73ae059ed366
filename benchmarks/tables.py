"""The results as Markdown tables, and their place in a document. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from benchmarks import phases
from benchmarks.figures import MIB, Figures
from benchmarks.goals import Goal, largest, of_way, slopes_of
from benchmarks.numbers import spread

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
Column = tuple[str, int, Callable[[Figures], float | None]]
HANDOVER: list[Column] = [
    ("total, s", 2, lambda one: one.total_s),
    ("guest-visible pause, ms", 0, lambda one: one.pause_ms),
    ("QEMU's downtime, ms", 0, lambda one: one.downtime_ms),
    ("received, MiB", 1, lambda one: one.wire_bytes / MIB),
]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; all columns but the first are numbers."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])


def handover(figures: Sequence[Figures]) -> str:
    """What a small guest's migration costs by each way."""
    rows = []
    for way in phases.ways_of(figures, "handover"):
        values = [spread(of_way(figures, "handover", way, column[2])) for column in HANDOVER]
        cells = [
            found.text(digits) if found else ""
            for found, (_, digits, _) in zip(values, HANDOVER, strict=True)
        ]
        rows.append([way, *cells])
    return table(["way", *(name for name, _, _ in HANDOVER)], rows)


def breakdown(figures: Sequence[Figures], moments: dict[str, str]) -> str:
    """Where a small guest's time goes, in ms."""
    names = [name for name in moments.values() if name]
    rows = []
    for way in phases.ways_of(figures, "handover"):
        chosen = [one for one in figures if (one.section, one.way) == ("handover", way)]
        found = phases.medians(chosen, moments)
        rows.append([way, *(f"{found[n] * 1000:.0f}" if n in found else "" for n in names)])
    return table(["ms", *names], rows)


def throughput(figures: Sequence[Figures]) -> str:
    """MiB/s of the largest guests, and what a further GiB of RAM costs."""
    rows = []
    for way in phases.ways_of(figures, "ram") or phases.ways_of(figures, "disks"):
        ram = spread(of_way(largest(figures, "ram"), "ram", way, lambda one: one.ram_rate))
        disk = largest(figures, "disks")
        mirror = spread(of_way(disk, "disks", way, lambda one: one.mirror_rate))
        slopes = spread([slope * 1024 for slope in slopes_of(figures, way)])
        cells = [found.text() if found else "" for found in (ram, mirror)]
        rows.append([way, *cells, slopes.text(2) if slopes else ""])
    return table(["way", "RAM, MiB/s", "mirrors, MiB/s", "s per GiB of RAM, an eighth full"], rows)


def ssh(pipes: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """What ssh moves, and the processors its near end took for that."""
    rows = []
    for name, turns in pipes.items():
        rate, busy = (spread([turn[column] for turn in turns]) for column in (0, 1))
        rows.append([name, rate.text() if rate else "", f"{busy.median:.2f}" if busy else ""])
    return table(["ssh pipe", "MiB/s", "processors, near end"], rows)


def goals(judged: Sequence[Goal]) -> str:
    """Every goal that was measured."""
    rows = [
        [goal.text, goal.bound, goal.found.text(2), goal.verdict] for goal in judged if goal.found
    ]
    return table(["goal", "bound", "found", "verdict"], rows)


def replaced(document: str, section: str) -> str:
    """The document with this between its two markers; ValueError unless each is there once."""
    for marker in (BEGIN, END):
        if document.count(marker) != 1:
            raise ValueError(f"{marker}: found {document.count(marker)} times, expected once")
    before, _, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{END}: expected after {BEGIN}")
    return f"{before}{BEGIN}\n{section.strip()}\n{END}{after}"
