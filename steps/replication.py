"""Guests with replication jobs."""

from __future__ import annotations

from pytest_bdd import given, then, when

from fixtures.observe import configs, locks, replication
from fixtures.world import cluster_files
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

NAMES = ("last_sync", "fail_count")


@given(Sentence('guest {vmid} is replicated to "{node}", but none of its disks'))
def replicated(world: World, vmid: int, node: str) -> None:
    """A job with nothing to send: it can run whatever the storages can do."""
    has_jobs(world, vmid, [[f"{vmid}-0", node]])


@given(Sentence("guest {vmid} has these replication jobs, but none of its disks is replicated:"))
def has_jobs(world: World, vmid: int, datatable: list[list[str]]) -> None:
    """Each row: a job's id and its target, perhaps further options."""
    source = world.guests[vmid].node
    jobs = []
    for job, *options in datatable:
        lines = [f"target {options[0]}", f"source {source}", *filter(None, options[1:])]
        jobs.append(f"local: {job}\n" + "".join(f"\t{line}\n" for line in lines))
    others = world.look().cluster.get("replication.cfg", "")
    cluster_files.put(world, "replication.cfg", "\n".join(filter(None, [others, *jobs])))
    for drive in world.guests[vmid].disks:
        entry = configs.value(world.config(vmid), drive)
        world.set_keys(vmid, {drive: f"{entry},replicate=0"})


@given(Sentence('the replication of guest {vmid} has been turned to "{node}"'))
def turned(world: World, vmid: int, node: str) -> None:
    """By hand, whatever waits to be done."""
    source = world.guests[vmid].node
    job = f"local: {vmid}-0\n\ttarget {node}\n\tsource {source}\n"
    cluster_files.put(world, "replication.cfg", job)


@given(Sentence('guest {vmid} is replicated to "{node}", but none of its disks, and that has'
                ' failed {count} times'))  # fmt: skip
def replicated_badly(world: World, vmid: int, node: str, count: int) -> None:
    replicated(world, vmid, node)
    replication.put_failures(world.node(world.guests[vmid].node), vmid, node, count)


@given(Sentence('a replication run of guest {vmid} to "{target}" has the migration lock on'
                ' "{node}" and stands still'))  # fmt: skip
def replicating(world: World, vmid: int, target: str, node: str) -> None:
    """It is stopped where it waits for the file of all states, which another process has locked."""
    replicated(world, vmid, target)
    world.holders.hold(world.node(node), replication.STATE_LOCK)
    run = world.node(node).start(["pvesr", "run", "--id", f"{vmid}-0"])
    world.on_end(lambda: run.signal("KILL"))
    assert locks.waits(world.node(node), replication.STATE_LOCK, run.pid), run.tail()
    run.signal("STOP")
    assert locks.has(world.node(node), world.lock_path("migration", vmid), run.pid)


@then(Sentence('the replication of guest {vmid} to "{node}" has succeeded'))
def has_replicated(world: World, vmid: int, node: str) -> None:
    source = world.run.source
    facts = replication.state(world.node(source), vmid, node)
    assert facts["fail_count"] == 0
    assert facts["last_sync"] >= world.began_by(source) - 1


@then(Sentence('the replication of guest {vmid} to "{node}" has failed {count} times'))
def has_failed(world: World, vmid: int, node: str, count: int) -> None:
    assert replication.state(world.node(world.run.source), vmid, node)["fail_count"] == count


@given(Sentence('the replication of guest {vmid} stands on "{node}" at:'))
def stood_at(world: World, vmid: int, node: str, datatable: list[list[str]]) -> None:
    """Each row: the node it goes to, and facts with their numbers."""
    told = {target: [fact.split() for fact in facts] for target, *facts in datatable}
    known = {target: {name: int(text) for name, text in facts} for target, facts in told.items()}
    replication.put_states(world.node(node), vmid, known)


@then(Sentence('the replication of guest {vmid} stands on "{node}" at:'))
def stands_at(world: World, vmid: int, node: str, datatable: list[list[str]]) -> None:
    """As above, for every node it goes to; `now` is a time since the scenario began."""
    known = replication.states(world.node(node), vmid)
    began = int(world.began_by(node))
    found = [
        [target, *(f"{name} {'now' if facts[name] >= began else facts[name]}" for name in NAMES)]
        for target, facts in sorted(known.items())
    ]
    assert found == datatable


@then(Sentence("guest {vmid} has the replication jobs:"))
def jobs_are(world: World, vmid: int, datatable: list[list[str]]) -> None:
    text = world.node("pve1").get("/etc/pve/replication.cfg").decode()
    assert replication.jobs(text, vmid) == datatable


@when(Sentence('somebody damages the cluster file "{name}"'))
def damaged(world: World, name: str) -> None:
    cluster_files.put(world, name, "this is no section\n")
