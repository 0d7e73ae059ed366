"""Commands of a node that stand still until they may go on, or fail."""

from __future__ import annotations

import shlex

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import gates as faults
from fixtures.faults.gates import Gate
from fixtures.labs.process import RemoteProcess
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

Gates = dict[str, Gate]
COMES = 'guest {vmid} to "{node}" with "{options}" has come to "{command}" there'


@pytest.fixture
def gates() -> Gates:
    """Commands that stand still, by name."""
    return {}


@given(Sentence('"{command}" stands still on "{node}"'))
def stands_still(world: World, gates: Gates, command: str, node: str) -> None:
    gates[command] = Gate(world, world.node(node), command)


@given(Sentence('"{command}" fails on "{node}" and says "{text}"'))
def fails(world: World, command: str, node: str, text: str) -> None:
    faults.fail(world, world.node(node), command, text)


@given(Sentence('"{command}" fails on "{node}" and says:'))
def fails_saying(world: World, command: str, node: str, docstring: str) -> None:
    faults.fail(world, world.node(node), command, docstring)


@given(Sentence(f"a migration of {COMES}"))
@when(Sentence(f"a migration of {COMES}"))
def comes_to(
    world: World, gates: Gates, vmid: int, node: str, options: str, command: str
) -> None:
    world.begin(vmid, node, shlex.split(options))
    gates[command].wait_until_reached()


@given(Sentence('the migration has come to "{command}"'))
def has_come_to(gates: Gates, command: str) -> None:
    gates[command].wait_until_reached()


@when(Sentence('"{command}" goes on'))
def goes_on(gates: Gates, command: str) -> None:
    gates[command].go_on()


@then(Sentence('the migration finishes successfully once "{command}" goes on'))
def finishes_once(world: World, gates: Gates, command: str) -> None:
    gates[command].go_on()
    assert world.ending == "success"


@then(Sentence('the migration ends with problems once "{command}" goes on'))
def problems_once(world: World, gates: Gates, command: str) -> None:
    gates[command].go_on()
    assert world.ending == "problems"


@given(Sentence('"{command}" on "{node}" has come to "{other}"'))
def command_comes_to(
    world: World, gates: Gates, others: list[RemoteProcess], command: str, node: str, other: str
) -> None:
    others.append(world.node(node).start(f"exec {command}"))
    gates[other].wait_until_reached()


@then(Sentence('the command that waited succeeds once "{other}" goes on'))
def command_succeeds_once(gates: Gates, others: list[RemoteProcess], other: str) -> None:
    gates[other].go_on()
    result = others[-1].wait(30.0)
    assert result.rc == 0, result.stderr
