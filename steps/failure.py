"""Live migrations held in a phase, what happens to the world then, and who survives it."""

from __future__ import annotations

import shlex

import pytest
from pytest_bdd import given, parsers, then, when

from fixtures.faults import links, processes, standstill, wrappers
from fixtures.guests.image import MIB
from fixtures.labs.patience import patient
from fixtures.observe import serial
from fixtures.observe.monitor import monitor
from fixtures.observe.transfer import Watch, watching
from fixtures.world import cluster_files, holding, oracle
from fixtures.world.guests import usual_pages
from fixtures.world.sentence import Sentence
from fixtures.world.sight import await_sight
from fixtures.world.world import World

GONE_STORAGE = "dir: {storage}\n\tpath /var/lib/{storage}\n\tcontent images\n\n"
BEAT = "cd /run/observer/beats; timeout {:g} tail -q -n 0 -f *.log | grep -qm1 '^line .* H'"


# --- what a step saw


@pytest.fixture
def watched() -> list[Watch]:
    """What was seen of the migration that a step watched: the source's end, the target's."""
    return []


# --- guests for a phase


@given(
    Sentence(
        'a running guest {vmid} on "{node}" with its disk on "{storage}" fills {mib} MiB of its'
        " memory and then {what:rests|writes to disk|dirties it}"
    )
)
def filling(world: World, vmid: int, node: str, storage: str, mib: int, what: str) -> None:
    """Its memory moves within a foreseeable time; 4 MiB/s dirtied make the passes shorter."""
    world.add_guest(vmid, node)
    world.add_disk(vmid, "scsi0", 2, "raw", storage)
    world.change_guest(
        vmid, end=(1 + mib) * MIB, fill=True, write_interval=0 if what == "rests" else 5,
        pages_per_tick=usual_pages() if what == "dirties it" else 0,
    )  # fmt: skip
    world.bring_to(vmid, "running")


@given(Sentence("guest {vmid} has filled {mib} MiB of its memory and is paused"))
def filled_and_paused(world: World, vmid: int, mib: int) -> None:
    world.change_guest(vmid, end=(1 + mib) * MIB, fill=True, pages_per_tick=0)
    world.bring_to(vmid, "running")
    world.pause(vmid)


@given(Sentence("drive {drive:word} of guest {vmid} holds {mib} MiB of data"))
def data(world: World, drive: str, vmid: int, mib: int) -> None:
    """At the end of the disk, where the guest does not write."""
    disk = world.guests[vmid].disks[drive]
    words = f"if=/dev/urandom bs=1M count={mib} seek={disk.size // MIB - mib} conv=notrunc"
    world.node(world.guests[vmid].node).run(f"dd {words} of={shlex.quote(disk.path)} status=none")


@given(Sentence('storage "{storage}" is defined, but its directory is on no node'))
def storage_without_directory(world: World, storage: str) -> None:
    text = world.node("pve1").get("/etc/pve/storage.cfg").decode().rstrip("\n")
    cluster_files.put(world, "storage.cfg", text + "\n\n" + GONE_STORAGE.format(storage=storage))


@given(Sentence('guest {vmid} has an unused volume of {mib} MiB on "{storage}"'))
def unused_disk(world: World, vmid: int, mib: int, storage: str) -> None:
    """A volume that only the config knows; it is copied, not mirrored."""
    guest = world.guests[vmid]
    volume = f"{storage}:{vmid}/vm-{vmid}-disk-{len(guest.disks)}.raw"
    world.add_volume(volume, guest.node, mib)
    world.set_keys(vmid, {"unused0": volume})


# --- the state of a migration when something happens


@given(Sentence('a live migration of guest {vmid} to "{node}" is held at "{phase}"'))
def held(world: World, vmid: int, node: str, phase: str) -> None:
    holding.hold(world, vmid, node, phase)


@given(
    Sentence('a live migration of guest {vmid} to "{node}" with "{options}" is held at "{phase}"')
)
def held_with(world: World, vmid: int, node: str, options: str, phase: str) -> None:
    holding.hold(world, vmid, node, phase, shlex.split(options))


