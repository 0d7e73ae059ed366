"""The floor: what QEMU itself needs. No locks, no tasks, no config, no login for a command.

The guest's own command line starts a second QEMU, which receives disks over NBD and RAM over TCP,
or both through the forwarded sockets of one ssh.
"""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, Any

from benchmarks.bed import SOURCE, TARGET, VMID, Bed
from benchmarks.figures import Shape, Told
from benchmarks.qmp import Event, Qmp

if TYPE_CHECKING:
    from fixtures.labs.process import RemoteProcess
    from fixtures.world.world import World

MONITOR = f"/run/qemu-server/{VMID}.qmp"
NBD, RAM = "/run/floor.nbd", "/run/floor.ram"
NBD_PORT, RAM_PORT = 61001, 61002
FORWARDS = ["-L", f"{NBD}:{NBD}", "-L", f"{RAM}:{RAM}", "-o", "ExitOnForwardFailure=yes"]
SSH = ["ssh", "-o", "BatchMode=yes", *FORWARDS, TARGET, "--", "echo ready; exec cat"]
QUICK = {"max-bandwidth": 16 << 30, "downtime-limit": 100}


class FloorWay:
    """A script of QMP commands, as direct as they can be given."""

    def __init__(self, *, secure: bool) -> None:
        self.secure = secure
        self.name = "floor ssh" if secure else "floor"

    def prepare(self, bed: Bed) -> None:
        """Nothing."""

    def make(self, bed: Bed, shape: Shape) -> World:
        """A guest that the reference started."""
        return bed.started(shape)

    def migrate(self, world: World, shape: Shape) -> Told:
        """Start the target, mirror, move the RAM, hand over, end the source."""
        forward = world.node(SOURCE).start(SSH, stdin=True) if self.secure else None
        drives = _start_target(world, shape)
        source = Qmp(world.node(SOURCE).open_unix(MONITOR))
        target = Qmp(world.node(TARGET).open_unix(MONITOR))
        address = world.lab.networks["cluster"].addresses[TARGET]
        nbd, uri = _listen(target, drives, "" if self.secure else address)
        if forward:
            forward.wait_for("^ready$")
        moments = {"target runs": time.time()}
        for drive in drives:
            _mirror(source, drive, nbd)
        moments["memory begins"] = time.time()
        _move_memory(source, target, uri)
        moments["memory ends"] = time.time()
        _hand_over(source, target, drives)
        moments["guest resumes"] = time.time()
        downtime = source.execute("query-migrate")["downtime"]
        _end(world, source, target, drives, forward)
        return Told(downtime, moments)

    def clean(self, world: World) -> None:
        """Everything goes; QEMU leaves the sockets it has listened on."""
        for node in (SOURCE, TARGET):
            world.node(node).run(["rm", "-f", NBD, RAM])
        world.close()


def _start_target(world: World, shape: Shape) -> dict[str, str]:
    """Empty volumes and a QEMU that waits; the path of each drive."""
    pid = int(world.node(SOURCE).get(f"/run/qemu-server/{VMID}.pid"))
    words = world.node(SOURCE).get(f"/proc/{pid}/cmdline").decode().split("\0")[:-1]
    number = range(shape.disks + 1)
    paths = {f"scsi{n}": world.path_of(f"local:{VMID}/vm-{VMID}-disk-{n}.raw") for n in number}
    sizes = [shape.first_disk, *[shape.disk] * shape.disks]
    lines = [f"mkdir -p {next(iter(paths.values())).rpartition('/')[0]}"]
    volumes = zip(paths.values(), sizes, strict=True)
    lines += [f"truncate -s {size}M {path}" for path, size in volumes]
    lines.append(shlex.join([*words, "-S", "-incoming", "defer"]))
    world.node(TARGET).run("\n".join(["set -e", *lines]))
    return paths


def _listen(target: Qmp, drives: dict[str, str], address: str) -> tuple[str, str]:
    """Where the target takes disks and RAM: TCP if an address is given."""
    place: dict[str, Any] = {"type": "unix", "data": {"path": NBD}}
    nbd, uri = f"nbd:unix:{NBD}", f"unix:{RAM}"
    if address:
        place = {"type": "inet", "data": {"host": address, "port": str(NBD_PORT)}}
        nbd, uri = f"nbd:{address}:{NBD_PORT}", f"tcp:{address}:{RAM_PORT}"
    target.execute("nbd-server-start", addr=place)
    for drive in drives:
        export = {"id": f"export-{drive}", "name": f"drive-{drive}", "writable": True}
        node = {"node-name": f"drive-{drive}-image"}
        target.execute("block-export-add", type="nbd", **export, **node)
    _tell(target)
    target.execute("migrate-incoming", uri=uri)
    return nbd, uri


def _tell(qmp: Qmp) -> None:
    """Have QEMU announce how the migration goes."""
    qmp.execute("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])


def _mirror(source: Qmp, drive: str, nbd: str) -> None:
    job = f"drive-{drive}"
    export = {"target": f"{nbd}:exportname={job}", "mode": "existing", "format": "nbd"}
    source.execute("drive-mirror", **{"job-id": job}, device=job, sync="full", **export)
    source.wait(lambda event: event["event"] == "BLOCK_JOB_READY")


def _move_memory(source: Qmp, target: Qmp, uri: str) -> None:
    _tell(source)
    source.execute("migrate-set-parameters", **QUICK)
    source.execute("migrate", uri=uri)
    for qmp in (source, target):
        ended = qmp.wait(_ended)
        if ended["data"]["status"] != "completed":
            raise RuntimeError(f"floor: the migration {ended['data']['status']}")


def _ended(event: Event) -> bool:
    ends = ("completed", "failed", "cancelled")
    return bool(event["event"] == "MIGRATION" and event["data"]["status"] in ends)


def _hand_over(source: Qmp, target: Qmp, drives: dict[str, str]) -> None:
    for drive in drives:
        source.execute("block-job-cancel", device=f"drive-{drive}")
    for _ in drives:
        source.wait(lambda event: event["event"] == "BLOCK_JOB_COMPLETED")
    target.execute("nbd-server-stop")
    target.execute("cont")


def _end(
    world: World, source: Qmp, target: Qmp, drives: dict[str, str], forward: RemoteProcess | None
) -> None:
    target.close()
    source.quit()
    world.node(SOURCE).run(["rm", *drives.values()])
    if forward:
        forward.close_stdin()
        forward.wait()
