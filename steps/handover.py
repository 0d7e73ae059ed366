"""The hand-over: what happened in which order, and points at which the target stands still."""

from __future__ import annotations

import re
import shlex
from itertools import groupby

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import processes, resume, storage
from fixtures.faults.gates import Gate
from fixtures.observe import configs
from fixtures.observe.witness import Witness
from fixtures.world import handover, oracle
from fixtures.world.sentence import Sentence
from fixtures.world.world import CONFIG, World

LIVE = ("--online", "--with-local-disks")
THERE = 'a migration of guest {vmid} to "{node}" with "{options}" has come to that point'


@pytest.fixture
def witnesses() -> dict[str, Witness]:
    """Who watches, by node."""
    return {}


@pytest.fixture
def still() -> list[Gate]:
    """Where the hand-over stands still."""
    return []


@pytest.fixture
def memory() -> dict[int, str]:
    """What the guests' memories were."""
    return {}


# --- the order


@given(Sentence('what happens to guest {vmid} is seen on "{node}"'))
def watched(world: World, witnesses: dict[str, Witness], vmid: int, node: str) -> None:
    names = sorted(world.lab.nodes)
    others = [] if world.stage.one_kernel else [world.node(name) for name in names if name != node]
    witness = Witness(world.node(node), others, names, vmid, world.stage.storages)
    world.on_end(witness.end)
    witnesses[node] = witness


@then(Sentence('this and no more was seen on "{node}", in this order:'))
def seen(world: World, witnesses: dict[str, Witness], node: str, docstring: str) -> None:
    _ = world.run.result
    assert witnesses[node].story() == docstring.splitlines()


@given(Sentence('"{node}" keeps the tunnel open until guest {vmid} has beaten there'))
def keeps_open(world: World, node: str, vmid: int) -> None:
    assert vmid in world.guests
    resume.keep_tunnel_until_beat(world, world.node(node))


@then(
    Sentence(
        'by the clock of "{source}" and "{node}" this and no more happened to guest {vmid},'
        " in this order:"
    )
)
def happened(
    world: World, witnesses: dict[str, Witness], source: str, node: str, vmid: int, docstring: str
) -> None:
    """Both tell of the configs; what the target's witness does counts. Of beats the first."""
    _ = world.run.result
    here = [(when, f"{words} on {source}") for when, words in witnesses[source].dated()]
    there = [(when, f"{words} on {node}") for when, words in witnesses[node].dated()]
    heard = oracle.timeline(world, vmid).beats(node)
    beats = [(beat.time_ns, f"it beats on {node}") for beat in heard[:1]]
    seen = [*there, *beats, *(pair for pair in here if not pair[1].startswith("its config "))]
    seen.sort(key=lambda pair: pair[0])
    told = [re.sub(r"^(its config .*) on \S+$", r"\1", words) for _, words in seen]
    assert [words for words, _ in groupby(told)] == docstring.splitlines()


# --- standing still


@given(Sentence('"{node}" stands still before it {point:resume|unlock}s guest {vmid}'))
def stands_still(world: World, still: list[Gate], node: str, point: str, vmid: int) -> None:
    assert vmid in world.guests
    gates = {"resume": resume.gate, "unlock": resume.unlock_gate}
    still.append(gates[point](world, world.node(node)))


@given(Sentence(f"a live {THERE[2:]}"))
@when(Sentence(f"a live {THERE[2:]}"))
def live_there(world: World, still: list[Gate], vmid: int, node: str, options: str) -> None:
    world.begin(vmid, node, [*LIVE, *shlex.split(options)])
    still[-1].wait_until_reached()


@when(Sentence(THERE))
def there(world: World, still: list[Gate], vmid: int, node: str, options: str) -> None:
    world.begin(vmid, node, shlex.split(options))
    still[-1].wait_until_reached()


@then(Sentence("the migration finishes successfully once the target goes on"))
def finishes(world: World, still: list[Gate]) -> None:
    still[-1].go_on()
    assert world.ending == "success"


@then(Sentence("the migration ends with problems once the target goes on"))
def ends_with_problems(world: World, still: list[Gate]) -> None:
    still[-1].go_on()
    assert world.ending == "problems"


@then(Sentence("the processes of guest {vmid} are:"))
def processes_are(world: World, vmid: int, datatable: list[list[str]]) -> None:
    """Each row: a node and the run state there."""
    there = world.look().guests(vmid)
    found = [[node, str(guest.status)] for node, guests in there.items() for guest in guests]
    assert sorted(found) == sorted(datatable)


@then(Sentence('"{node}" offers no drive of guest {vmid} to anybody'))
def offers_nothing(world: World, node: str, vmid: int) -> None:
    assert handover.offers(world, node, vmid) == []


@then(Sentence('no tunnel leads from "{source}" to "{target}"'))
def no_tunnel(world: World, source: str, target: str) -> None:
    found = world.look().nodes
    helpers = [argv for node in (source, target) for _, argv in found[node].helpers]
    assert [argv for argv in helpers if "mtunnel" in " ".join(argv)] == []


