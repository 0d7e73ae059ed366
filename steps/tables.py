"""Many requests in one scenario, as the rows of a table, and how each is answered."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import then, when

from fixtures.world.answers import Answers, ask_each, complete_each
from fixtures.world.sentence import Sentence
from fixtures.world.world import World


@when(Sentence('these migrations are asked for on "{node}":'), target_fixture="answers")
@when(Sentence('these commands are run on "{node}":'), target_fixture="answers")
def each_asked(world: World, node: str, datatable: Sequence[Sequence[str]]) -> Answers:
    return ask_each(world, node, datatable)


@when(
    Sentence('guest {vmid} is migrated from "{node}" to "{target}" with each of these lines:'),
    target_fixture="answers",
)
def each_with_a_line(
    world: World, vmid: int, node: str, target: str, datatable: Sequence[Sequence[str]]
) -> Answers:
    return ask_each(world, node, datatable, f"{vmid} {target}")


@when(Sentence('these lines are completed on "{node}":'), target_fixture="answers")
def each_completed(world: World, node: str, datatable: Sequence[Sequence[str]]) -> Answers:
    return complete_each(world, node, datatable)


@then("each offers exactly the words given")
def each_offers(answers: Answers) -> None:
    found = [sorted(answer.result.stdout.split()) for answer in answers]
    assert found == [sorted(answer.row["offers"].split()) for answer in answers]


@then("each is refused in one line for the reason given")
def each_refused(answers: Answers) -> None:
    assert [fault for answer in answers for fault in answer.faults()] == []


@then("each refusal is a 400, and ends with the usage")
def each_with_usage(answers: Answers) -> None:
    assert [answer.row for answer in answers if not answer.has_usage] == []
