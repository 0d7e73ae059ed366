"""What a run found: as JSON, as lines for people, as a section of the README."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import api, goals, plots, startup, tables
from benchmarks.figures import Figures
from benchmarks.gaps import explained
from benchmarks.phases import PAUSE, RUN

Pipes = Mapping[str, Sequence[tuple[float, float]]]
Times = Mapping[str, Sequence[float]]


class Results(NamedTuple):
    """Everything of one run."""

    machine: Mapping[str, str]
    rounds: int
    migrations: Sequence[Figures]
    ssh: Pipes
    startup: Times
    api: Times
    notes: Sequence[str]  # what was left out, and why

    @property
    def goals(self) -> list[goals.Goal]:
        """All goals, those that were not measured too."""
        return [
            *goals.evaluate(self.migrations),
            *goals.slowest("slowest start of a command", startup.LIMIT_MS, self.startup),
            *goals.slowest("slowest answer of the API", api.LIMIT_MS, self.api),
        ]

    def as_json(self) -> str:
        """results.json; a line for each migration."""
        judged = [
            {"goal": g.text, "bound": g.bound, "found": g.found and g.found._asdict(),
             "verdict": g.verdict}
            for g in self.goals
        ]  # fmt: skip
        rows = ",\n".join(json.dumps(figures.as_json()) for figures in self.migrations)
        rest = json.dumps({**self._asdict(), "goals": judged, "migrations": []}, indent=1)
        return rest.replace('"migrations": []', f'"migrations": [\n{rows}\n]')

    def lines(self) -> list[str]:
        """The verdicts, for a terminal."""
        return [
            f"{goal.verdict:<12} {goal.text} {goal.bound}"
            + (f": {goal.found.text(2)}" if goal.found else "")
            for goal in self.goals
        ] + explained(self.migrations, self.goals)

    def markdown(self, pictures: Sequence[str]) -> str:
        """The README's section: `pictures` are paths in the checkout."""
        about = "; ".join(f"{name}: {words}" for name, words in self.machine.items())
        count = f"Turns in each of which all took part: {self.rounds}; median (lowest..highest)."
        parts = [f"Measured on: {about}. {count}", *self.notes, tables.goals(self.goals)]
        if gaps := explained(self.migrations, self.goals):
            parts += ["What the gaps of missed goals consist of, by the medians of each part:"]
            parts += ["\n".join(f"- {line}" for line in gaps)]
        if any(one.section == "handover" for one in self.migrations):
            parts += ["A guest of 128 MiB with one disk of 64 MiB:"]
            parts += [tables.handover(self.migrations)]
            parts += [
                "Where that time goes, and where the pause; what a way does not tell apart is"
                " in the next column:"
            ]
            parts += [tables.breakdown(self.migrations, part) for part in (RUN, PAUSE)]
        if any(one.section in ("ram", "disks") for one in self.migrations):
            parts += ["Full RAM, full disks:", tables.throughput(self.migrations)]
        if self.ssh:
            parts += ["What ssh itself moves between two nodes:", tables.ssh(self.ssh)]
        return "\n\n".join([*parts, *(f"![{Path(p).stem}]({p})" for p in pictures)])


def write(results: Results, out: Path, readme: Path | None) -> None:
    """results.json and the plots; with `readme` its section too."""
    (out / "results.json").write_text(results.as_json() + "\n")
    try:
        drawn = plots.draw(results.migrations, out)
    except ImportError as error:
        drawn = []
        print(f"no plots: {error}")
    if readme is not None:
        root = readme.resolve().parent
        pictures = [str(path.resolve().relative_to(root)) for path in drawn]
        readme.write_text(tables.replaced(readme.read_text(), results.markdown(pictures)))