@then(Sentence('no process, socket or file of the running guest {vmid} is on "{node}"'))
def nothing_at_run_time(world: World, vmid: int, node: str) -> None:
    facts = world.look().nodes[node]
    names = [path.rpartition("/")[2] for path in [*facts.unix, *facts.runtime]]
    own = re.compile(rf"{vmid}(\.(qmp|pid|serial\d+|vnc|qga|migrate)|_nbd\.migrate)")
    assert [name for name in names if own.fullmatch(name)] == []
    assert [guest for guest in facts.guests if guest.vmid == vmid] == []


# --- the guest


@given(Sentence('a {state:running|stopped} guest {vmid} on "{node}" with disks "{drives}"'))
def with_disks(world: World, state: str, vmid: int, node: str, drives: str) -> None:
    """`scsi0 raw, virtio0 qcow2 on alt`: the first has 4 MiB, the others 1 MiB; on "local"."""
    world.add_guest(vmid, node)
    for words in (drive.split() for drive in drives.split(",")):
        size, storage = 1 if world.guests[vmid].disks else 4, [*words, "on", "local"][3]
        world.add_disk(vmid, words[0], size, words[1], storage)
    world.bring_to(vmid, state)


@given(Sentence('drive {drive:word} of guest {vmid} is described with "{options}"'))
def described(world: World, drive: str, vmid: int, options: str) -> None:
    world.set_keys(vmid, {drive: f"{world.guests[vmid].disks[drive].volume},{options}"})


@given(Sentence('guest {vmid} has been live-migrated to "{node}"'))
def has_been_migrated(world: World, vmid: int, node: str) -> None:
    assert world.begin(vmid, node, LIVE).ending == "success"
    world.guests[vmid] = world.guests[vmid]._replace(node=node)


@given(Sentence("the memory of guest {vmid} is remembered"))
def remembered(world: World, memory: dict[int, str], vmid: int) -> None:
    memory[vmid] = handover.memory_digest(world, vmid, world.guests[vmid].node)


@then(Sentence('the memory of guest {vmid} on "{node}" is byte for byte what it was'))
def same_memory(world: World, memory: dict[int, str], vmid: int, node: str) -> None:
    assert handover.memory_digest(world, vmid, node) == memory[vmid]


@then(Sentence('the other disks of guest {vmid} hold on "{node}" what they held'))
def other_disks(world: World, vmid: int, node: str) -> None:
    assert handover.damaged_disks(world, vmid, node) == []


@then(Sentence("the config of guest {vmid} names in its sections:"))
def names(world: World, vmid: int, datatable: list[list[str]]) -> None:
    """Each row: a section ("now" is the current one), a key, and its volume."""
    text = world.look().config(vmid)
    for section, key, volume in datatable:
        value = configs.value(text, key, "" if section == "now" else section)
        assert configs.drive_options(value or "")[0] == volume, f"{section} {key}"


@then(Sentence('no volume of guest {vmid} is on "{node}"'))
def no_volume(world: World, vmid: int, node: str) -> None:
    volumes = world.look().nodes[node].volumes
    assert [volume for volume in volumes if f":{vmid}/" in volume] == []


@then(Sentence('drive {drive:word} of guest {vmid} has no option "{name}"'))
def no_option(world: World, drive: str, vmid: int, name: str) -> None:
    entry = configs.value(world.look().config(vmid), drive)
    assert entry is not None
    assert name not in configs.drive_options(entry)[1]


# --- what goes wrong


@given(Sentence('the config of guest {vmid} cannot be moved to "{node}"'))
def cannot_move(world: World, vmid: int, node: str) -> None:
    """A directory has its place."""
    path = CONFIG.format(node=node, vmid=vmid)
    world.node(node).run(["mkdir", "-p", path])
    world.on_end(lambda: world.node(node).run(["rmdir", path]))


@given(Sentence('guest {vmid} is ended on "{node}" when all is over, for {reason:word}'))
def ended_at_last(world: World, vmid: int, node: str, reason: str) -> None:
    """What the requirement named as the reason leaves running is tidied up by the suite."""
    world.on_end(lambda: processes.end_qemu(world, vmid, node))


@given(Sentence("these volumes are to stay on these nodes because of {reason:word}:"))
def let_stay(world: World, reason: str, datatable: list[list[str]]) -> None:
    """Also one that a config names, and that is not there, stays away."""
    for node, volume in datatable:
        world.let_stay(node, volume, reason)


@given(Sentence('volume "{volume}" on "{node}" cannot be removed'))
def cannot_be_removed(world: World, volume: str, node: str) -> None:
    storage.freeze(world, world.path_of(volume), node)


@given(Sentence('"{node}" answers with an error when it is to resume guest {vmid}'))
def refuses_resume(world: World, node: str, vmid: int) -> None:
    assert vmid in world.guests
    resume.refuse(world, world.node(node))


@given(Sentence('the config of guest {vmid} lies on "{node}" for a while'))
def lies_elsewhere(world: World, vmid: int, node: str) -> None:
    here, there = (CONFIG.format(node=name, vmid=vmid) for name in (world.guests[vmid].node, node))
    world.node(node).run(["mv", here, there])
    world.on_end(lambda: world.node(node).run(["mv", there, here]))
