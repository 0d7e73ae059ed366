"""Volumes: those a guest names anywhere, their way to the target, and what becomes of them."""

from __future__ import annotations

import re
import shlex

from pytest_bdd import given, then, when

from fixtures.faults import commands
from fixtures.observe import configs, streams
from fixtures.world import cluster_files, networks, volumes
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

HELD = 'a migration of guest {vmid} to "{node}" with "{options}" is copying volume "{volume}"'


@given(Sentence('a stopped guest {vmid} on "{node}" with disks of {mib} MiB:'))
def with_disks(world: World, vmid: int, node: str, mib: int, datatable: list[list[str]]) -> None:
    """Each row: drive, format, storage."""
    world.add_guest(vmid, node)
    for drive, fmt, storage in datatable:
        world.add_disk(vmid, drive, mib, fmt, storage)


@given(Sentence('guest {vmid} owns volume "{volume}" of {kib} KiB'))
def owned(world: World, vmid: int, volume: str, kib: int) -> None:
    """On the guest's node, in the format of its name; its config is not told."""
    volumes.make(world, world.guests[vmid].node, volume, kib << 10)


@given(Sentence('guest {vmid} owns volume "{volume}" of {kib} KiB full of data'))
def owned_full(world: World, vmid: int, volume: str, kib: int) -> None:
    volumes.make(world, world.guests[vmid].node, volume, kib << 10, full=True)


@given(Sentence('guest {vmid} owns volume "{volume}" of {size} bytes'))
def owned_odd(world: World, vmid: int, volume: str, size: int) -> None:
    volumes.make(world, world.guests[vmid].node, volume, size)


@given(Sentence("guest {vmid} owns these volumes of {kib} KiB:"))
def owned_many(world: World, vmid: int, kib: int, docstring: str) -> None:
    for volume in docstring.split():
        volumes.make(world, world.guests[vmid].node, volume, kib << 10)


@given(Sentence('volume "{volume}" has the snapshot "{name}" on "{node}"'))
def has_snapshot(world: World, volume: str, name: str, node: str) -> None:
    volumes.snapshot(world, node, volume, name)


@given(Sentence('volume "{volume}" on "{node}" is a linked clone of "{base}"'))
def linked_clone(world: World, volume: str, node: str, base: str) -> None:
    volumes.clone(world, node, base, volume)


@given(Sentence('volume "{volume}" is to stay on "{node}" because "{reason}"'))
def to_stay(world: World, volume: str, node: str, reason: str) -> None:
    world.let_stay(node, volume, reason)


@given(Sentence('the storage "{storage}" of type {kind:word} is defined with "{option}"'))
def other_type(world: World, storage: str, kind: str, option: str) -> None:
    """Options are separated by semicolons."""
    text = world.node("pve1").get("/etc/pve/storage.cfg").decode()
    options = "".join(f"\t{one.strip()}\n" for one in option.split(";"))
    cluster_files.put(
        world, "storage.cfg", f"{text}\n{kind}: {storage}\n{options}\tcontent images\n"
    )


@given(Sentence('on "{node}" the command "{command}" {how:' + "|".join(commands.INSTEAD) + "}"))
def behaves(world: World, node: str, command: str, how: str) -> None:
    """`command` is a file and words that its arguments contain."""
    path, _, words = command.partition(" ")
    commands.instead(world, path, node, words, how)


@given(Sentence(HELD))
@when(Sentence(HELD))
def copying(world: World, vmid: int, node: str, options: str, volume: str) -> None:
    """The first of its content is on the target."""
    world.begin(vmid, node, shlex.split(options))
    volumes.wait_for_content(world, node, volume)


@when(Sentence('the export of volume "{volume}" on "{node}" is killed'))
def export_killed(world: World, volume: str, node: str) -> None:
    commands.end(world, node, f"pvesm export {volume}")


@when(
    Sentence(
        'volume "{old}" is streamed as {fmt:word} from "{source}"'
        ' into "{new}" on "{target}" with "{options}"'
    )
)
def streamed(
    world: World, old: str, fmt: str, source: str, new: str, target: str, options: str
) -> None:
    """Both commands run by hand; the options are the import's."""
    snapshots = int(not fmt.startswith("raw"))
    world.ask(
        source,
        f"pvesm export {old} {fmt} - -with-snapshots {snapshots}"
        f" | ssh {target} pvesm import {new} {fmt} - {options}",
    )


@when(
    Sentence(
        'only {count} bytes of volume "{old}" as {fmt:word} are streamed from "{source}"'
        ' into "{new}" on "{target}"'
    )
)
def streamed_short(
    world: World, count: int, old: str, fmt: str, source: str, new: str, target: str
) -> None:
    snapshots = int(not fmt.startswith("raw"))
    flags = f"-with-snapshots {snapshots}"
    world.ask(
        source,
        f"pvesm export {old} {fmt} - {flags} | head -c {count}"
        f" | ssh {target} pvesm import {new} {fmt} - {flags}",
    )


