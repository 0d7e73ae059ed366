"""What happens to a guest between the request and prepare, and what prepare leaves alone."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then

from fixtures.world.sentence import Sentence
from fixtures.world.world import CONFIG, World


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


@then(Sentence("no node has a config of guest {vmid}"))
def no_config(world: World, vmid: int) -> None:
    assert world.look().owners(vmid) == []

