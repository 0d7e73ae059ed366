"""What happens to a live migration at a moment, and the next try."""

from __future__ import annotations

from pytest_bdd import given, then, when

from fixtures.faults import replies
from fixtures.faults.strikes import STRIKES
from fixtures.world import holding, oracle
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

IT = "{what:" + "|".join(STRIKES) + "}"


@given(Sentence(f"it happened that {IT}"))
@when(Sentence(f"it happens that {IT}"))
def happens(world: World, what: str) -> None:
    STRIKES[what](world)


@given(Sentence('the answer to "{command}" from "{node}" is lost'))
def answer_lost(world: World, command: str, node: str) -> None:
    replies.lose(world, node, command)


@then(Sentence('guest {vmid} moves to "{node}" at the next try'))
def next_try(world: World, vmid: int, node: str) -> None:
    assert world.begin(vmid, node, holding.LIVE).ending == "success"
    assert list(world.look().guests(vmid)) == [node]
    assert oracle.losses(world, vmid) == []