@given(
    Sentence(
        'a live migration of guest {vmid} to "{node}" is held at "{phase}" of {drive:word}'
        " while {other:word} is ready"
    )
)
def held_second(world: World, vmid: int, node: str, phase: str, drive: str, other: str) -> None:
    holding.hold(world, vmid, node, phase, limit="1024")
    source, wanted = world.guests[vmid].node, [(drive, False), (other, True)]
    holding.until(world, vmid, source, lambda qmp: holding.mirrors(qmp) == sorted(wanted))


@given(Sentence('all memory of guest {vmid} has moved to "{node}" and the migrator stands still'))
def memory_moved(world: World, vmid: int, node: str) -> None:
    holding.move_memory(world, vmid, node)


@given(
    Sentence(
        'the source says that all memory of guest {vmid} is on "{node}", which takes nothing more'
    )
)
def said_complete(world: World, vmid: int, node: str) -> None:
    """The state is so small that the sockets on the way hold all of it."""
    run = world.begin(vmid, node, [*holding.LIVE, "--bwlimit", holding.SLOW])
    run.reach("memory")
    standstill.freeze_qemu(world, vmid, node)
    run.reach("memory complete")


@given(Sentence('the NBD server of guest {vmid} on "{node}" was stopped'))
def nbd_was_stopped(world: World, vmid: int, node: str) -> None:
    processes.stop_nbd(world, vmid, node)


@given(
    Sentence('the mirrors of guest {vmid} were ended and the NBD server on "{node}" was stopped')
)
def mirrors_and_nbd_ended(world: World, vmid: int, node: str) -> None:
    holding.end_mirrors(world, vmid)
    processes.stop_nbd(world, vmid, node)


@given(Sentence('the QEMU of guest {vmid} on "{node}" was killed'))
def qemu_was_killed(world: World, vmid: int, node: str) -> None:
    processes.signal_qemu(world, vmid, node, "KILL")


@given(Sentence('all memory of guest {vmid} had moved to "{node}" when its QEMU there was killed'))
def killed_after_memory(world: World, vmid: int, node: str) -> None:
    holding.move_memory(world, vmid, node)
    processes.signal_qemu(world, vmid, node, "KILL")
    standstill.thaw_migrator(world)
    _ = world.run.result


@given(Sentence('the link between "{one}" and "{other}" was cut until that migration had ended'))
def cut_meanwhile(world: World, one: str, other: str) -> None:
    """Healed again, what has lost its connection over there ends, too."""
    links.cut(world, one, other)
    _ = world.run.result
    world.lab.heal()
    what = f"the end of every process of a migrator on {other}"
    await_sight(world, what, lambda found: not found.nodes[other].helpers, holding.WITHIN_S)


@given("that migration has ended")
def has_ended(world: World) -> None:
    _ = world.run.result


@given("the migrator was killed")
def migrator_was_killed(world: World) -> None:
    process = world.run.process
    process.signal("KILL")
    world.node(world.run.source).run(f"tail --pid={process.pid} -f /dev/null", timeout=10.0)


@given(Sentence('"{command}" was run on "{node}"'))
@then(Sentence('"{command}" succeeds on "{node}"'))
def was_run(world: World, command: str, node: str) -> None:
    assert world.ask(node, command).rc == 0, world.asked[-1].output


# --- broken commands


@given(Sentence('no QEMU starts on "{node}"'))
def no_qemu(world: World, node: str) -> None:
    wrappers.refuse_qemu(world, node)


@given(Sentence('every QEMU on "{node}" is started with "{words}" as its last words'))
def other_qemu(world: World, node: str, words: str) -> None:
    wrappers.add_to_qemu(world, node, words)


@given(Sentence('the command "{path}" on "{node}" was broken'))
def was_broken(world: World, path: str, node: str) -> None:
    processes.break_command(world, path, node)


@given(Sentence('"{node}" takes notes of the commands it is given'))
def notes_taken(world: World, node: str) -> None:
    wrappers.take_notes(world, node)


