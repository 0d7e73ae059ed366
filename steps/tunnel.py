"""The control tunnel: spoken to by hand, and as a migration holds it open."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import wrappers
from fixtures.observe.monitor import monitor
from fixtures.world.sentence import Sentence
from fixtures.world.world import CONFIG, World

Argv = list[str]
TUNNEL = "ssh -o BatchMode=yes root@{node} /usr/sbin/qm mtunnel"
TURNING_POINTS = ("pvesm import", "qm start", "qm mtunnel", "qm unlock")
STALE = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"


@pytest.fixture
def ssh() -> Argv:
    """The command line of the ssh that was found."""
    return []


@when(Sentence('"{source}" opens the tunnel to "{node}" and says nothing'))
def opened(world: World, source: str, node: str) -> None:
    world.ask(source, f"{TUNNEL.format(node=node)} </dev/null")


@when(Sentence('"{source}" opens the tunnel to "{node}" and says "{lines}"'))
def spoken_to(world: World, source: str, node: str, lines: str) -> None:
    said = " ".join(shlex.quote(line) for line in lines.split(" / "))
    world.ask(source, f"printf '%s\\n' {said} | {TUNNEL.format(node=node)}")


@then(Sentence('the tunnel answers exactly "{lines}"'))
def answers(world: World, lines: str) -> None:
    expected = [re.escape(line).replace(r"\.\.\.", ".+") for line in lines.split(" / ")]
    said = world.asked[-1].output.splitlines()
    assert len(said) == len(expected), said
    for line, regex in zip(said, expected, strict=True):
        assert re.fullmatch(regex, line)


@given(Sentence('the config of guest {vmid} lies on "{node}" until the end'))
def config_elsewhere(world: World, vmid: int, node: str) -> None:
    own = CONFIG.format(node=world.guests[vmid].node, vmid=vmid)
    other, text = CONFIG.format(node=node, vmid=vmid), world.config(vmid)
    free = "".join(line for line in text.splitlines(True) if not line.startswith("lock:"))
    world.node(node).run(["mv", own, other])
    world.on_end(lambda: world.node(node).put(own, free.encode(), 0o640))
    world.on_end(lambda: world.node(node).run(["rm", other]))


@then(Sentence('the process of guest {vmid} on "{node}" is {state:running|paused|postmigrate}'))
def process_is(world: World, vmid: int, node: str, state: str) -> None:
    with monitor(world.node(node), vmid) as qmp:
        assert qmp.status == state


@given(Sentence('a dead process has left "{path}" on "{node}"'))
def stale(world: World, path: str, node: str) -> None:
    world.node(node).run(["/usr/bin/python3", "-I", "-S", "-c", STALE, path])


@then(Sentence('an ssh on "{source}" keeps "{command}" open on "{target}"'))
def kept_open(world: World, ssh: Argv, source: str, command: str, target: str) -> None:
    """Both ends are there."""
    found = world.look().nodes
    there = [" ".join(argv) for _, argv in found[target].helpers]
    assert [line for line in there if line.endswith(command)]
    own = [argv for _, argv in found[source].helpers if " ".join(argv).endswith(command)]
    assert len(own) == 1
    ssh += own[0]


@then(Sentence('it forwards exactly "{sockets}"'))
def forwards(ssh: Argv, sockets: str) -> None:
    there = [value for word, value in pairwise(ssh) if word == "-L"]
    assert there == [f"{path}:{path}" for path in sockets.split(", ") if path]


@then(Sentence('it has the option "{option}"'))
def has_option(ssh: Argv, option: str) -> None:
    assert option in ssh


@then(Sentence('no ssh and no socket of a migration is left on "{one}" or "{other}"'))
def nothing_left(world: World, one: str, other: str) -> None:
    """At once, not after the time that the search for leftovers gives."""
    found = world.look().nodes
    for facts in (found[one], found[other]):
        assert [argv for _, argv in facts.helpers] == []
        assert [name for name in facts.runtime if name.endswith(".migrate")] == []
        assert [path for path in facts.unix if path.endswith(".migrate")] == []


@then(Sentence('among what "{node}" was asked for were exactly "{commands}"'))
def noted_among(world: World, node: str, commands: str) -> None:
    """In this order, of the commands that copy, start, resume by a tunnel, and unlock."""
    _ = world.run.result
    found = [" ".join(note.words.split()[:2]) for note in wrappers.notes(world, node)]
    assert [words for words in found if words in TURNING_POINTS] == commands.split(", ")
