"""How fast a warm API answers, and what a task of its own process costs, in ms."""

import json

from fixtures.subjects.reference import PREFIX
from fixtures.world.stage import Stage
from fixtures.world.world import World

LIMIT_MS = 50.0

# Runs on the node. argv: rounds, headers as JSON; one kept connection, as a browser has it.
ASK = """
import http.client, json, ssl, sys, time
rounds, headers = int(sys.argv[1]), json.loads(sys.argv[2])
trust = ssl.create_default_context(cafile="/etc/pve/pve-root-ca.pem")
connection = http.client.HTTPSConnection("pve1", 8006, context=trust)
times = []
for turn in range(rounds + 1):
    began = time.perf_counter()
    connection.request("GET", "/api2/json/nodes/pve1/qemu/100/migrate", headers=headers)
    answer = connection.getresponse()
    assert answer.read() and answer.status == 200, answer.status
    times.append((time.perf_counter() - began) * 1000)
print(json.dumps(times[1:]))
"""
# A migration that ends at once, for there is no such guest: as a task, and as the command.
TASKS = """
import json, subprocess, sys, time
from reference import task
from reference.api import worker
from reference.caller import CLI
begun, over = [], []
for turn in range(int(sys.argv[1]) + 1):
    t0 = time.perf_counter()
    upid = task.parse_upid(worker.start("qmigrate", "999", CLI, {"vmid": 999, "target": "pve2"}))
    t1 = time.perf_counter()
    task.wait(upid.pid)
    t2 = time.perf_counter()
    subprocess.run(["/usr/sbin/qm", "migrate", "999", "pve2"], capture_output=True)
    begun.append((t1 - t0) * 1000)
    over.append((t2 - t0 - (time.perf_counter() - t2)) * 1000)
print(json.dumps([begun[1:], over[1:]]))
"""


def measure(stage: Stage, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each round."""
    world = World(stage)
    world.add_guest(100, "pve1")
    world.add_disk(100, "scsi0", 16, "raw", "local")
    node, client = world.node("pve1"), world.api("pve1", "root@pam")
    asked = ["/usr/bin/python3", "-I", "-c", ASK, str(rounds), json.dumps(client.headers)]
    found = {"preconditions": json.loads(node.run(asked, timeout=600.0).stdout)}
    began = [f"{PREFIX}/bin/python", "-I", "-c", TASKS, str(rounds)]
    begun, over = json.loads(node.run(began, timeout=600.0).stdout)
    world.close()
    return {**found, "task begun": begun, "task over command": over}
