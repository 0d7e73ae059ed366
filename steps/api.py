"""Requests to a node's API, what is answered, and the tasks that are begun."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qsl

import pytest
from pytest_bdd import given, then, when

from fixtures.observe import tasks
from fixtures.world import clients, strangers
from fixtures.world.api import Answer, Client
from fixtures.world.clients import Watched
from fixtures.world.sentence import Sentence
from fixtures.world.sight import await_sight
from fixtures.world.world import World

CLIENTS = {"curl": clients.curl, "Python": clients.migrate}
Talk = list[tuple[Client, Answer]]


@pytest.fixture
def talk() -> Talk:
    """What was asked of whom, and the answers."""
    return []


@pytest.fixture
def watched() -> list[Watched]:
    """The tasks that were watched to their ends."""
    return []


def asked(world: World, talk: Talk, who: str, node: str, request: str, query: str) -> Answer:
    """One request, such as "GET /version", with its parameters as a form."""
    client = world.api(node, who)
    world.before = world.look(digest=True)
    verb, path = request.split(" ")
    talk.append((client, client.call(verb, path, dict(parse_qsl(query, keep_blank_values=True)))))
    return talk[-1][1]


def task_path(talk: Talk) -> str:
    """Where the API has the task that was begun last."""
    upid = talk[-1][1].data
    return f"/nodes/{tasks.parse(upid).node}/tasks/{upid}"


@given(Sentence('"{who}" has asked "{node}" for "{request}" with "{query}"'))
@when(Sentence('"{who}" asks "{node}" for "{request}" with "{query}"'))
def asks_with(world: World, talk: Talk, who: str, node: str, request: str, query: str) -> None:
    asked(world, talk, who, node, request, query)


@when(Sentence('"{who}" asks "{node}" for "{request}"'))
def asks(world: World, talk: Talk, who: str, node: str, request: str) -> None:
    asked(world, talk, who, node, request, "")


@when(Sentence('these ask "{node}" about that task:'))
def ask_about_task(
    world: World, talk: Talk, misfits: list[str], node: str, datatable: list[list[str]]
) -> None:
    """Columns: who, and the statuses for status, log, and to stop it."""
    path = task_path(talk)
    for who, *statuses in datatable[1:]:
        client = world.api(node, who)
        requests = (("GET", f"{path}/status"), ("GET", f"{path}/log"), ("DELETE", path))
        answers = [client.call(verb, url) for verb, url in requests]
        found = [str(answer.status) for answer in answers]
        misfits += [] if found == statuses else [f"{who}: {answers}"]


@when(Sentence('"{who}" has that task stopped'))
def task_stopped(world: World, talk: Talk, who: str) -> None:
    client = talk[-1][0]
    assert client.call("DELETE", task_path(talk)).status == 200


@when(Sentence('over the API of "{node}" guest {vmid} gets this done:'))
def actions_done(
    world: World, watched: list[Watched], misfits: list[str], node: str, vmid: int,
    datatable: list[list[str]],
) -> None:  # fmt: skip
    """Columns: the action, the kind of its task, and what QEMU says of the guest then."""
    home, client = world.guests[vmid].node, world.api(node, "root@pam")
    for action, kind, state in datatable[1:]:
        answer = client.call("POST", f"/nodes/{home}/qemu/{vmid}/status/{action}")
        task = clients.watch(client, answer.data)
        running = world.look().guests(vmid).get(home, [])
        found = (task.status["exitstatus"], tasks.parse(task.upid).kind, task.status["type"])
        states = [guest.status for guest in running] or ["none"]
        if (*found, states) != ("OK", kind, kind, [state]):
            misfits.append(f"{action}: {task}, {states}")


@when(Sentence('{client:curl|Python} asks "{asked_node}" as "{who}" to migrate guest {vmid} with'
               ' "{query}" and watches the task'))  # fmt: skip
def migrates(
    world: World, watched: list[Watched], client: str, asked_node: str, who: str, vmid: int,
    query: str,
) -> None:  # fmt: skip
    home = world.guests[vmid].node
    asking = world.api(asked_node, who)
    watched.append(CLIENTS[client](asking, home, vmid, dict(parse_qsl(query))))


@when("these requests are made:")
def requests_made(world: World, misfits: list[str], datatable: list[list[str]]) -> None:
    """Columns: who, node, request, body, status, answer; see strangers.py for who and body."""
    head, *rows = datatable
    world.api(rows[0][head.index("node")], "root@pam")  # all that it takes is there from now on
    world.before = world.look(digest=True)
    for row in rows:
        misfits += strangers.misfit(world, dict(zip(head, row, strict=True)))


@then(Sentence('the answer names "{names}" and no other of type "{kind}"'))
def answer_names(talk: Talk, names: str, kind: str) -> None:
    found = [row["id"] for row in talk[-1][1].data if row["type"] == kind]
    assert found == [name for name in names.split(", ") if name]


@then(Sentence('the answer is a task "{kind}" of guest {vmid} on "{node}" by "{user}"'))
def answer_is_task(world: World, talk: Talk, kind: str, vmid: int, node: str, user: str) -> None:
    """The id names the process that does it, which is there and began when the id says."""
    upid = tasks.parse(talk[-1][1].data)
    assert (upid.node, upid.kind, upid.ident, upid.user) == (node, kind, str(vmid), user)
    assert upid.pstart == tasks.started(world.node(node), upid.pid)
    now = time.time() + world.node(node).ahead_ns / 1e9
    assert int(world.began_by(node)) <= upid.starttime <= now


@given(Sentence('the migration it asked for has copied a part of volume "{volume}" to "{node}"'))
def copied_a_part(world: World, volume: str, node: str) -> None:
    await_sight(world, f"a part of {volume}", lambda found: volume in found.nodes[node].volumes)


@then(Sentence("its process waits for the {which:migration|config} lock of guest {vmid}"))
def task_waits(world: World, talk: Talk, which: str, vmid: int) -> None:
    upid = tasks.parse(talk[-1][1].data)
    path = world.lock_path(which, vmid).replace("/var/lock/", "/run/lock/")
    await_sight(
        world,
        f"process {upid.pid} waiting for {path}",
        lambda found: path in (locks := found.nodes[upid.node].locks)
        and upid.pid in locks[path].waiting,
    )


@given(Sentence('the task has ended with "{status}"'))
@then(Sentence('the task ends with "{status}"'))
def task_ends(talk: Talk, watched: list[Watched], status: str) -> None:
    client, answer = talk[-1]
    watched.append(clients.watch(client, answer.data))
    assert watched[-1].status["exitstatus"] == status, watched[-1]


@then(Sentence('the task ends with "{status}" once the other process gives its locks back'))
def task_ends_then(world: World, talk: Talk, watched: list[Watched], status: str) -> None:
    world.holders.release()
    task_ends(talk, watched, status)


@then(Sentence('the watched task has ended with "{status}"'))
def watched_ended(watched: list[Watched], status: str) -> None:
    assert watched[-1].status["exitstatus"] == status, watched[-1]


@then("its log, as the API told it, is what the node keeps")
def log_same(world: World, watched: list[Watched]) -> None:
    task = watched[-1]
    kept = tasks.file_of(world.node(task.status["node"]), task.upid)
    assert kept == task.log
    assert kept[-1] == f"TASK {task.status['exitstatus']}"
    assert re.search(world.subject.endings["success"], kept[-2]), kept
