"""A target that is asked by hand to receive a guest, and what it then is and says."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import hooks
from fixtures.labs.process import RemoteProcess
from fixtures.observe import spice
from fixtures.observe.monitor import monitor
from fixtures.world import arrivals, needs
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

Waiting = dict[int, RemoteProcess]
ASKED = '"{node}" is asked to receive guest {vmid} with "{options}"'


@pytest.fixture
def waiting() -> Waiting:
    """Targets that are being asked, by guest."""
    return {}


@given(Sentence('"{node}" has been asked to receive guest {vmid} with "{options}"'))
@when(Sentence(ASKED))
def asked(world: World, node: str, vmid: int, options: str) -> None:
    arrivals.receive(world, node, vmid, options)


@when(Sentence(f"{ASKED} and told:"))
def asked_and_told(world: World, node: str, vmid: int, options: str, docstring: str) -> None:
    arrivals.receive(world, node, vmid, options, docstring + "\n")


@when(Sentence(f"{ASKED} and has to wait"))
def asked_and_waits(
    world: World, waiting: Waiting, node: str, vmid: int, options: str
) -> None:
    waiting[vmid] = arrivals.begin(world, node, vmid, options)
    waiting[vmid].wait_for("trying to acquire lock", 20.0)


@given(
    Sentence(
        "the hook script of guest {vmid} writes down its arguments and ends with exit code {code}"
    )
)
def hook_script(world: World, vmid: int, code: int) -> None:
    world.set_keys(vmid, {"hookscript": hooks.place(world, code)})


@then(Sentence('the hook script ran on "{node}" with "{words}" for a guest from "{source}"'))
def hook_ran(world: World, node: str, words: str, source: str) -> None:
    assert hooks.notes(world, node) == [f"{words} from {source}"]


@then(Sentence('guest {vmid} waits for its state on "{node}"'))
def waits(world: World, vmid: int, node: str) -> None:
    found = world.look().guests(vmid)
    statuses = {name: [guest.status for guest in there] for name, there in found.items()}
    assert statuses == {node: ["inmigrate"]}


@then(Sentence('guest {vmid} waits for its state on "{node}" once the lock is free'))
def waits_later(world: World, waiting: Waiting, vmid: int, node: str) -> None:
    world.holders.release()
    assert waiting[vmid].wait(30.0).rc == 0
    waits(world, vmid, node)


@then(Sentence('something on "{node}" waits for the config lock of guest {vmid}'))
def waits_for_lock(world: World, node: str, vmid: int) -> None:
    locks = world.look().nodes[node].locks
    locked = [one for path, one in locks.items() if path.endswith(f"lock-{vmid}.conf")]
    assert [len(one.waiting) for one in locked] == [1]


@then(Sentence("guest {vmid} has no process on any node"))
def no_process(world: World, vmid: int) -> None:
    assert world.look().guests(vmid) == {}


@then("the target announces exactly:")
def announces(world: World, docstring: str) -> None:
    expected = [arrivals.pattern(world, arrivals.normal(line)) for line in docstring.splitlines()]
    said = arrivals.lines(world)
    assert len(said) == len(expected), said
    for line, regex in zip(said, expected, strict=True):
        assert re.fullmatch(regex, line)


@given("every node's QEMU has SPICE")
def has_spice(world: World) -> None:
    needs.require_spice(world)


@then(Sentence('SPICE on "{node}" lets in who comes with "{ticket}", and not with "{other}"'))
def spice_lets_in(world: World, node: str, ticket: str, other: str) -> None:
    ports = re.findall(r"^spice listens on port (\d+)$", world.asked[-1].output, re.MULTILINE)
    there, port = world.node(node), int(*ports)
    assert spice.knock(there, port, other) == "permission denied"
    assert spice.knock(there, port, ticket) == "let in"


@then("these drives are received:")
def received(world: World, datatable: Sequence[Sequence[str]]) -> None:
    drives = [[drive, one.volume] for drive, one in arrivals.announced(world).items()]
    assert drives == [list(row) for row in datatable]


@then(Sentence('the volumes that are received have those sizes and formats on "{node}"'))
def received_volumes(world: World, node: str) -> None:
    offered = arrivals.announced(world)
    assert offered
    for one in offered.values():
        volume, options = one.volume.split(",")[0], one.volume.split(",")[1:]
        path = shlex.quote(world.path_of(volume))
        info = json.loads(world.node(node).run(f"qemu-img info -U --output json {path}").stdout)
        size = f"size={info['virtual-size'] >> 20}M"
        assert {f"format={info['format']}", size} <= set(options)


@then(Sentence('only these volumes are new on "{node}": "{volumes}"'))
def new_volumes(world: World, node: str, volumes: str) -> None:
    assert world.before is not None
    before, now = world.before.nodes[node].volumes, world.look().nodes[node].volumes
    assert sorted(now.keys() - before.keys()) == sorted(volumes.split(", "))


@then(Sentence('volume "{volume}" on "{node}" is as it was'))
def volume_untouched(world: World, volume: str, node: str) -> None:
    assert world.before is not None
    now = world.look(digest=True).nodes[node].volumes
    assert now[volume] == world.before.nodes[node].volumes[volume]


@then(Sentence('the command warns of "{text}" and of no other line'))
def warned(world: World, text: str) -> None:
    warnings = [line for line in world.asked[-1].output.splitlines() if "unknown" in line]
    assert [text in line for line in warnings] == [True], warnings


@then(Sentence('the command line of guest {vmid} on "{node}" has "{words}"'))
def command_line(world: World, vmid: int, node: str, words: str) -> None:
    argv, wanted = arrivals.qemu(world, vmid, node).argv, words.split()
    pairs = [argv[at : at + len(wanted)] for at in range(len(argv))]
    assert wanted in pairs


@then(Sentence('the environment of guest {vmid} on "{node}" has "{entry}"'))
def environment(world: World, vmid: int, node: str, entry: str) -> None:
    pid = arrivals.qemu(world, vmid, node).pid
    assert entry.encode() in world.node(node).get(f"/proc/{pid}/environ").split(b"\0")


@then(Sentence('guest {vmid} on "{node}" has the file "{path}" open'))
def has_open(world: World, vmid: int, node: str, path: str) -> None:
    pid = arrivals.qemu(world, vmid, node).pid
    links = world.node(node).run(f"readlink /proc/{pid}/fd/*", check=False).stdout.splitlines()
    assert path in links


@then(Sentence('something on "{node}" listens on "{path}"'))
def listens(world: World, node: str, path: str) -> None:
    assert path in world.look().nodes[node].unix


@then(Sentence('nothing on "{node}" listens on "{path}"'))
def listens_not(world: World, node: str, path: str) -> None:
    assert path not in world.look().nodes[node].unix


@then(Sentence('"{node}" listens on the ports that were announced'))
def listens_on_ports(world: World, node: str) -> None:
    ports = {int(port) for port in re.findall(r":(600\d\d)\b", "\n".join(arrivals.lines(world)))}
    assert len(ports) == 2
    assert ports <= set(world.look().nodes[node].tcp)


@then(Sentence('guest {vmid} on "{node}" serves no drive to anybody'))
def serves_nothing(world: World, vmid: int, node: str) -> None:
    with monitor(world.node(node), vmid) as qmp:
        assert qmp.execute("query-block-exports") == []


@then(Sentence('drive {drive:word} is offered as "{export}" at "{place}"'))
def offered(world: World, drive: str, export: str, place: str) -> None:
    one = arrivals.announced(world)[drive]
    assert one.export == export
    assert re.fullmatch(arrivals.pattern(world, place), one.place)


@then(
    Sentence('what is written to drive {drive:word} over NBD is in volume "{volume}" on "{node}"')
)
def written(world: World, drive: str, volume: str, node: str) -> None:
    one = arrivals.announced(world)[drive]
    uri = f"{one.place}:exportname={one.export}"
    write = ["qemu-io", "-f", "raw", "-c", "write -P 0x5a 64k 64k", "-c", "flush", uri]
    world.node(node).run(write)
    content = world.node(node).get(world.path_of(volume))
    assert content[65536:131072] == b"\x5a" * 65536
