"""Several commands in one scenario, as the rows of a table: each with the reason of its failure."""

from __future__ import annotations

import pytest
from pytest_bdd import then, when

from fixtures.world.sentence import Sentence
from fixtures.world.world import Asked, World


@pytest.fixture
def several() -> list[tuple[str, Asked, str]]:
    """Each command with what came of it and what was expected of it."""
    return []


@when(Sentence('each of these commands is run on "{node}":'))
def commands_run(
    world: World, several: list[tuple[str, Asked, str]], node: str, datatable: list[list[str]]
) -> None:
    """What has changed is then told of all of them together."""
    before = world.look(digest=True)
    for command, *reason in datatable:
        several.append((command, world.ask(node, command), "".join(reason)))
    world.before = before


@then("each of them fails for its reason")
def each_fails(several: list[tuple[str, Asked, str]]) -> None:
    assert several
    for command, asked, reason in several:
        assert asked.rc != 0, command
        assert reason in asked.output, command
        assert "Traceback" not in asked.output, command


@then("each of them succeeds")
def each_succeeds(several: list[tuple[str, Asked, str]]) -> None:
    assert several
    assert [(command, asked.output) for command, asked, _ in several if asked.rc != 0] == []


@then(Sentence('"{command}" succeeds on "{node}"'))
def succeeds(world: World, command: str, node: str) -> None:
    asked = world.ask(node, command)
    assert asked.rc == 0, asked.output
