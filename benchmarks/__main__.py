"""python -m benchmarks: the reference against its floor, a polling migrator and libvirt."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import goals, sections
from benchmarks.bed import Bed
from benchmarks.figures import Figures
from fixtures.labs.base import LabError
from fixtures.labs.local import LocalLab

RESULTS = Path(__file__).with_name("results")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [section.name for section in sections.sections(quick=False)]
    parser.add_argument("--rounds", type=int, default=5, help="turns (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="2 turns of few guests: about 1 min")
    parser.add_argument("--only", nargs="+", choices=names, help="sections; all by default")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where results go")
    parser.add_argument("--qemu", metavar="PATH", help="the QEMU binary the nodes run")
    options = parser.parse_args()
    options.rounds = 2 if options.quick else max(1, options.rounds)
    return options


def measure(options: argparse.Namespace) -> list[Figures]:
    """All migrations of all chosen sections, in one lab."""
    chosen = [
        section
        for section in sections.sections(quick=options.quick)
        if not options.only or section.name in options.only
    ]
    ways = sections.all_ways()
    found = []
    with LocalLab(qemu=options.qemu) as lab:
        bed = Bed(lab)
        for way in ways.values():
            way.prepare(bed)
        for task in sections.order(chosen, list(ways), options.rounds):
            figures = bed.measure(ways[task.way], task.section, task.shape, task.turn)
            print(line(figures), flush=True)
            found.append(figures)
    return found


def line(figures: Figures) -> str:
    """One migration as it ends."""
    rates = [("RAM", figures.ram_rate), ("mirror", figures.mirror_rate)]
    speeds = "".join(f", {what} {rate:.0f} MiB/s" for what, rate in rates if rate)
    return (
        f"{figures.turn + 1} {figures.section:<9} {figures.shape.name:<26} {figures.way:<14}"
        f" {figures.total_s:6.2f} s, pause {figures.pause_ms:6.1f} ms{speeds}"
    )


def write(found: Sequence[Figures], out: Path) -> None:
    """results.json."""
    out.mkdir(parents=True, exist_ok=True)
    content = {"migrations": [figures.as_json() for figures in found]}
    (out / "results.json").write_text(json.dumps(content, indent=1) + "\n")


def main() -> int:
    """Measure, write, judge."""
    options = arguments()
    began = time.monotonic()
    try:
        found = measure(options)
    except KeyboardInterrupt:
        return 130
    except (LabError, RuntimeError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    write(found, options.out)
    judged = goals.evaluate(found)
    print("\n".join(goal.line() for goal in judged if goal.met is not None))
    print(f"{time.monotonic() - began:.0f} s, results in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
