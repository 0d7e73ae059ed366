"""What happens to a live migration at a moment, and the next try."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import replies, standstill
from fixtures.faults.monitors import Relays
from fixtures.faults.strikes import STRIKES
from fixtures.observe.monitor import monitor
from fixtures.world import holding, oracle
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

Hanging = tuple[int, str]  # guest and node
IT = "{what:" + "|".join(STRIKES) + "}"


@pytest.fixture
def hanging() -> list[Hanging]:
    """Whose QEMU hangs."""
    return []


@given(Sentence(f"it happened that {IT}"))
@when(Sentence(f"it happens that {IT}"))
def happens(world: World, what: str) -> None:
    STRIKES[what](world)


@given(Sentence('the answer to "{command}" from "{node}" is lost'))
def answer_lost(world: World, command: str, node: str) -> None:
    replies.lose(world, node, command)


@given(Sentence('a "{driver}" was plugged into the running guest {vmid}'))
def plugged(world: World, driver: str, vmid: int) -> None:
    with monitor(world.node(world.guests[vmid].node), vmid) as qmp:
        qmp.execute("device_add", {"driver": driver, "id": "plugged"})


# --- who hangs


@given(Sentence('the QEMU of guest {vmid} on "{node}" hangs'))
@when(Sentence('the QEMU of guest {vmid} on "{node}" hangs'))
def hangs(world: World, hanging: list[Hanging], vmid: int, node: str) -> None:
    standstill.freeze_qemu(world, vmid, node)
    hanging.append((vmid, node))


@when(Sentence('it goes on, once the log says "{text}"'))
def goes_on_after(world: World, hanging: list[Hanging], text: str) -> None:
    world.held_open.close()
    world.run.process.wait_for(text)
    standstill.thaw_qemu(world, *hanging[-1])


@when("it goes on, once it was told what it was not told until then")
def goes_on_told(world: World, relays: Relays, hanging: list[Hanging]) -> None:
    relays[hanging[-1][0]].pass_on()
    standstill.thaw_qemu(world, *hanging[-1])


# --- the next try


@then(Sentence('guest {vmid} moves to "{node}" at the next try'))
def next_try(world: World, vmid: int, node: str) -> None:
    assert world.begin(vmid, node, holding.LIVE).ending == "success"
    assert list(world.look().guests(vmid)) == [node]
    assert oracle.losses(world, vmid) == []
