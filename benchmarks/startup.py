"""How long each node command takes to start, beside a bare `python3 -I -c pass`.

Each is asked what it refuses or answers once loaded: an unknown guest, an empty storage. A round
runs every command once, so that a noisy moment falls on all.
"""

import json
import timeit

from fixtures.labs.base import Node
from reference.idmap import parse_idmap

LIMIT_MS = 100.0
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
    """Milliseconds of each run of each command on the node, and of reading a long id map."""
    argv = ["/usr/bin/python3", "-I", "-c", TIMER, str(rounds), json.dumps([BARE, *COMMANDS])]
    result = node.run(argv, check=False, timeout=600.0)
    if result.rc != 0:
        raise RuntimeError(result.stderr.strip())
    times: dict[str, list[float]] = json.loads(result.stdout)
    return times | {"an id map of 1000 pairs": [id_map_ms(1000) for _ in range(rounds)]}


def id_map_ms(pairs: int) -> float:
    """One reading of a map of so many pairs, in this process."""
    text = ",".join(f"source{number}:target{number}" for number in range(pairs))
    return timeit.timeit(lambda: parse_idmap(text, "pve-storage-id"), number=1) * 1000
