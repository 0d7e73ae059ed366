"""Guests of their own kernel, on KVM and between versions of QEMU; links that are bad."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then, when

from fixtures.guests.image import FREE_RUNNING, MIB
from fixtures.labs.patience import patient
from fixtures.observe import links
from fixtures.observe.monitor import monitor
from fixtures.world import machines, oracle
from fixtures.world.sentence import Sentence
from fixtures.world.sight import await_sight
from fixtures.world.world import World

LIVE = ("--online", "--with-local-disks")
KVM_FILES = "readlink /proc/{pid}/fd/* | grep kvm"


# --- guests


@given(Sentence('a {state:running|stopped} Linux guest {vmid} on "{node}"'))
def linux_guest(world: World, state: str, vmid: int, node: str) -> None:
    machines.add_linux(world, vmid, node)
    world.bring_to(vmid, state)


@given(Sentence("guest {vmid} fills {mib} MiB of its memory with noise, over and over"))
def noisy(world: World, vmid: int, mib: int) -> None:
    end = world.guests[vmid].parameters.start + mib * MIB
    world.change_guest(vmid, end=end, mode="noise", pages_per_tick=FREE_RUNNING)


@then(Sentence('guest {vmid} goes on writing records on "{node}"'))
def writes_on(world: World, vmid: int, node: str) -> None:
    _ = world.run.result

    def written(_: object) -> bool:
        there = oracle.timeline(world, vmid).beating[-1]
        most = there.beats[0].writes + oracle.WRITES_SINCE_BEAT
        return there.node == node and there.beats[-1].writes > most

    await_sight(world, f"records of guest {vmid} written on {node}", written)


# --- what runs them


@given(Sentence('KVM runs guest {vmid} on "{node}"'))
@then(Sentence('KVM runs guest {vmid} on "{node}"'))
def on_kvm(world: World, vmid: int, node: str) -> None:
    """Its QEMU says so, and holds a processor of the kernel's."""
    with monitor(world.node(node), vmid) as qmp:
        assert qmp.execute("query-kvm") == {"enabled": True, "present": True}
    (guest,) = world.look().guests(vmid)[node]
    files = world.node(node).run(KVM_FILES.format(pid=guest.pid)).stdout.split()
    assert {"/dev/kvm", "anon_inode:kvm-vm", "anon_inode:kvm-vcpu:0"} <= set(files)


@given(
    Sentence(
        "a running {kind:boot-sector|Linux} guest {vmid} on the node with the"
        " {age:oldest|newest} QEMU"
    )
)
def on_version(world: World, kind: str, vmid: int, age: str) -> None:
    machines.ADD[kind](world, vmid, world.stage.node_with(age))
    world.bring_to(vmid, "running")


@when(Sentence("guest {vmid} is live-migrated to the node with the {age:oldest|newest} QEMU"))
def to_version(world: World, vmid: int, age: str) -> None:
    _ = world.begin(vmid, world.stage.node_with(age), LIVE).result


@then(
    Sentence(
        "guest {vmid} runs on the {age:oldest|newest} QEMU, with the newest machine of the oldest"
    )
)
def runs_on(world: World, vmid: int, age: str) -> None:
    """Asked is the process itself."""
    (node,) = world.look().guests(vmid)
    oldest, newest = world.stage.qemu_releases[0], world.stage.qemu_releases[-1]
    with monitor(world.node(node), vmid) as qmp:
        version = qmp.execute("query-version")["qemu"]
        kind = qmp.execute("qom-get", {"path": "/machine", "property": "type"})
    assert oldest != newest
    assert (version["major"], version["minor"]) == {"oldest": oldest, "newest": newest}[age]
    assert kind == "pc-i440fx-{}.{}-machine".format(*oldest)


# --- bad links


@pytest.fixture
def resent() -> dict[str, int]:
    """How many segments nodes had sent again before packets were lost."""
    return {}


@given(Sentence('what "{one}" and "{other}" send takes {ms} ms to arrive'))
def delayed(world: World, one: str, other: str, ms: int) -> None:
    for name in (one, other):
        world.lab.impair(name, ms)


@when(Sentence('{percent} % of what "{one}" and "{other}" send is lost from now on'))
def lossy(world: World, resent: dict[str, int], percent: int, one: str, other: str) -> None:
    for name in (one, other):
        resent[name] = links.resent(world.node(name))
        world.lab.impair(name, 0, percent)


@then(Sentence('packets of "{one}" and "{other}" were delayed on their way'))
def were_delayed(world: World, one: str, other: str) -> None:
    for name in (one, other):
        assert links.impaired(world.node(name)).packets > 0


@then(Sentence('packets of "{node}" were lost on their way and sent again'))
def were_lost(world: World, resent: dict[str, int], node: str) -> None:
    assert links.impaired(world.node(node)).drops > 0
    assert links.resent(world.node(node)) > resent[node]


@then(
    Sentence(
        "the pause that guest {vmid} saw is a round trip of {ms} ms at least, and at most"
        " {most} of them and {usual} ms"
    )
)
def paused_for(world: World, vmid: int, ms: int, most: int, usual: int) -> None:
    pause = oracle.timeline(world, vmid).pause_ms()
    world.measured["guest-visible pause in ms"] = pause
    assert ms <= pause <= most * ms + patient(usual)
