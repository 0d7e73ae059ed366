"""What is done with guests beside migrating them: their run state, their snapshots."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from pytest_bdd import then, when

from fixtures.observe import configs
from fixtures.world.sentence import Sentence
from fixtures.world.world import World


class Step(NamedTuple):
    """A command with its exit status and output, and the guest's state wanted and found."""

    command: str
    rc: int
    output: str
    wanted: str
    found: str


@pytest.fixture
def taken() -> list[Step]:
    """Commands that were run one after the other."""
    return []


@when(Sentence('these commands on "{node}" bring guest {vmid} into these states:'))
def bring(
    world: World, taken: list[Step], node: str, vmid: int, datatable: list[list[str]]
) -> None:
    for command, wanted in datatable:
        result = world.node(node).run(command, check=False)
        here = world.look().guests(vmid).get(node, [])
        found = str(here[0].status) if here else "stopped"
        taken.append(Step(command, result.rc, result.stderr, wanted, found))


@then("each of them has succeeded and did so")
def each_did(taken: list[Step]) -> None:
    assert taken
    assert [one for one in taken if one.rc != 0 or one.found != one.wanted] == []


def snapshots(world: World, vmid: int) -> list[set[str]]:
    """The names in the guest's config and in each of its disks."""
    text = world.look().config(vmid)
    found = [{*configs.sections(text)} - {configs.CURRENT}]
    for disk in world.guests[vmid].disks.values():
        command = ["qemu-img", "info", "-U", "--output=json", disk.path]
        info = json.loads(world.node(world.guests[vmid].node).run(command).stdout)
        found.append({snapshot["name"] for snapshot in info.get("snapshots", ())})
    return found


@then(Sentence('guest {vmid} has the snapshot "{name}" in its config and in its disks'))
def has_snapshot(world: World, vmid: int, name: str) -> None:
    assert all(names == {name} for names in snapshots(world, vmid))


@then(Sentence("guest {vmid} has no snapshot"))
def has_none(world: World, vmid: int) -> None:
    assert not any(snapshots(world, vmid))
