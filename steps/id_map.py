"""Maps that no command line can carry: the subject's own reader is asked on a node."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from pytest_bdd import then, when

from fixtures.world.answers import Answers, answer_to, rows
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

FORMATS = {"storage": "pve-storage-id", "bridge": "pve-bridge-id"}


@when(
    Sentence("these {kind:storage|bridge} maps are read, <NUL> standing for a NUL:"),
    target_fixture="answers",
)
def read_maps(world: World, kind: str, datatable: Sequence[Sequence[str]]) -> Answers:
    command = world.subject.id_map(FORMATS[kind])
    if command is None:
        pytest.skip(f"the migrator {world.subject.name!r} has no command that reads a map alone")
    return [
        answer_to(world, "pve1", row, command, row["text"].replace("<NUL>", "\0").encode())
        for row in rows(datatable)
    ]


@then("each map has the default and the pairs given")
def maps_read(answers: Answers) -> None:
    expected = [
        {
            "identity": False,
            "default": answer.row["default"] or None,
            "entries": dict(pair.split(":") for pair in answer.row["pairs"].split()),
        }
        for answer in answers
    ]
    assert [json.loads(answer.result.stdout) for answer in answers] == expected
