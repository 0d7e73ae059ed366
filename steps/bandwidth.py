"""How fast it goes: on the wire, and as QEMU was told."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from pytest_bdd import given, then

from fixtures.faults.monitors import Relays
from fixtures.observe import rates
from fixtures.observe.monitor import monitor
from fixtures.observe.rates import Meter
from fixtures.world import cluster_files, needs, networks
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

Meters = dict[str, Meter]
# What is on its way from one checkpoint to the next; QEMU mirrors 16 MiB at once and then rests.
SPANS = {
    "the volume": ("disk copy", None, rates.steady),
    "the disks": ("mirror", "memory", rates.bursts),
    "the memory": ("memory", "memory complete", rates.steady),
}
WITHIN = 0.15


@pytest.fixture
def meters() -> Meters:
    """What notes how much a node receives, by node."""
    return {}


@given(Sentence('what "{node}" receives is measured'))
def measured(world: World, meters: Meters, node: str) -> None:
    device = networks.find(world, "cluster").device
    meters[node] = Meter(world.node(node), device)
    world.on_end(meters[node].read)


@given("these are the limits of bandwidth:")
def limited(world: World, datatable: Sequence[Sequence[str]]) -> None:
    """Each row: a storage or "datacenter", and its limits."""
    for whose, text in datatable:
        cluster_files.set_bandwidth(world, whose, text)


@then(Sentence('"{node}" received {what:the volume|the disks|the memory} at {kib} KiB a second'))
def speed(world: World, meters: Meters, node: str, what: str, kib: int) -> None:
    """Never faster in all; one part was not slower, whatever else went on in the machine."""
    _ = world.run.result
    begin, end, speeds_of = SPANS[what]
    span = _time(world, begin), _time(world, end)
    samples = rates.between(meters[node].read(), *span)
    assert samples[-1].total - samples[0].total > kib << 10, "less than a second's bytes came"
    speeds = [speed / 1024 for speed in speeds_of(samples)]
    world.measured[f"{what} in KiB/s, limited to {kib}"] = speeds[0]
    assert speeds[0] <= kib * (1 + WITHIN)
    assert max(speeds) >= kib * (1 - WITHIN)


@then(Sentence("guest {vmid} may move at these speeds, in KiB a second:"))
def limits(world: World, vmid: int, datatable: Sequence[Sequence[str]]) -> None:
    """Drives and "memory", as QEMU was told; a drive without a limit has 0."""
    with monitor(world.node(world.guests[vmid].node), vmid) as qmp:
        found = {job["device"].rpartition("-")[2]: job["speed"] for job in qmp.block_jobs}
        found["memory"] = qmp.parameters["max-bandwidth"]
    assert found == {what: int(kib) << 10 for what, kib in datatable}


@then(Sentence("guest {vmid} was told these speeds, in KiB a second:"))
def told(relays: Relays, vmid: int, datatable: Sequence[Sequence[str]]) -> None:
    """The same of a migration that is over, whose monitor was recorded."""
    mirrors = relays[vmid].asked("drive-mirror", "blockdev-mirror")
    found = {
        one.content["job-id"].rpartition("-")[2]: one.content.get("speed", 0) for one in mirrors
    }
    (parameters,) = relays[vmid].asked("migrate-set-parameters")
    found["memory"] = parameters.content["max-bandwidth"]
    assert found == {what: int(kib) << 10 for what, kib in datatable}


def _time(world: World, checkpoint: str | None) -> float:
    """When the log showed it; without one, when it ended."""
    lines = world.run.process.output()
    if checkpoint is None:
        return lines[-1].time
    regex = needs.checkpoint(world.subject, checkpoint)
    return next(line.time for line in lines if re.search(regex, line.text))
