"""Asking for a migration, rightly and wrongly, and how a request is refused."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from pytest_bdd import given, then, when

from fixtures.faults import storage as storages
from fixtures.observe import configs, tasks
from fixtures.world import cluster_files, networks
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

# What a refusal says besides its reason (CLI-09).
AROUND = re.compile(r"400 Parameter verification failed\.|(usage: )?qm migrate <vmid> .*")


@given("the cluster has no quorum")
def no_quorum(world: World) -> None:
    cluster_files.lose_quorum(world)


@given(Sentence('the cluster file "{name}" goes on with the line "{line}"'))
def cluster_line(world: World, name: str, line: str) -> None:
    cluster_files.append(world, name, f"{line}\n")


@given(Sentence('drive {drive:word} of guest {vmid} is "{volume}", which does not exist'))
def drive_nowhere(world: World, drive: str, vmid: int, volume: str) -> None:
    world.set_keys(vmid, {drive: volume})
    world.let_stay(world.guests[vmid].node, volume, "the config names it, right or wrong")


@given(Sentence('the directory of storage "{storage}" is missing on "{node}"'))
def storage_gone(world: World, storage: str, node: str) -> None:
    storages.take_away(world, storage, node)


@when(Sentence('a migration is asked for on "{node}" with the words "{words}"'))
def asked_in_words(world: World, node: str, words: str) -> None:
    command = world.subject.request(shlex.split(words))
    _ = world.begin_as(0, node, "", command).result


@then(Sentence('the request is refused in one line with "{value}" and "{expectation}"'))
def refused_in_one_line(world: World, value: str, expectation: str) -> None:
    assert world.ending == "refused"
    lines = [line for line in world.run.log.splitlines() if not AROUND.fullmatch(line)]
    assert len(lines) == 1, lines
    assert value in lines[0]
    assert expectation in lines[0]


@then(Sentence('the request is refused on exactly the parameters "{names}"'))
def refused_on_all(world: World, names: str) -> None:
    assert world.ending == "refused"
    lines = [line for line in world.run.log.splitlines() if not AROUND.fullmatch(line)]
    assert [line.split(": ")[0] for line in lines] == names.split(", "), lines


@then(Sentence('the migration is aborted with a line with "{value}" and "{expectation}"'))
def aborted_with_a_line(world: World, value: str, expectation: str) -> None:
    assert world.ending == "aborted"
    value = networks.fill_in(world, value)
    assert any(value in line and expectation in line for line in world.run.log.splitlines())
    assert "Traceback" not in world.run.log


@then("the usage of the command is shown")
def usage_shown(world: World) -> None:
    assert world.run.says(r"qm migrate <vmid> <target>")


@then(Sentence("the exit status is {code}"))
def exit_status(world: World, code: int) -> None:
    assert world.run.result.rc == code


@then("no migration task exists on any node")
def no_task(world: World) -> None:
    world.end_runs()
    assert [task for node in world.lab.nodes.values() for task in tasks.migrations(node)] == []


@then(Sentence('a migration task exists on "{node}"'))
def task_there(world: World, node: str) -> None:
    _ = world.run.result
    assert len(tasks.migrations(world.node(node))) == 1


@then(Sentence('disk {drive:word} of guest {vmid} has landed as "{volume}" on "{node}"'))
def landed(world: World, drive: str, vmid: int, volume: str, node: str) -> None:
    all_landed(world, vmid, node, [[drive, volume]])


@then(Sentence('these disks of guest {vmid} have landed on "{node}":'))
def all_landed(world: World, vmid: int, node: str, datatable: Sequence[Sequence[str]]) -> None:
    """The config names each, it has the old content, and the source has it no more."""
    assert world.before is not None
    guest, now = world.guests[vmid], world.look(digest=True)
    for drive, volume in datatable:
        value = configs.value(now.config(vmid), drive)
        assert configs.drive_options(value or "")[0] == volume
        old = guest.disks[drive].volume
        was, new = world.before.nodes[guest.node].volumes[old], now.nodes[node].volumes[volume]
        assert (new.size, new.digest) == (was.size, was.digest)
        assert old not in now.nodes[guest.node].volumes


@then(Sentence('disk {drive:word} of guest {vmid} is still "{volume}" on all nodes'))
def not_moved(world: World, drive: str, vmid: int, volume: str) -> None:
    """A shared volume: same id, same file, on every node."""
    assert world.before is not None
    now = world.look(digest=True)
    value = configs.value(now.config(vmid), drive)
    assert configs.drive_options(value or "")[0] == volume
    for name, facts in now.nodes.items():
        assert facts.volumes[volume] == world.before.nodes[name].volumes[volume]


@then(Sentence('storage "{storage}" has still no directory on "{node}"'))
def storage_still_gone(world: World, storage: str, node: str) -> None:
    _ = world.run.result
    assert world.node(node).run(["test", "-e", world.stage.storages[storage]], check=False).rc == 1


@then(Sentence('the config of guest {vmid} has lost every "{key}" and nothing else'))
def lost_key(world: World, vmid: int, key: str) -> None:
    assert world.before is not None
    before, now = (look.config(vmid) for look in (world.before, world.look()))
    kept = {
        section: {name: value for name, value in keys.items() if name != key}
        for section, keys in configs.sections(before).items()
    }
    assert configs.sections(before) != kept == configs.sections(now)
