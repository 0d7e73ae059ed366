"""Networks of the lab, by name: which bytes go over which, and what is wrong with one."""

from __future__ import annotations

import shlex
from base64 import b64encode

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import commands, links
from fixtures.world import cluster_files, hosts, networks
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

Counted = dict[str, dict[str, int]]
ELSEWHERE = 192 << 10  # bytes of logins and questions, and of what the networks say of themselves
KEYS = "nodes/{node}/ssh_known_hosts"
FOREIGN = b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))).decode()
IMPORT = "pvesm import local:100/vm-100-disk-{number}.raw raw+size tcp://{cidr} -with-snapshots 0"


@pytest.fixture
def counted() -> Counted:
    """What nodes had received in each network, by node."""
    return {}


@pytest.fixture
def heard() -> list[int]:
    """The ports that imports said they listen on, in order."""
    return []


@given(Sentence('what "{node}" receives in each network is counted'))
def count(world: World, counted: Counted, node: str) -> None:
    counted[node] = networks.received(world, node)


@given(Sentence('"{source}" finds no way to "{target}" in the network "{network}"'))
def no_way(world: World, source: str, target: str, network: str) -> None:
    links.lose_way(world, source, networks.find(world, network).addresses[target])


@given(Sentence('"{node}" has a further address in the network "{network}"'))
def further(world: World, node: str, network: str) -> None:
    address = networks.further_address(world, network)
    links.add_address(world, node, address, networks.find(world, network).device)


@given(Sentence('"{node}" has its address in the network "{network}" on another link, too'))
def twice(world: World, node: str, network: str) -> None:
    links.add_address(world, node, networks.find(world, network).addresses[node], "lo")


@given(Sentence('"{node}" has the address "{address}" on a link that is down'))
def on_a_dead_link(world: World, node: str, address: str) -> None:
    links.add_address_down(world, node, address)


@given(Sentence('membership names the nodes by their addresses in the network "{network}"'))
def members(world: World, network: str) -> None:
    cluster_files.set_addresses(world, networks.find(world, network).addresses)


@given(Sentence('"{source}" knows the host keys of the nodes by {what:their names|nothing}'))
def knows(world: World, source: str, what: str) -> None:
    keys = {name: hosts.key(world, source, name) for name in world.lab.nodes}
    known = {"their names": keys, "nothing": {}}[what]
    hosts.know_only(world, source, [f"{name} {key}" for name, key in known.items()])


@given(Sentence('the cluster has {whose:the|a foreign} host key of "{node}"'))
def cluster_key(world: World, whose: str, node: str) -> None:
    key = {"the": hosts.key(world, node, node), "a foreign": f"ssh-ed25519 {FOREIGN}"}[whose]
    cluster_files.put(world, KEYS.format(node=node), f"{node} {key}\n")
    world.on_end(lambda: world.node(node).run(["rm", f"/etc/pve/{KEYS.format(node=node)}"]))


@given(Sentence('the migration ports {first} and {other} of "{node}" are taken'))
def two_taken(world: World, first: int, other: int, node: str) -> None:
    links.take_ports(world, node, [first, other])


@given(Sentence('all migration ports of "{node}" are taken'))
def all_taken(world: World, node: str) -> None:
    links.take_ports(world, node, list(links.PORTS))


@when(
    Sentence('{count} imports listen on "{node}" in the network "{network}", one after the other')
)
def imports(world: World, heard: list[int], count: int, node: str, network: str) -> None:
    """Each ends before the next begins, so that no port is in use twice."""
    cidr = networks.find(world, network).cidr
    for number in range(count):
        process = world.node(node).start(IMPORT.format(number=number, cidr=cidr))
        heard.append(int(process.wait_for(r"^\d{5}$", 10.0)[0]))
        process.signal("KILL")
        process.wait(10.0)


@then(Sentence('they listened on the ports "{ports}"'))
def listened(heard: list[int], ports: str) -> None:
    assert heard == [int(port) for port in ports.split(", ")]


@then(Sentence('"{node}" has received {kib} KiB or more in the network "{network}" alone'))
def received(world: World, counted: Counted, node: str, kib: int, network: str) -> None:
    _ = world.run.result
    now = networks.received(world, node)
    came = {name: now[name] - counted[node][name] for name in now}
    assert came.pop(network) >= kib << 10
    assert max(came.values()) < ELSEWHERE, came


@then(Sentence('the import on "{node}" took its stream from "{place}"'))
def took(world: World, node: str, place: str) -> None:
    _ = world.run.result
    (noted,) = [shlex.split(line) for line in commands.notes(world, node)]
    assert noted[3] == networks.fill_in(world, place)


@then(Sentence('"{source}" has run "{command}" on "{node}" by ssh {times} times or more'))
def has_run(world: World, source: str, command: str, node: str, times: int) -> None:
    """`node` may be `NAME in NETWORK`."""
    _ = world.run.result
    name, _, network = node.partition(" in ")
    command = networks.fill_in(world, command)
    place = networks.find(world, network or "cluster").addresses[name]
    found = [
        line for line in commands.notes(world, source) if f"@{place} " in line and command in line
    ]
    assert len(found) >= times, commands.notes(world, source)
