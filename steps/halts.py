"""Moments at which a live migration is halted, and what was said to the guest's monitor."""

from __future__ import annotations

import shlex

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import monitors, processes
from fixtures.faults.monitors import MOMENTS, Relays
from fixtures.observe.monitor import monitor
from fixtures.world import holding
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

LIVE = ("--online", "--with-local-disks")
BEHIND = "behind the migrator's back"
MOMENT = "halted {moment:" + "|".join(MOMENTS) + "}"
TO = 'a live migration of guest {vmid} to "{node}"'


@pytest.fixture
def relays() -> Relays:
    """What stands between the migrator and a guest's monitor."""
    return {}


@given(Sentence(f"{TO} that is {MOMENT}"))
@when(Sentence(f"{TO} is {MOMENT}"))
def halted(world: World, relays: Relays, vmid: int, node: str, moment: str) -> None:
    halted_with(world, relays, vmid, node, "", moment)


@given(Sentence(f'{TO} with "{{options}}" that is {MOMENT}'))
@when(Sentence(f'{TO} with "{{options}}" is {MOMENT}'))
def halted_with(
    world: World, relays: Relays, vmid: int, node: str, options: str, moment: str
) -> None:
    relays[vmid] = monitors.halt(world, vmid, moment)
    world.begin(vmid, node, [*LIVE, *shlex.split(options)])
    relays[vmid].wait_until_held()


@given(Sentence("what is said to the monitor of guest {vmid} is recorded"))
def recorded(world: World, relays: Relays, vmid: int) -> None:
    relays[vmid] = monitors.stand_between(world, vmid)


@given(Sentence('the monitor of guest {vmid} refuses "{command}" {times} times'))
def refuses(world: World, relays: Relays, vmid: int, command: str, times: int) -> None:
    relays[vmid] = monitors.stand_between(world, vmid, f"refuse={command}:{times}")


@then(Sentence("the monitor of guest {vmid} refused nothing"))
def refused_nothing(relays: Relays, vmid: int) -> None:
    answers = relays[vmid].answered()
    assert answers
    assert [answer for answer in answers if "error" in answer.content] == []


@when(Sentence(f"the transfer of guest {{vmid}} is cancelled {BEHIND}"))
def transfer_cancelled(world: World, vmid: int) -> None:
    with monitor(world.node(world.guests[vmid].node), vmid) as qmp:
        qmp.execute("migrate_cancel")


@when(Sentence(f"the mirror of drive {{drive:word}} of guest {{vmid}} vanishes {BEHIND}"))
def mirror_vanishes(world: World, vmid: int, drive: str) -> None:
    with monitor(world.node(world.guests[vmid].node), vmid) as qmp:
        jobs = [job["device"] for job in qmp.block_jobs if job["device"].endswith(f"-{drive}")]
        qmp.execute("block-job-cancel", {"device": jobs[0], "force": True})


@when(
    Sentence(f'the mirror of drive {{drive:word}} of guest {{vmid}} to "{{node}}" fails {BEHIND}')
)
def mirror_fails(world: World, drive: str, vmid: int, node: str) -> None:
    """Nobody takes any more what the guest writes."""
    processes.stop_nbd(world, vmid, node)
    holding.until(
        world, vmid, world.guests[vmid].node,
        lambda qmp: any(
            job["device"].endswith(f"-{drive}") and "error" in job for job in qmp.block_jobs
        ),
    )  # fmt: skip


@when(Sentence(f'the QEMU of guest {{vmid}} on "{{node}}" is killed {BEHIND}'))
def target_killed(world: World, vmid: int, node: str) -> None:
    processes.signal_qemu(world, vmid, node, "KILL")


@when(Sentence(f'the NBD server of guest {{vmid}} on "{{node}}" is stopped {BEHIND}'))
def nbd_stopped(world: World, vmid: int, node: str) -> None:
    processes.stop_nbd(world, vmid, node)
