"""How long each node command takes to start: in ms, and against a bare `python3 -I -c pass`.

Each is asked what it refuses or answers once loaded: an unknown guest, an empty storage. A round
runs every command once, so that a noisy moment falls on all.
"""

import argparse
import json
import sys
import timeit

from fixtures.labs.base import Node
from fixtures.labs.local import LocalLab
from fixtures.subjects.reference import Reference
from reference.idmap import parse_idmap

LIMIT_MS = 100
BARE = "/usr/bin/python3 -I -c pass"
VOLUME = "local:999/vm-999-disk-0.raw"
COMMANDS = [
    *(f"qm {verb} 999" for verb in ("start", "stop", "suspend", "resume", "status", "config")),
    *(f"qm {verb} 999" for verb in ("unlock", "nbdstop", "destroy", "set")),
    "qm create 0",
    "qm list",
    "qm mtunnel",
    "qm migrate 999 pve2",
    "qm migrate 999 pve2 --bwlimit much",
    "pvecm mtunnel -migration_network 10.77.0.0/24 -get_migration_ip",
    "pvesm status",
    "pvesm list local",
    f"pvesm path {VOLUME}",
    "pvesm alloc nowhere 999 vm-999-disk-0.raw 1M",
    f"pvesm free {VOLUME}",
    f"pvesm export {VOLUME} raw+size -",
    "pvesm import nowhere:999/vm-999-disk-0.raw raw+size -",
]

# Runs on the node: argv is the number of rounds and the commands as JSON; prints ms per run.
TIMER = """
import json, subprocess, sys, time
rounds, commands = int(sys.argv[1]), json.loads(sys.argv[2])
times = {command: [] for command in commands}
for turn in range(rounds + 1):
    for command in commands:
        began = time.perf_counter()
        ended = subprocess.run(command.split(), stdin=-3, capture_output=True)
        if turn:  # the first round warms the page cache
            times[command].append((time.perf_counter() - began) * 1000)
        if b"Traceback" in ended.stderr:
            sys.exit(f"{command} did not start: " + ended.stderr.decode().splitlines()[-1])
print(json.dumps(times))
"""


def measure(node: Node, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each run of each command on the node, the bare interpreter's first."""
    argv = ["/usr/bin/python3", "-I", "-c", TIMER, str(rounds), json.dumps([BARE, *COMMANDS])]
    result = node.run(argv, check=False, timeout=600.0)
    if result.rc != 0:
        sys.exit(result.stderr.strip())
    times: dict[str, list[float]] = json.loads(result.stdout)
    return times


def report(times: dict[str, list[float]]) -> int:
    """Print medians and ratios; 1 if a command's median is over the limit."""
    medians = {command: sorted(runs)[len(runs) // 2] for command, runs in times.items()}
    print(f"{'median ms':>9} {'fastest':>8} {'ratio':>6}  command")
    for command, median in medians.items():
        late = f"  over {LIMIT_MS} ms" if median > LIMIT_MS else ""
        ratio = median / medians[BARE]
        print(f"{median:9.1f} {min(times[command]):8.1f} {ratio:6.2f}  {command}{late}")
    return int(any(median > LIMIT_MS for median in medians.values()))


def id_map_ms(pairs: int) -> float:
    """The fastest of several readings of a map of so many pairs, in this process."""
    text = ",".join(f"source{number}:target{number}" for number in range(pairs))
    return min(timeit.repeat(lambda: parse_idmap(text, "pve-storage-id"), number=1)) * 1000


def main() -> int:
    """Measure on one node of a local lab."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="runs of each command (15)")
    options = parser.parse_args()
    print(f"{id_map_ms(1000):9.1f} ms to read an id map of 1000 pairs")
    with LocalLab() as lab:
        node = lab.nodes["pve1"]
        Reference().install(node)
        return report(measure(node, options.rounds))


if __name__ == "__main__":
    sys.exit(main())
