"""What a live migration of one 64 MiB disk costs: secure, insecure, and the lab beneath."""

import argparse
import statistics
import time
from pathlib import Path

from fixtures.labs.local import LocalLab
from fixtures.subjects.reference import Reference
from fixtures.world import oracle
from fixtures.world.stage import Stage
from fixtures.world.world import World

LINES = sorted(Path("reference").rglob("*.py"))


def migrate(stage: Stage, kind: str) -> tuple[float, float]:
    """Seconds of one migration and the guest-visible pause in ms."""
    world = World(stage)
    world.add_guest(100, "pve1", memory=64)
    world.add_disk(100, "scsi0", 64, "raw", "local")
    world.start(100)
    began = time.monotonic()
    words = ["--online", "--with-local-disks", "--migration_type", kind]
    run = world.begin(100, "pve2", words)
    if run.ending != "success":
        raise SystemExit(run.log)
    seconds = time.monotonic() - began
    world.stage.first_beat("pve2", 100)
    pause = oracle.timeline(world, 100).pause_ms()
    world.close()
    return seconds, pause


def main() -> None:
    """Take turns, so that a noisy moment falls on both kinds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="migrations of each kind (5)")
    options = parser.parse_args()
    lab = LocalLab()
    began = time.monotonic()
    lab.up()
    print(f"lab up: {(time.monotonic() - began) * 1000:.0f} ms (at most 1000)")
    stage = Stage(lab, Reference())
    stage.prepare()
    times: dict[str, list[tuple[float, float]]] = {"secure": [], "insecure": []}
    for _ in range(options.rounds):
        for kind, taken in times.items():
            taken.append(migrate(stage, kind))
    lab.down()
    seconds = {kind: statistics.median(s for s, _ in taken) for kind, taken in times.items()}
    pauses = {kind: statistics.median(p for _, p in taken) for kind, taken in times.items()}
    for kind in times:
        print(f"{kind}: {seconds[kind]:.2f} s (at most 3), pause {pauses[kind]:.0f} ms")
    print(f"secure / insecure: {seconds['secure'] / seconds['insecure']:.2f}")
    print(f"reference: {sum(len(p.read_text().splitlines()) for p in LINES)} lines")


if __name__ == "__main__":
    main()
