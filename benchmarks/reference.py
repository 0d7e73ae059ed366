"""The reference as it is, and the reference with the sleeps of a polling migrator."""

from __future__ import annotations

import re
import time

from benchmarks.bed import SOURCE, TARGET, VMID, Bed, script
from benchmarks.figures import Shape, Told
from fixtures.subjects.reference import PREFIX
from fixtures.world.world import World

POLLED = "/run/observer/polled.py"
LIMIT_S = 300.0
# What its log says when a part begins.
LINES = {
    "log begins": r"starting migration of VM",
    "target starts": r"starting VM \d+ on remote node",
    "target runs": r"start remote tunnel",
    "memory begins": r"start migrate command to",
    "memory ends": r"migration completed, transferred",
    "hand-over ends": r"migration finished successfully",
}


class ReferenceWay:
    """`qm migrate`, secure or insecure; `polled` with sleeps."""

    def __init__(self, *, secure: bool, polled: bool = False) -> None:
        self.secure, self.polled = secure, polled
        self.name = ("polled" if polled else "reference") + (" ssh" if secure else "")

    def prepare(self, bed: Bed) -> None:
        """The reference is installed; the entry that sleeps goes beside it."""
        bed.node(SOURCE).put(POLLED, script("polled.py"))

    def make(self, bed: Bed, shape: Shape) -> World:
        """A guest that the reference started."""
        return bed.started(shape)

    def migrate(self, world: World, shape: Shape) -> Told:
        """Run the command and read its log."""
        kind = "secure" if self.secure else "insecure"
        words = ["--online", "--with-local-disks", "--migration_type", kind]
        command = world.subject.migration(VMID, TARGET, words)
        if self.polled:
            command = [f"{PREFIX}/bin/python", "-I", POLLED, *command[1:]]
        process = world.node(SOURCE).start(command)
        result = process.wait(LIMIT_S)
        log = process.output()
        if result.rc != 0:
            raise RuntimeError(f"{self.name}: the migration failed:\n{process.tail()}")
        offset = time.time() - time.monotonic()
        found = {
            name: line.time + offset
            for name, regex in LINES.items()
            for line in log
            if re.search(regex, line.text)
        }
        downtime = re.search(r"downtime (\d+) ms", result.stdout + result.stderr)
        return Told(float(downtime[1]) if downtime else None, found)

    def clean(self, world: World) -> None:
        """Everything goes."""
        world.close()
