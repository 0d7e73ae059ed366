"""What a node answers when it is asked whether a guest can migrate."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pytest_bdd import then, when

from fixtures.world.api import Client
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

Told = list[tuple[list[str], dict[str, Any]]]


@pytest.fixture
def told() -> Told:
    """What each row expected, and the parts of the answer, its status and message among them."""
    return []


def preconditions(client: Client, node: str, vmid: int, target: str = "") -> dict[str, Any]:
    """The answer, with status and message beside its parts."""
    query = {"target": target} if target else {}
    answer = client.call("GET", f"/nodes/{node}/qemu/{vmid}/migrate", query)
    return {"status": answer.status, "message": answer.message.strip(), **(answer.data or {})}


@when(Sentence("the preconditions of guest {vmid} are asked for"))
def asked(world: World, told: Told, vmid: int) -> None:
    world.before = world.look(digest=True)
    node = world.guests[vmid].node
    told.append(([], preconditions(world.api(node, "root@pam"), node, vmid)))


@when(Sentence("the preconditions of guest {vmid} are asked for with these last lines:"))
def asked_with(world: World, told: Told, vmid: int, docstring: str) -> None:
    asked_for_target(world, told, vmid, "", [[docstring]])


@when(Sentence("the preconditions of guest {vmid} are asked for once for each row:"))
def asked_for_each(world: World, told: Told, vmid: int, datatable: list[list[str]]) -> None:
    """Each row: last lines of its config, a part of the answer, and that part as JSON."""
    asked_for_target(world, told, vmid, "", datatable)


@when(Sentence('the preconditions of guest {vmid} for "{target}" are asked for once for each row:'))
def asked_for_target(
    world: World, told: Told, vmid: int, target: str, datatable: list[list[str]]
) -> None:
    config, node = world.config(vmid), world.guests[vmid].node
    client = world.api(node, "root@pam")
    for lines, *expected in datatable:
        world.write_config(vmid, config + lines.replace(" / ", "\n") + "\n")
        told.append((expected, preconditions(client, node, vmid, target)))
    world.write_config(vmid, config)


@then("each answer has the part of its row")
def has_part(told: Told) -> None:
    assert told
    for (part, expected), answer in told:
        assert answer[part] == json.loads(expected), answer


@then(Sentence("these are told as the local disks:"))
def disks_are(told: Told, datatable: list[list[str]]) -> None:
    """Each row: volume, size or nothing, and what it is of cdrom and is_unused."""
    told_of = {disk["volid"]: disk for disk in told[-1][1]["local_disks"]}
    found = [
        [volid, str(disk.get("size", "")), " ".join(k for k in ("cdrom", "is_unused") if disk[k])]
        for volid, disk in told_of.items()
    ]
    assert sorted(found) == sorted(datatable)


@then(Sentence('the preconditions are answered with {status} and "{regex}"'))
def answered_with(told: Told, status: int, regex: str) -> None:
    answer = told[-1][1]
    assert answer["status"] == status, answer
    assert re.search(regex, answer["message"]), answer
