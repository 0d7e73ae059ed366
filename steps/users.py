"""Who asks: users, tokens, and what they may do; requests of many in a row."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import requests
from fixtures.world import attempts, networks, users
from fixtures.world.answers import rows
from fixtures.world.attempts import Attempt
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

Table = Sequence[Sequence[str]]


@pytest.fixture
def rights() -> list[users.Right]:
    """What the token of the scenario may do."""
    return []


@pytest.fixture
def misfits() -> list[str]:
    """The answers that were not as expected."""
    return []


def parameters(text: str) -> dict[str, str]:
    """What a query says: `online=1&force=1`."""
    return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)))


@given("the cluster has these users:")
def known_users(world: World, docstring: str) -> None:
    """The lines of user.cfg; every token named there can be used."""
    users.write(world, docstring + "\n")


@given(Sentence('the token "{token}" may just do this:'))
def just_this(world: World, rights: list[users.Right], token: str, datatable: Table) -> None:
    """Each row: a path, and a privilege there."""
    rights += [(row["path"], row["privilege"]) for row in rows(datatable)]
    users.write(world, users.holder(token, rights))


@when(Sentence('"{who}" asks for a migration of guest {vmid} to "{target}" with "{query}", each'
               ' time without one of these rights'))  # fmt: skip
def without_each(
    world: World, rights: list[users.Right], misfits: list[str], who: str, vmid: int, target: str,
    query: str,
) -> None:  # fmt: skip
    asked = {"target": target, **parameters(query)}
    made = []
    for path, privilege in rights:
        left = [right for right in rights if right != (path, privilege)]
        attempt = Attempt(who, world.guests[vmid].node, vmid, asked)
        attempt.files = {requests.USERS: users.holder(who, left)}
        attempt.status, attempt.says = 403, f"({path}, {privilege})"
        made.append(attempt)
    misfits += attempts.misfits(world, made)


@when(Sentence('"{who}" asks for a migration of guest {vmid} to "{target}" with "{query}" and each'
               ' of these faults, alone and with each of the next {reach}:'))  # fmt: skip
def with_faults(
    world: World, misfits: list[str], who: str, vmid: int, target: str, query: str, reach: int,
    datatable: Table,
) -> None:  # fmt: skip
    asked = {"target": target, **parameters(query)}
    attempt = Attempt(who, world.guests[vmid].node, vmid, asked)
    made = requests.combined(world, attempt, rows(datatable), reach)
    misfits += attempts.misfits(world, made)


@when(Sentence('guest {vmid} is asked for "{call}" in these ways:'))
def asked_for(world: World, misfits: list[str], vmid: int, call: str, datatable: Table) -> None:
    """Columns: who, with (a query), status, answer; and those of requests.COLUMNS."""
    node = world.guests[vmid].node
    own = requests.own_files(world, node, vmid)
    verb, path = call.split(" /")
    made = []
    filled = [[networks.fill_in(world, cell) for cell in row] for row in datatable]
    for row in rows(filled):
        attempt = Attempt(row["who"], node, vmid, parameters(row["with"]), verb=verb, call=path)
        attempt.status, attempt.says = int(row["status"]), row["answer"]
        attempt.files = dict(own)
        for column in row.keys() & requests.COLUMNS.keys():
            requests.COLUMNS[column](attempt, row[column])
        made.append(attempt)
    misfits += attempts.misfits(world, made)


@then("each is answered as it has to be")
def as_expected(misfits: list[str]) -> None:
    assert misfits == [], "\n".join(misfits)