# --- what may stay


@given(parsers.re(r'volume "(?P<volume>[^"]+)" is to stay on "(?P<node>\w+)": (?P<reason>.+)'))
def stays(world: World, volume: str, node: str, reason: str) -> None:
    world.let_stay(node, volume, reason)


# --- going on


@when(Sentence("the migrator gets the signal {name:TERM} while guest {vmid} is watched"))
def signalled_and_watched(world: World, name: str, vmid: int, watched: list[Watch]) -> None:
    """Once the source's QEMU is seen to mirror."""
    with watching(vmid, world.node(world.guests[vmid].node)) as watches:
        watches[0].until(lambda sample: sample.jobs > 0)
        world.run.process.signal(name)
        _ = world.run.result
    watched += watches


@when("the migrator goes on")
def migrator_thawed(world: World) -> None:
    standstill.thaw_migrator(world)
    _ = world.run.result


# --- who survives


@then(Sentence('guest {vmid} goes on beating on "{node}" and beat nowhere else'))
def beats_on(world: World, vmid: int, node: str) -> None:
    """A beat that comes after the migration's end is waited for."""
    _ = world.run.result
    world.node(node).run(BEAT.format(patient(20)))
    assert {span.node for span in oracle.timeline(world, vmid).beating} == {node}


@then(Sentence("guest {vmid} was never silent for more than {ms} ms"))
def never_silent(world: World, vmid: int, ms: int) -> None:
    assert 0 < serial.timeline(world.lab.nodes.values()).longest_gap_ms() <= ms


@then(Sentence('nothing of guest {vmid} is on "{node}"'))
def nothing_there(world: World, vmid: int, node: str) -> None:
    """No process, no socket, no volume, no config."""
    _ = world.run.result
    found = world.look()
    facts = found.nodes[node]
    assert [guest.pid for guest in facts.guests if guest.vmid == vmid] == []
    assert [name for name in facts.runtime if name.startswith(str(vmid))] == []
    assert [volume for volume in facts.volumes if f":{vmid}/" in volume] == []
    assert node not in found.owners(vmid)


@then(Sentence('the QEMU of guest {vmid} on "{node}" is in the state "{state}"'))
def qemu_state(world: World, vmid: int, node: str, state: str) -> None:
    with monitor(world.node(node), vmid) as qmp:
        assert qmp.status == state


@then(Sentence('"{node}" was given these commands in this order:'))
def noted(world: World, node: str, datatable: list[list[str]]) -> None:
    """The beginning of each, how many QEMUs the node had then, the guest's lock property then."""
    _ = world.run.result
    notes = wrappers.notes(world, node)
    words = [note.words[: len(row[0])] for note, row in zip(notes, datatable[1:], strict=False)]
    facts = [[str(note.guests), note.lock] for note in notes]
    assert [[word, *rest] for word, rest in zip(words, facts, strict=False)] == datatable[1:]
    assert len(notes) == len(datatable) - 1


@then(
    Sentence(
        'the memory and the mirrors of guest {vmid} had ended before "{node}" was told to stop it'
    )
)
def ended_before_stop(world: World, vmid: int, node: str, watched: list[Watch]) -> None:
    notes = wrappers.notes(world, node)
    stop = next(note for note in notes if note.words.startswith(f"qm stop {vmid} "))
    before = [one for one in watched[0].samples if one.answered_ns < stop.time_ns]
    after = [one for one in watched[0].samples if one.asked_ns > stop.time_ns]
    assert max(one.jobs for one in before) == 1
    assert {one.status for one in after} <= {"none", "cancelled"}
    assert {one.jobs for one in after} == {0}


@then(Sentence('on "{node}" guest {vmid} has only the volume "{volume}"'))
def only_volume(world: World, node: str, vmid: int, volume: str) -> None:
    facts = world.look().nodes[node]
    assert [found for found in facts.volumes if f":{vmid}/" in found] == [volume]
    assert [guest.pid for guest in facts.guests] == []
