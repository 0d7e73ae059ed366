"""How the memory moves, and where the guest beats meanwhile."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import NamedTuple

import pytest
from pytest_bdd import then, when

from fixtures.faults.standstill import thaw_migrator
from fixtures.guests.beats import Timeline
from fixtures.guests.image import MIB
from fixtures.labs.patience import slowed
from fixtures.observe.monitor import monitor
from fixtures.observe.snapshot import Snapshot
from fixtures.observe.transfer import Sample, Watch, incomplete_after
from fixtures.world import holding, oracle, postcopy
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

PASSING = {
    "none", "setup", "device", "postcopy-device", "postcopy-recover-setup", "postcopy-recover"
}  # fmt: skip


class Meanwhile(NamedTuple):
    """All nodes, and the guest's beats until then."""

    world: Snapshot
    heard: Timeline


@when(Sentence('the live migration of guest {vmid} to "{node}" is watched'))
def watched_migration(world: World, vmid: int, node: str, watched: list[Watch]) -> None:
    watched += holding.watch_to_the_end(world, vmid, node, ["--bwlimit", holding.FORESEEABLE])


@when(Sentence('the suite moves guest {vmid} to "{node}" by post-copy with its own hands'))
def by_postcopy(world: World, vmid: int, node: str, watched: list[Watch]) -> None:
    watched += postcopy.move(world, vmid, node)


@when(
    Sentence('the suite moves guest {vmid} to "{node}" by post-copy with its own hands,'
             " over a link that is cut on the way")
)  # fmt: skip
def by_cut_postcopy(world: World, vmid: int, node: str, watched: list[Watch]) -> None:
    watched += postcopy.move(world, vmid, node, cut=True)


@pytest.fixture
def meanwhile() -> list[Meanwhile]:
    """The world as it was while the migrator stood still."""
    return []


@when(
    Sentence('the migrator stands still until all memory of guest {vmid} is on "{node}",'
             " and then goes on")
)  # fmt: skip
def stood_still(world: World, vmid: int, node: str, meanwhile: list[Meanwhile]) -> None:
    holding.move_memory(world, vmid, node)
    meanwhile.append(Meanwhile(world.look(), oracle.timeline(world, vmid)))
    thaw_migrator(world)
    assert world.ending == "success"


@then(Sentence('the config of guest {vmid} was on "{node}" only meanwhile'))
def owner_meanwhile(vmid: int, node: str, meanwhile: list[Meanwhile]) -> None:
    assert meanwhile[0].world.owners(vmid) == [node]


@then(Sentence('guest {vmid} was {state:word} on "{node}" and {other:word} on "{there}" meanwhile'))
def states_meanwhile(
    vmid: int, state: str, node: str, other: str, there: str, meanwhile: list[Meanwhile]
) -> None:
    found = meanwhile[0].world.guests(vmid)
    statuses = {name: [guest.status for guest in guests] for name, guests in found.items()}
    assert statuses == {node: [state], there: [other]}


@then(Sentence('guest {vmid} beat on "{node}" only meanwhile'))
def beats_meanwhile(vmid: int, node: str, meanwhile: list[Meanwhile]) -> None:
    assert {span.node for span in meanwhile[0].heard.beating} == {node}


@then(Sentence('no capability of post-copy is on for guest {vmid} on "{node}"'))
def no_postcopy(world: World, vmid: int, node: str) -> None:
    with monitor(world.node(node), vmid) as qmp:
        on = {name: on for name, on in qmp.capabilities.items() if "postcopy" in name}
    assert "postcopy-ram" in on
    assert not any(on.values())


@then(Sentence("the memory of guest {vmid} moved in at least {count} passes"))
def passes(vmid: int, count: int, watched: list[Watch]) -> None:
    assert max(sample.number for sample in watched[0].samples) >= count


@then(Sentence('guest {vmid} ran and beat on "{node}" in every pass but the last'))
def ran_in_passes(world: World, vmid: int, node: str, watched: list[Watch]) -> None:
    """A pass ends when the next one's first sample is there; many beats come in it."""
    active = [one for one in watched[0].samples if one.status == "active" and one.number]
    parts = [list(part) for _, part in groupby(active, lambda one: one.number)]
    assert len(parts) >= 2
    whole = [(part[0], follower[0]) for part, follower in pairwise(parts)]
    assert {one.state for part in parts[:-1] for one in part} == {"running"}
    beats = [beat.time_ns for beat in oracle.timeline(world, vmid).beats(node)]
    for first, last in whole:
        assert any(first.asked_ns <= time_ns <= last.answered_ns for time_ns in beats)


def began_to_run(world: World, vmid: int, node: str, target: list[Sample]) -> int:
    """The first sign of life over there, in ns: a beat, or QEMU's own word."""
    beats = [beat.time_ns for beat in oracle.timeline(world, vmid).beats(node)]
    running = [sample.answered_ns for sample in target if sample.state == "running"]
    return min(beats + running)


@then(Sentence('guest {vmid} first ran on "{node}" after all of its memory had arrived'))
def ran_after(world: World, vmid: int, node: str, watched: list[Watch]) -> None:
    source, target = watched
    began = began_to_run(world, vmid, node, target.samples)
    assert len([one for one in source.samples if one.status == "active"]) >= slowed(20)
    assert incomplete_after(source.samples, began) == []
    assert {one.state for one in target.samples} <= {"inmigrate", "paused", "running"}


@then(Sentence('guest {vmid} first ran on "{node}" before all of its memory had arrived'))
def ran_before(world: World, vmid: int, node: str, watched: list[Watch]) -> None:
    source, target = watched
    began = began_to_run(world, vmid, node, target.samples)
    early = incomplete_after(source.samples, began)
    assert {one.status for one in early} - PASSING == {"postcopy-active"}
    assert max(one.remaining for one in early) > MIB


@then(Sentence('the source said of the migration: "{statuses}"'))
def statuses_were(statuses: str, watched: list[Watch]) -> None:
    """In this order; states that pass too quickly to be always seen are left out."""
    found = [sample.status for sample in watched[0].samples]
    lasting = [status for status, _ in groupby(found) if status not in PASSING]
    assert [status for status, _ in groupby(lasting)] == statuses.split(", ")


@then("the source never spoke of post-copy")
def no_postcopy_status(watched: list[Watch]) -> None:
    found = {sample.status for sample in watched[0].samples}
    assert "active" in found
    assert [status for status in found if "postcopy" in status] == []


@then(Sentence('guest {vmid} had to wait on "{node}" for pages that it touched'))
def waited_for_pages(world: World, vmid: int, node: str, watched: list[Watch]) -> None:
    """The source counted what it was asked for, the target how long the guest stood still."""
    with monitor(world.node(node), vmid) as qmp:
        waited = qmp.migration["postcopy-blocktime"]
    world.measured["post-copy: pages asked for"] = watched[0].samples[-1].requests
    world.measured["post-copy: ms waited for them"] = waited
    assert watched[0].samples[-1].requests > 0
    assert waited > 0
