"""What a source asks of its target, and a target that answers otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pytest_bdd import given, then, when

from fixtures.faults import monitors
from fixtures.faults.fronts import Front
from fixtures.faults.monitors import Relays
from fixtures.observe.monitor import monitor
from fixtures.world import cluster_files, networks
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

Fronts = dict[str, Front]
LIVE = ("--online", "--with-local-disks")
MODELS, MODEL = "virtual-guest/cpu-models.conf", "cpu-model: {}\n\treported-model {}\n\tflags {}\n"
CLOUD_INIT = "local:{vmid}/vm-{vmid}-cloudinit.raw"


@pytest.fixture
def fronts() -> Fronts:
    """What stands before `qm`, by node."""
    return {}


@given(Sentence('what "{node}" is asked to start is recorded'))
def start_recorded(world: World, fronts: Fronts, node: str) -> None:
    fronts[node] = Front(world, node, "start")


@given(Sentence('what is said to the tunnel on "{node}" is recorded'))
def tunnel_recorded(world: World, fronts: Fronts, node: str) -> None:
    fronts[node] = Front(world, node, "mtunnel")


@given(Sentence('"{node}" says "{said}" and complains of "{complaint}" when it starts a guest'))
def chatters(world: World, node: str, said: str, complaint: str) -> None:
    Front(world, node, "start", before=f"echo '{said}'; echo '{complaint}' >&2")


@given(Sentence('"{node}" leaves out drive {drive:word} when it announces what it receives'))
def leaves_out(world: World, node: str, drive: str) -> None:
    Front(world, node, "start", program=f"/exportname=drive-{drive} /d")


@given(Sentence('"{node}" announces "{said}" in place of "{own}"'))
def announces_another(world: World, node: str, said: str, own: str) -> None:
    Front(world, node, "start", program=f"s#/{own}#/{said}#")


@given(Sentence('"{node}" does not announce where it listens'))
def announces_nothing(world: World, node: str) -> None:
    Front(world, node, "start", program="/^migration listens/d")


@given(Sentence('"{node}" fails with exit code {code} after it has started the guest'))
def fails_late(world: World, node: str, code: int) -> None:
    Front(world, node, "start", ending=f"exit {code}")


@given(Sentence('the tunnel on "{node}" says "{said}" where it should say "{expected}"'))
def tunnel_says(world: World, node: str, said: str, expected: str) -> None:
    Front(world, node, "mtunnel", program=f"s#^{expected}$#{said}#")


@given(
    Sentence(
        'the monitor of guest {vmid} tells the ticket "{ticket}" of its display,'
        " as Proxmox's own QEMU does"
    )
)
def tells_ticket(world: World, relays: Relays, vmid: int, ticket: str) -> None:
    relays[vmid] = monitors.stand_between(world, vmid, f"ticket={ticket}")


@then(Sentence('"{node}" was asked to start guest {vmid} without the word "{word}"'))
def asked_without_word(fronts: Fronts, node: str, vmid: int, word: str) -> None:
    assert options(fronts, node, vmid)
    assert word not in " ".join(fronts[node].argv)


@given(Sentence('guest {vmid} has a cloud-init drive ide2 and TPM state on "local"'))
def other_drives(world: World, vmid: int) -> None:
    world.add_volume(CLOUD_INIT.format(vmid=vmid), world.guests[vmid].node, 1)
    world.set_keys(vmid, {"ide2": f"{CLOUD_INIT.format(vmid=vmid)},media=cdrom"})
    world.add_disk(vmid, "tpmstate0", 1, "raw", "local")


@when(Sentence('guest {vmid} is live-migrated to "{node}" over the network of the cluster'))
def over_network(world: World, vmid: int, node: str) -> None:
    cidr = networks.cidr(world, "cluster")
    _ = world.begin(vmid, node, [*LIVE, "--migration_network", cidr]).result


def options(fronts: Fronts, node: str, vmid: int) -> dict[str, str]:
    """The options of the only start that was asked for, with their values."""
    command, guest, *words = fronts[node].argv
    assert (command, guest) == ("start", str(vmid))
    assert "start" not in words
    found: dict[str, str] = {}
    for word in words:
        if word.startswith("--"):
            found[word[2:]] = ""
        else:
            found[list(found)[-1]] += word
    return found


@then(Sentence('"{node}" was asked to start guest {vmid} with exactly these options:'))
def asked_exactly(
    fronts: Fronts, node: str, vmid: int, datatable: Sequence[Sequence[str]]
) -> None:
    assert options(fronts, node, vmid) == {row[0]: row[1] for row in datatable}


@then(Sentence('"{node}" was asked to start guest {vmid} with the network of the cluster'))
def asked_network(world: World, fronts: Fronts, node: str, vmid: int) -> None:
    assert options(fronts, node, vmid)["migration_network"] == networks.cidr(world, "cluster")


@then(Sentence('"{node}" was asked to start guest {vmid} with the option "{name}" as "{value}"'))
def asked_option(fronts: Fronts, node: str, vmid: int, name: str, value: str) -> None:
    assert options(fronts, node, vmid)[name] == value


@then(Sentence('"{node}" was asked to start guest {vmid} without the option "{name}"'))
def asked_without(fronts: Fronts, node: str, vmid: int, name: str) -> None:
    assert name not in options(fronts, node, vmid)


@given(
    Sentence(
        "guest {vmid} was started when the cluster's model \"{model}\" was \"{old}\","
        ' which is "{new}" now'
    )
)
def model_changed(world: World, vmid: int, model: str, old: str, new: str) -> None:
    """Each is a built-in model `with` the flags it adds."""
    cluster_files.put(world, MODELS, MODEL.format(model, *old.split(" with ")))
    world.start(vmid)
    cluster_files.put(world, MODELS, MODEL.format(model, *new.split(" with ")))


@then(
    Sentence(
        '"{node}" was asked for the processor that guest {vmid} had on "{source}",'
        ' a "{model}" with "{flag}"'
    )
)
def asked_processor(
    world: World, fronts: Fronts, node: str, vmid: int, source: str, model: str, flag: str
) -> None:
    assert world.before
    had = world.before.guests(vmid)[source][0].argv
    has = world.look().guests(vmid)[node][0].argv
    words = had[had.index("-cpu") + 1]
    assert words.split(",")[0] == model
    assert flag in words.split(",")
    assert options(fronts, node, vmid)["force-cpu"] == words
    assert has[has.index("-cpu") + 1] == words


@then(Sentence('the machine of guest {vmid} on "{node}" is what its QEMU takes for "{alias}"'))
def machine_is(world: World, vmid: int, node: str, alias: str) -> None:
    with monitor(world.node(node), vmid) as qmp:
        found = qmp.execute("qom-get", {"path": "/machine", "property": "type"})
        known = qmp.execute("query-machines")
    assert found == next(f"{one['name']}-machine" for one in known if one.get("alias") == alias)


@then(Sentence('"{node}" was told exactly "{lines}"'))
def told(fronts: Fronts, node: str, lines: str) -> None:
    assert fronts[node].told == lines.split(" / ")
