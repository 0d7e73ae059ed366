"""What ssh itself can move between two nodes: a pipe into it, by cipher, alone and shared."""

from __future__ import annotations

import json
from collections.abc import Mapping

from benchmarks.bed import SOURCE, TARGET, Bed

MIB = 128
BEST = "aes128-gcm@openssh.com"
PIPES: Mapping[str, tuple[int, list[str]]] = {  # how many at once, and the options of each
    "default cipher": (1, []),
    "chacha20-poly1305": (1, ["-c", "chacha20-poly1305@openssh.com"]),
    "aes128-ctr": (1, ["-c", "aes128-ctr"]),
    "aes128-gcm": (1, ["-c", BEST]),
    "aes128-gcm, shared": (1, ["-c", BEST, "-S", "/run/benchmark.ssh"]),
    "aes128-gcm, two shared": (2, ["-c", BEST, "-S", "/run/benchmark.ssh"]),
    "aes128-gcm, two": (2, ["-c", BEST]),
}
# Runs on the node. argv: MiB, the pipes as JSON, the other node. Prints per pipe MiB/s and the
# processor seconds that the local end took for each second.
SCRIPT = """
import json, os, subprocess, sys, time
mib, pipes, target = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
block, found = os.urandom(1 << 20), {}
def begin(options):
    words = ["ssh", "-o", "BatchMode=yes", "-e", "none", *options, target, "--"]
    pipe = subprocess.Popen([*words, "echo ready; cat >/dev/null"], stdin=-1, stdout=-1)
    assert pipe.stdout.readline() == b"ready\\n", "ssh does not answer"
    return pipe
for name, (count, options) in pipes.items():
    shared = ["-M", *options] if "-S" in options else None
    master = begin(shared) if shared else None
    running = [begin(options) for _ in range(count)]
    began, spent = time.perf_counter(), os.times()
    for _ in range(mib // count):
        for pipe in running:
            pipe.stdin.write(block)
    for pipe in running:
        pipe.stdin.close()
    for pipe in running:
        pipe.wait()
    seconds = time.perf_counter() - began
    if master:
        master.communicate()
    now = os.times()
    cpu = now.children_user + now.children_system - spent.children_user - spent.children_system
    found[name] = [mib / seconds, cpu / seconds]
print(json.dumps(found))
"""


def measure(bed: Bed) -> dict[str, tuple[float, float]]:
    """MiB/s and processors of one turn, by the pipe's name."""
    words = ["/usr/bin/python3", "-I", "-c", SCRIPT, str(MIB), json.dumps(PIPES), TARGET]
    found = json.loads(bed.node(SOURCE).run(words, timeout=300.0).stdout)
    return {name: (rate, processors) for name, (rate, processors) in found.items()}
