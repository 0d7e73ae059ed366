"""The mirrors of a guest's drives as its own QEMU shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_bdd import given, then

from fixtures.faults.monitors import Relays
from fixtures.observe.monitor import monitor
from fixtures.world import needs
from fixtures.world.sentence import Sentence
from fixtures.world.world import World


def jobs(world: World, vmid: int, node: str) -> list[dict[str, Any]]:
    """The mirror jobs there."""
    with monitor(world.node(node), vmid) as qmp:
        return [job for job in qmp.block_jobs if job["type"] == "mirror"]


def job(world: World, vmid: int, node: str, drive: str) -> dict[str, Any]:
    """The one job of a drive."""
    (found,) = [one for one in jobs(world, vmid, node) if one["device"].endswith(f"-{drive}")]
    return found


@given(Sentence("QEMU is older than version {major}.{minor}"))
def qemu_older(world: World, major: int, minor: int) -> None:
    needs.require_older_qemu(world, major, minor)


@then(Sentence('the mirrors of guest {vmid} on "{node}" are exactly:'))
def mirrors_are(
    world: World, vmid: int, node: str, datatable: Sequence[Sequence[str]]
) -> None:
    states = [
        [one["device"].rpartition("-")[2], one["status"]]
        for one in sorted(jobs(world, vmid, node), key=lambda one: str(one["device"]))
    ]
    assert states == [list(row) for row in datatable]


@then(Sentence('the mirrors of guest {vmid} on "{node}" are actively synced'))
def actively_synced(world: World, vmid: int, node: str) -> None:
    found = jobs(world, vmid, node)
    assert found
    assert all(one["actively-synced"] for one in found)


@then(Sentence('guest {vmid} has no mirror on "{node}"'))
def no_mirror(world: World, vmid: int, node: str) -> None:
    """Nor anything else that holds a connection to an export."""
    with monitor(world.node(node), vmid) as qmp:
        assert qmp.execute("query-jobs") == []
        nodes = qmp.execute("query-named-block-nodes", {"flat": True})
    assert [one["node-name"] for one in nodes if one["drv"] == "nbd"] == []


@then(Sentence('guest {vmid} on "{node}" has exactly the mirror job "{name}"'))
def job_named(world: World, vmid: int, node: str, name: str) -> None:
    assert [one["device"] for one in jobs(world, vmid, node)] == [name]


@then(Sentence('guest {vmid} on "{node}" mirrors to the export "{export}" of "{path}"'))
def mirrored_to(world: World, vmid: int, node: str, export: str, path: str) -> None:
    with monitor(world.node(node), vmid) as qmp:
        nodes = qmp.execute("query-named-block-nodes")
    files = [one["image"]["filename"] for one in nodes if one["drv"] == "nbd"]
    assert files == [f"nbd+unix:///{export}?socket={path}"]


@then(
    Sentence(
        'the mirror of drive {drive:word} of guest {vmid} on "{node}" is to replace the node that'
        " holds its image"
    )
)
def replaced(world: World, relays: Relays, drive: str, vmid: int, node: str) -> None:
    asked = relays[vmid].asked("blockdev-mirror")
    with monitor(world.node(node), vmid) as qmp:
        nodes = qmp.execute("query-named-block-nodes", {"flat": True})
    images = [
        one["node-name"] for one in nodes
        if one["file"] == world.guests[vmid].disks[drive].path and one["drv"] in ("raw", "qcow2")
    ]  # fmt: skip
    assert [one.content.get("replaces") for one in asked] == images


@then(
    Sentence(
        'the mirror of drive {drive:word} of guest {vmid} on "{node}" goes at {speed} bytes per'
        " second"
    )
)
def speed_is(world: World, drive: str, vmid: int, node: str, speed: int) -> None:
    assert job(world, vmid, node, drive)["speed"] == speed


@then(
    Sentence(
        'the mirror of drive {drive:word} of guest {vmid} on "{node}" waits to be dismissed at'
        " its end"
    )
)
def not_auto_dismissed(world: World, drive: str, vmid: int, node: str) -> None:
    assert job(world, vmid, node, drive)["auto-dismiss"] is False


@then(Sentence("the mirror of drive {drive:word} of guest {vmid} was asked to finish gracefully"))
def graceful(relays: Relays, drive: str, vmid: int) -> None:
    (asked,) = relays[vmid].asked("block-job-cancel", "block-job-complete", "job-complete")
    assert asked.command == "block-job-cancel"
    assert asked.content["device"].endswith(f"-{drive}")
    assert not asked.content.get("force", False)