@when(
    Sentence(
        'volume "{old}" is sent from "{source}" to where an import of "{new}"'
        ' on "{target}" in the network "{network}" listens'
    )
)
def sent(world: World, old: str, source: str, new: str, target: str, network: str) -> None:
    """The import tells its address and its port in two lines; socat half-closes at the end."""
    cidr = networks.cidr(world, network)
    command = f"pvesm import {new} raw+size tcp://{cidr} -with-snapshots 0"
    listening = world.node(target).start(command)
    lines = listening.lines()
    address, port = next(lines).text, next(lines).text
    world.ask(
        source,
        f"pvesm export {old} raw+size - -with-snapshots 0 | socat -u - TCP:{address}:{port}"
        f" && echo sent to {address} at {port}",
    )
    world.asked.append(world.asked[-1]._replace(output=listening.wait().stdout))


@then(Sentence('the migration is aborted over volume "{volume}"'))
def aborted_over(world: World, volume: str) -> None:
    """An error of the log names it."""
    assert world.ending == "aborted"
    assert world.run.says(rf"ERROR: .*{re.escape(volume)}\b")


@then(Sentence('these volumes have moved from "{source}" to "{target}":'))
def have_moved(world: World, source: str, target: str, datatable: list[list[str]]) -> None:
    """Each row: the old id, which is gone, and the new one, which has its content."""
    assert world.before is not None
    world.end_runs()
    was, now = world.before.nodes[source].volumes, world.look(digest=True).nodes
    for old, new in datatable:
        copy = now[target].volumes[new]
        assert (copy.size, copy.digest) == (was[old].size, was[old].digest), f"{old} to {new}"
        assert old not in now[source].volumes


@then(Sentence('guest {vmid} has all its volumes unchanged on "{node}"'))
def kept_all(world: World, vmid: int, node: str) -> None:
    was, now = volumes.of_guest(world, vmid, node)
    assert was
    assert now == was


@then(Sentence("guest {vmid} names these volumes:"))
def names(world: World, vmid: int, datatable: list[list[str]]) -> None:
    """Each row: section ("current" or a snapshot), drive, volume."""
    world.end_runs()
    text = world.look().config(vmid)
    for section, drive, volume in datatable:
        entry = configs.value(text, drive, "" if section == "current" else section)
        assert configs.drive_options(entry or "")[0] == volume


@then(Sentence('volume "{volume}" on "{node}" has not been touched'))
def untouched(world: World, volume: str, node: str) -> None:
    """Not even replaced by an equal one."""
    assert world.before is not None
    world.end_runs()
    assert (
        world.look(digest=True).nodes[node].volumes[volume]
        == (world.before.nodes[node].volumes[volume])
    )


@then(Sentence('volume "{volume}" on "{node}" is {size} bytes long'))
def is_long(world: World, volume: str, node: str, size: int) -> None:
    assert world.look().nodes[node].volumes[volume].size == size


@then(Sentence('the snapshot "{name}" of volume "{volume}" on "{node}" shows what was there then'))
def snapshot_shows(world: World, name: str, volume: str, node: str) -> None:
    volumes.check_snapshot(world, node, volume, name)


@then("the log says of these volumes:")
def log_says_of(world: World, datatable: list[list[str]]) -> None:
    """Each row: a volume id and a word; one line of the log has both."""
    _ = world.run.result
    lines = world.run.log.splitlines()
    for volume, word in datatable:
        assert any(f"'{volume}'" in line and word in line for line in lines), volume


@then(Sentence('"{node}" receives the volume over a connection of its own from "{source}"'))
def own_connection(world: World, node: str, source: str) -> None:
    found = streams.incoming(world.node(node))
    assert [stream.peer for stream in found] == [world.node(source).address]
    assert found[0].received >= volumes.LENGTH


@then(Sentence('"{node}" has no connection to its migration ports'))
def no_connection(world: World, node: str) -> None:
    assert world.run.running
    assert streams.incoming(world.node(node)) == []


@then(Sentence('the command on "{node}" was run as:'))
def run_as(world: World, node: str, docstring: str) -> None:
    """A line for each run, in their order; options may have one dash or two."""
    world.end_runs()
    noted = [line.replace(" --", " -") for line in commands.notes(world, node)]
    assert noted == networks.fill_in(world, docstring).splitlines()


@then("the command fails")
def command_fails(world: World) -> None:
    assert world.asked[-1].rc != 0
    assert "Traceback" not in world.asked[-1].output


@then(Sentence("the migration took at least {ms} ms"))
def took(world: World, ms: int) -> None:
    _ = world.run.result
    lines = world.run.process.output()
    assert lines[-1].time - lines[0].time >= ms / 1000
