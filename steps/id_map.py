"""Maps that no command line can carry: the subject's own reader is asked on a node."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_bdd import then, when

from fixtures.world.sentence import Sentence
from fixtures.world.world import World

FORMATS = {"storage": "pve-storage-id", "bridge": "pve-bridge-id"}


@when(Sentence('the {kind:storage|bridge} map "{text}" is read, <NUL> standing for a NUL'))
def read_map(world: World, kind: str, text: str) -> None:
    command = world.subject.id_map(FORMATS[kind])
    if command is None:
        pytest.skip(f"the migrator {world.subject.name!r} has no command that reads a map alone")
    world.ask("pve1", command, text.replace("<NUL>", "\0").encode())


@then(Sentence('the map has the default "{default}" and the pairs "{pairs}"'))
def map_reads(world: World, default: str, pairs: str) -> None:
    expected = dict(pair.split(":") for pair in pairs.split())
    found: dict[str, Any] = json.loads(world.asked[-1].output)
    assert found == {"identity": False, "default": default or None, "entries": expected}


@then(Sentence('the map is refused because of "{fragment}" in entry "{entry}"'))
def map_refused(world: World, fragment: str, entry: str) -> None:
    asked = world.asked[-1]
    assert asked.rc != 0, asked
    assert fragment in asked.output, asked
    assert f"'{entry}'" in asked.output, asked
