"""The agent of a guest: who speaks for it, and what it was asked."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then

from fixtures.world.agents import Agent
from fixtures.world.sentence import Sentence
from fixtures.world.world import World


@pytest.fixture
def agents() -> dict[int, Agent]:
    """Who speaks for the guests' agents."""
    return {}


@given(
    Sentence(
        'on "{node}" a process of the suite speaks for the agent of guest {vmid},'
        " and {manner:answers|refuses|is silent}"
    )
)
def speaks(world: World, agents: dict[int, Agent], node: str, vmid: int, manner: str) -> None:
    """It can be there before the guest is."""
    agents[vmid] = Agent(world, vmid, node, manner)


@then(Sentence("the agent of guest {vmid} has been asked for nothing"))
def asked_nothing(agents: dict[int, Agent], vmid: int) -> None:
    assert agents[vmid].asked == []


@then(Sentence('the agent of guest {vmid} has been asked for exactly "{commands}"'))
def asked(agents: dict[int, Agent], vmid: int, commands: str) -> None:
    assert agents[vmid].asked == commands.split(", ")
