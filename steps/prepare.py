"""What happens to a guest between the request and prepare, and what prepare leaves alone."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then

from fixtures.observe import configs
from fixtures.observe.monitor import monitor
from fixtures.world import holding
from fixtures.world.sentence import Sentence
from fixtures.world.world import CONFIG, World

# What a guest writes into its PC's power management register for S3.
SLEEP = "o /h 0x604 0x2400"

STATES = {"held": ("paused", "prelaunch"), "let go": ("running", "suspended")}


@pytest.fixture
def config_files() -> dict[int, str]:
    """What the config files were, by guest."""
    return {}


def written(world: World, vmid: int) -> str:
    """Which file the config is and when it was written."""
    guest = world.guests[vmid]
    path = CONFIG.format(node=guest.node, vmid=vmid)
    return world.node(guest.node).run(["stat", "-c", "%i %y", path]).stdout


@given(Sentence("the config file of guest {vmid} is remembered"))
def remembered(world: World, config_files: dict[int, str], vmid: int) -> None:
    config_files[vmid] = written(world, vmid)


@then(Sentence("the config file of guest {vmid} has not been written"))
def not_written(world: World, config_files: dict[int, str], vmid: int) -> None:
    _ = world.run.result
    assert written(world, vmid) == config_files[vmid]


@given(Sentence('the config of guest {vmid} has been moved to "{node}" by hand'))
def moved_by_hand(world: World, vmid: int, node: str) -> None:
    guest = world.guests[vmid]
    paths = [CONFIG.format(node=name, vmid=vmid) for name in (guest.node, node)]
    world.node(node).run(["mv", *paths])


@given(Sentence("guest {vmid} has been shut off"))
def shut_off(world: World, vmid: int) -> None:
    world.node(world.guests[vmid].node).run(world.subject.guest("stop", vmid))


@given(Sentence("guest {vmid} has been started"))
def started(world: World, vmid: int) -> None:
    world.start(vmid)


@given(Sentence("guest {vmid} has been started with its processors standing still"))
def started_still(world: World, vmid: int) -> None:
    """QEMU calls that prelaunch."""
    words = configs.value(world.config(vmid), "args")
    world.set_keys(vmid, {"args": f"{words} -S"})
    world.node(world.guests[vmid].node).run(world.subject.guest("start", vmid))


@given(Sentence("guest {vmid} has put itself to sleep"))
def asleep(world: World, vmid: int) -> None:
    node = world.guests[vmid].node
    with monitor(world.node(node), vmid) as qmp:
        qmp.execute("human-monitor-command", {"command-line": SLEEP})
    holding.until_state(world, vmid, node, "suspended")


@given(Sentence('"{node}" knows the key of no other node'))
def no_key(world: World, node: str) -> None:
    file, aside = "/root/.ssh/authorized_keys", "/root/.ssh/authorized_keys.aside"
    world.node(node).run(["mv", file, aside])
    world.on_end(lambda: world.node(node).run(["mv", aside, file]))


@then(Sentence('the processors of guest {vmid} are {how:held|let go} on "{node}"'))
def processors(world: World, vmid: int, how: str, node: str) -> None:
    """There is its only process; a guest that sleeps may be woken or sleep on."""
    there = world.look().guests(vmid)
    assert there.keys() == {node}
    assert [guest.status in STATES[how] for guest in there[node]] == [True], there


@then(Sentence("no node has a config of guest {vmid}"))
def no_config(world: World, vmid: int) -> None:
    assert world.look().owners(vmid) == []

