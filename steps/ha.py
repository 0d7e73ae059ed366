"""Guests that HA looks after, what HA is asked for, and its agents."""

from __future__ import annotations

import json
from functools import partial

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import power
from fixtures.observe import tasks
from fixtures.world import cluster_files
from fixtures.world.sentence import Sentence
from fixtures.world.sight import await_sight
from fixtures.world.world import World

REQUESTS = "ha/crm_commands"


@pytest.fixture
def kinds() -> list[list[str]]:
    """What tasks there were after each of several requests, the new ones."""
    return []


@given(Sentence("HA manages guest {vmid}"))
def managed(world: World, vmid: int) -> None:
    cluster_files.put(world, "ha/resources.cfg", f"vm: {vmid}\n\tstate started\n")


@given(Sentence('HA is asked to {command:migrate|relocate} guest {vmid} to "{node}"'))
def is_asked(world: World, command: str, vmid: int, node: str) -> None:
    source = world.node(world.guests[vmid].node)
    source.run(["ha-manager", command, f"vm:{vmid}", node])


@given(Sentence('a running guest {vmid} on "{node}" whose system ends it when its power button'
                ' is pressed'))  # fmt: skip
def has_system(world: World, vmid: int, node: str) -> None:
    world.add_guest(vmid, node)
    world.add_disk(vmid, "scsi0", 16, "raw", "local")
    power.start_with_system(world, vmid)


@given(Sentence('the HA agents of "{one}" and "{other}" wait for requests'))
def agents_wait(world: World, one: str, other: str) -> None:
    for name in (one, other):
        agent = world.node(name).start(["pve-ha-lrm", "run"])
        world.on_end(partial(agent.signal, "KILL"))
        agent.wait_for("^waiting for requests$", 10.0)


@when(Sentence('the HA agent of "{node}" works'))
@then(Sentence('the HA agent of "{node}" works'))
def agent_works(world: World, node: str) -> None:
    asked = world.ask(node, ["pve-ha-lrm", "once"])
    assert asked.rc == 0, asked.output


@when(Sentence("guest {vmid} is migrated with HA in each of these states:"))
def migrated_with_each(
    world: World, kinds: list[list[str]], vmid: int, datatable: list[list[str]]
) -> None:
    """From wherever it is to "pve2", or back from there."""
    for resource, state, mode in datatable[1:]:
        option = f"\tstate {state}\n" if state else ""
        cluster_files.put(world, "ha/resources.cfg", f"{resource}\n{option}")
        disarm = {"disarm": {"mode": mode, "state": "disarmed"}} if mode else {}
        cluster_files.put(world, "ha/manager_status", json.dumps(disarm))
        source = world.look().owners(vmid)[0]
        target = "pve1" if source == "pve2" else "pve2"
        before = tasks.of_guest(world.node(source), vmid)
        asked = world.ask(source, world.subject.migration(vmid, target, []))
        assert asked.rc == 0, asked.output
        after = tasks.of_guest(world.node(source), vmid)
        kinds.append([tasks.kind(task) for task in after if task not in before])


@then(Sentence('each of them was a "{kind}" task of guest {vmid}'))
def each_was(world: World, kinds: list[list[str]], kind: str, vmid: int) -> None:
    assert world.guests[vmid]
    assert kinds == [[kind]] * len(kinds) != []


@then(Sentence('HA is asked for exactly "{request}"'))
def asked_exactly(world: World, request: str) -> None:
    assert world.look().cluster[REQUESTS] == f"{request}\n"


@then("HA is asked for nothing")
def asked_nothing(world: World) -> None:
    assert world.look().cluster.get(REQUESTS, "") == ""


@then(Sentence('the tasks of guest {vmid} on "{node}" are "{kinds}"'))
def tasks_are(world: World, vmid: int, node: str, kinds: str) -> None:
    found = tasks.of_guest(world.node(node), vmid)
    assert sorted(map(tasks.kind, found)) == kinds.split(", ")


@then(Sentence('guest {vmid} has no task on "{node}"'))
def no_tasks(world: World, vmid: int, node: str) -> None:
    assert tasks.of_guest(world.node(node), vmid) == []


@then(Sentence('the "{kind}" task of guest {vmid} on "{node}" begins with "{line}"'))
def task_begins(world: World, kind: str, vmid: int, node: str, line: str) -> None:
    assert tasks.log(world.node(node), vmid, kind)[0] == line


@then(Sentence('the "{kind}" task of guest {vmid} on "{node}" ended with "{line}"'))
def task_ended(world: World, kind: str, vmid: int, node: str, line: str) -> None:
    assert tasks.log(world.node(node), vmid, kind)[-1] == line


@then(Sentence('HA reports guest {vmid} as "{state}"'))
def reported(world: World, vmid: int, state: str) -> None:
    assert f"service vm:{vmid} ({state})" in report(world).splitlines()


@then(Sentence('HA reports guest {vmid} as "{state}" before long'))
def reported_soon(world: World, vmid: int, state: str) -> None:
    """Once its config is where it should be, the agent has only to write its report."""
    node = state.partition(",")[0]
    await_sight(world, f"guest {vmid} on {node}", lambda found: found.owners(vmid) == [node])
    line = f"service vm:{vmid} ({state})"
    await_sight(world, line, lambda _: line in report(world).splitlines())


@then(Sentence("HA knows nothing of guest {vmid}"))
def unknown(world: World, vmid: int) -> None:
    assert f"vm:{vmid} " not in report(world)


def report(world: World) -> str:
    """What the HA stack tells an administrator."""
    return world.node("pve1").run(["ha-manager", "status"]).stdout


@then(Sentence('no QEMU of guest {vmid} was ever started on "{node}"'))
def never_started(world: World, vmid: int, node: str) -> None:
    """The recorder keeps a file of every QEMU of a test guest that ever came up on the node."""
    assert world.guests[vmid]
    assert world.node(node).run(["ls", "/run/observer/beats"]).stdout == ""
