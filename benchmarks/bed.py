"""The lab that is measured on: makes a guest, has one way migrate it, reads what that cost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from benchmarks.figures import MIB, Figures, Shape, Told, moments_of
from benchmarks.qmp import Listener
from fixtures.labs.base import Lab, Node
from fixtures.subjects.reference import Reference
from fixtures.world import oracle
from fixtures.world.stage import Stage
from fixtures.world.world import World

VMID, SOURCE, TARGET = 100, "pve1", "pve2"
DIVISOR = 1193  # PIT ticks per beat: 1000 Hz, so a pause is known to a millisecond
RECEIVED = "/sys/class/net/eth0/statistics/rx_bytes"
BASE = "/var/lib/vz/benchmark-{mib}-{number}.raw"
# A migrator removes its link only, so that a disk's content is made once.
MAKE_BASE = "[ -e {0} ] || dd if=/dev/urandom of={0} bs=1M count={1} status=none"


class Way(Protocol):
    """A way to migrate."""

    name: str

    def prepare(self, bed: Bed) -> None:
        """Make ready what the lab needs for it, once."""

    def make(self, bed: Bed, shape: Shape) -> World:
        """A running guest on the source."""

    def migrate(self, world: World, shape: Shape) -> Told:
        """Migrate the guest; returns when everything about it is over."""

    def clean(self, world: World) -> None:
        """Leave bare nodes behind."""


class Bed:
    """A lab with the reference installed."""

    def __init__(self, lab: Lab) -> None:
        self.stage = Stage(lab, Reference())
        self.stage.prepare()

    def node(self, name: str) -> Node:
        """A node by name."""
        return self.stage.lab.nodes[name]

    def guest(self, shape: Shape) -> World:
        """A guest made, with its disks, not started."""
        world = World(self.stage)
        world.add_guest(VMID, SOURCE, memory=shape.memory)
        world.add_disk(VMID, "scsi0", shape.first_disk, "raw", "local")
        end = (1 + (shape.noise or 8)) * MIB
        full = shape.noise > 0
        world.change_guest(
            VMID, divisor=DIVISOR, end=end, fill=full,
            pages_per_tick=0 if full else shape.pages_per_tick, write_interval=100,
        )  # fmt: skip
        for number in range(1, shape.disks + 1):
            volume = f"local:{VMID}/vm-{VMID}-disk-{number}.raw"
            base = BASE.format(mib=shape.disk, number=number)
            self.node(SOURCE).run(MAKE_BASE.format(base, shape.disk), timeout=120.0)
            self.node(SOURCE).run(["ln", base, world.path_of(volume)])
            world.set_keys(VMID, {f"scsi{number}": f"{volume},size={shape.disk}M"})
        return world

    def started(self, shape: Shape) -> World:
        """The guest runs, and its RAM is full."""
        world = self.guest(shape)
        world.start(VMID)
        self.filled(shape)
        return world

    def filled(self, shape: Shape) -> None:
        """Wait until the guest has filled its RAM."""
        if shape.noise:
            self.stage.first_beat(SOURCE, VMID, "I")

    def measure(self, way: Way, section: str, shape: Shape, turn: int) -> Figures:
        """One migration by one way."""
        world = way.make(self, shape)
        try:
            listener = Listener(self.node(SOURCE).open_unix(f"/run/observer/{VMID}.qmp"))
            before = self._received()
            began = time.time()
            told = way.migrate(world, shape)
            total = time.time() - began
            self.stage.first_beat(TARGET, VMID)
            moments = {**moments_of(listener.end()), **told.moments}
            heard = oracle.timeline(world, VMID)
            if problems := heard.problems():
                raise RuntimeError(f"{way.name}: the guest is not whole: {problems[0]}")
            last, first = heard.handovers[0]
            moments["last beat"] = last.beats[-1].time_ns / 1e9
            moments["first beat"] = first.beats[0].time_ns / 1e9
            return Figures(
                section, way.name, shape, turn, total, heard.pause_ms(), told.downtime_ms,
                self._received() - before,
                {name: when - began for name, when in sorted(moments.items(), key=lambda m: m[1])},
            )  # fmt: skip
        finally:
            way.clean(world)

    def _received(self) -> int:
        return int(self.node(TARGET).get(RECEIVED))


def script(name: str) -> bytes:
    """A module of this package as a node runs it."""
    return Path(__file__).with_name(name).read_bytes()
