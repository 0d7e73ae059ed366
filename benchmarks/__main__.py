"""python -m benchmarks: the reference against its floor, a polling migrator and libvirt."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks import api, machine, report, sections, ssh, startup, tables
from benchmarks.bed import Bed
from benchmarks.figures import Figures
from fixtures.labs.base import CommandFailed, LabError
from fixtures.labs.local import LocalLab

README = Path(__file__).resolve().parents[1] / "README.md"
RESULTS = Path(__file__).resolve().with_name("results")
OTHERS = ("ssh", "startup", "api")


def arguments() -> argparse.Namespace:
    """The command line."""
    names = [*(section.name for section in sections.sections(quick=False)), *OTHERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="one turn, fewer guests: about 1 min")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="SECTION",
                        help=f"of {', '.join(names)}; default: all")  # fmt: skip
    parser.add_argument(
        "--out",
        type=Path,
        help="where results.json and the plots go; "
        "default: .report/benchmarks, with --update-readme benchmarks/results",
    )
    parser.add_argument("--update-readme", action="store_true", help="write its section anew")
    parser.add_argument("--qemu", metavar="QEMU", help="of the nodes: a path, or a version's tree")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: expected 1 or more")
    options.rounds = 1 if options.quick else options.rounds
    there = RESULTS if options.update_readme else README.parent / ".report/benchmarks"
    options.out = options.out or there
    return options


def measure(bed: Bed, options: argparse.Namespace) -> report.Results:
    """All that was chosen, turn by turn."""
    about = machine.describe(bed.stage)
    ways, lacking = sections.ways_here()
    chosen = [one for one in sections.sections(quick=options.quick) if one.name in options.only]
    for name in sorted({way for section in chosen for way in section.ways} & ways.keys()):
        try:
            ways[name].prepare(bed)
        except CommandFailed as error:
            lacking.append(f"No {name}, making it ready failed: {str(error).splitlines()[-1]}")
            del ways[name]
    migrations: list[Figures] = []
    pipes: dict[str, list[tuple[float, float]]] = {}
    for turn in range(options.rounds):
        for task in sections.order(chosen, list(ways), turn):
            figures = bed.measure(ways[task.way], task.section, task.shape, turn)
            print(line(figures), flush=True)
            migrations.append(figures)
        for name, found in (ssh.measure(bed) if "ssh" in options.only else {}).items():
            pipes.setdefault(name, []).append(found)
    commands = (
        startup.measure(bed.node("pve1"), 2 * options.rounds) if "startup" in options.only else {}
    )
    answers = api.measure(bed.stage, 10) if "api" in options.only else {}
    return report.Results(about, options.rounds, migrations, pipes, commands, answers, lacking)


def line(figures: Figures) -> str:
    """One migration as it ends."""
    rates = [("RAM", figures.ram_rate), ("mirror", figures.mirror_rate)]
    speeds = "".join(f", {what} {rate:.0f} MiB/s" for what, rate in rates if rate)
    return (
        f"{figures.turn + 1} {figures.section:<9} {figures.shape.name:<26} {figures.way:<14}"
        f" {figures.total_s:6.2f} s, pause {figures.pause_ms:6.1f} ms{speeds}"
    )


def main() -> int:
    """Measure, write, judge; 1 if something could not be measured at all."""
    options = arguments()
    began = time.monotonic()
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        if options.update_readme:
            tables.replaced(README.read_text(), "")  # before ten minutes are spent
        with LocalLab(qemu=options.qemu) as lab:
            results = measure(Bed(lab), options)
        report.write(results, options.out, README if options.update_readme else None)
    except KeyboardInterrupt:
        return 130
    except (LabError, RuntimeError, ValueError, OSError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    print("\n".join([*results.notes, *results.lines()]))
    print(f"{time.monotonic() - began:.0f} s; results and plots: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
