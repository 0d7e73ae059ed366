"""Whether memory moves faster than the guest changes it, and what is done if not."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

from pytest_bdd import given, then, when

from fixtures.faults import processes, standstill
from fixtures.faults.monitors import Relay, Relays, stand_between
from fixtures.guests.image import FREE_RUNNING, MIB
from fixtures.labs.patience import patient
from fixtures.observe import progress
from fixtures.observe.monitor import monitor
from fixtures.observe.progress import Round
from fixtures.world import holding
from fixtures.world.guests import pages_at
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

PROGRESS = "migration active, transferred "
REWRITES = 'a running guest {vmid} on "{node}" that rewrites {mib} MiB of its memory,'


@given(Sentence(f"{REWRITES} {{rate}} MiB a second"))
def rewrites(world: World, vmid: int, node: str, mib: int, rate: int) -> None:
    rewriting(world, vmid, node, mib, pages_at(rate * MIB))


@given(Sentence(f"{REWRITES} as fast as it can"))
def rewrites_freely(world: World, vmid: int, node: str, mib: int) -> None:
    rewriting(world, vmid, node, mib, FREE_RUNNING)


def rewriting(world: World, vmid: int, node: str, mib: int, pages: int) -> None:
    """With noise, against which deltas are of no use; nothing else of it has to move."""
    world.add_guest(vmid, node)
    world.add_disk(vmid, "scsi0", 1, "raw", "shared")
    end = world.guests[vmid].parameters.start + mib * MIB
    world.change_guest(vmid, end=end, pages_per_tick=pages, mode="noise", fill=True)
    world.bring_to(vmid, "running")


@given(Sentence("QEMU lets guest {vmid} pause for {ms} ms and no more, whatever it is told"))
def stubborn(world: World, relays: Relays, vmid: int, ms: int) -> None:
    """And its memory may move at 8 MiB a second."""
    set_parameters(world, vmid, {"downtime-limit": ms, "max-bandwidth": 8 * MIB})
    relays[vmid] = stand_between(world, vmid, "ignore=migrate-set-parameters")


def set_parameters(world: World, vmid: int, values: dict[str, int]) -> None:
    """Behind the migrator's back."""
    with monitor(world.node(world.guests[vmid].node), vmid) as qmp:
        qmp.execute("migrate-set-parameters", values)


@given(Sentence('the monitor of guest {vmid} says "{statuses}" of the first rounds'))
def pretends(world: World, relays: Relays, vmid: int, statuses: str) -> None:
    rules = [f"pretend={status}" for status in statuses.split(", ")]
    relays[vmid] = stand_between(world, vmid, *rules)


@when(Sentence('guest {vmid} has been on its way to "{node}" with "{options}" for {count} rounds'))
def on_its_way(
    world: World, relays: Relays, vmid: int, node: str, options: str, count: int
) -> None:
    """Then QEMU is content with any pause."""
    world.begin(vmid, node, [*holding.LIVE, *shlex.split(options)])
    wait_for(lambda: len(seen(relays[vmid])) >= count)
    set_parameters(world, vmid, {"downtime-limit": 60_000})


@when(Sentence('guest {vmid} has not converged on its way to "{node}" in {count} rounds'))
def not_converged(world: World, relays: Relays, vmid: int, node: str, count: int) -> None:
    """Rounds that stagnated; then QEMU is content with any pause."""
    world.begin(vmid, node, holding.LIVE)
    wait_for(lambda: len(progress.stagnating(seen(relays[vmid]))) >= count)
    set_parameters(world, vmid, {"downtime-limit": 60_000})


@when(
    Sentence(
        'nothing of guest {vmid}, on its way to "{node}" with "{options}",'
        " arrives for {count} rounds"
    )
)
def stalled(world: World, relays: Relays, vmid: int, node: str, options: str, count: int) -> None:
    world.begin(vmid, node, [*holding.LIVE, *shlex.split(options)]).reach("memory")
    standstill.freeze_qemu(world, vmid, node)
    wait_for(lambda: len(idle(relays[vmid])) >= count)
    processes.signal_qemu(world, vmid, node, "CONT")


def wait_for(seen_so: Callable[[], bool]) -> None:
    """Until a relay has heard it."""
    deadline = time.monotonic() + patient(holding.WITHIN_S)
    while not seen_so():
        assert time.monotonic() < deadline, f"not seen within {holding.WITHIN_S:g} s"
        time.sleep(0.05)


def seen(relay: Relay) -> list[Round]:
    """Every round of the migrator so far."""
    answers = relay.answered("query-migrate")
    return progress.rounds((one.time, one.content.get("return", {})) for one in answers)


def waited_for(rounds: list[Round]) -> list[Round]:
    """Without those that the guest's stop has hurried."""
    after = [-1.0, *(one.time for one in rounds)]
    return [one for one, last in zip(rounds, after, strict=False) if one.time - last > 0.05]


def idle(relay: Relay) -> list[Round]:
    """The rounds in which nothing had moved."""
    rounds = seen(relay)
    return [one for one in rounds if one not in progress.moving(rounds)]


def logged(world: World) -> list[float]:
    """When the log told of progress."""
    _ = world.run.result
    return [one.time for one in world.run.process.output() if PROGRESS in one.text]


@then(
    Sentence(
        "the downtime limit of guest {vmid} was doubled {least} to {most} times,"
        " each time in the sixth round that stagnated"
    )
)
def doubled(world: World, relays: Relays, vmid: int, least: int, most: int) -> None:
    _ = world.run.result
    first, *later = relays[vmid].asked("migrate-set-parameters")
    limit = first.content["downtime-limit"]
    assert [one.content for one in later] == [
        {"downtime-limit": limit << number} for number in range(1, len(later) + 1)
    ]
    stagnant = progress.stagnating(seen(relays[vmid]))
    hits = [sum(one.time <= change.time for one in stagnant) for change in later]
    assert hits == [6 * number for number in range(1, len(later) + 1)]
    assert least <= len(later) <= most
    told = relays[vmid].answered("query-migrate")[-1].content["return"]
    world.measured["passes over the memory until it converged"] = told["ram"]["dirty-sync-count"]
    world.measured["pause allowed in the end, in ms"] = limit << len(later)


@then(Sentence("guest {vmid} was asked for a limit of {ms} ms once, and the log says so once"))
def capped_once(world: World, relays: Relays, vmid: int, ms: int) -> None:
    _ = world.run.result
    later = relays[vmid].asked("migrate-set-parameters")[1:]
    assert [one.content for one in later] == [{"downtime-limit": ms}]
    assert world.run.log.count("auto-increased downtime") == 1


@then(
    Sentence(
        "each of the first {count} rounds of guest {vmid} was a second or more before the next"
    )
)
def seconds_apart(relays: Relays, vmid: int, count: int) -> None:
    asked = [one.time for one in relays[vmid].asked("query-migrate")]
    gaps = [new - old for old, new in pairwise(asked)][:count]
    assert len(gaps) == count
    assert min(gaps) > 0.8


@then(
    Sentence(
        "the log told of progress in those rounds of guest {vmid} in which something had moved"
    )
)
def told_of_moving(world: World, relays: Relays, vmid: int) -> None:
    """Until it went on; rounds are a second apart."""
    end = idle(relays[vmid])[-1].time
    moving = [one for one in progress.moving(seen(relays[vmid])) if one.time < end]
    assert moving
    assert len([told for told in logged(world) if told < end + 0.5]) == len(moving)


@then(
    Sentence("the rounds of guest {vmid} were shorter once less was left than moved in one,"
             " and every tenth of these was logged")
)  # fmt: skip
def shorter(world: World, relays: Relays, vmid: int) -> None:
    """From a second to a tenth, and no longer again when more is left."""
    rounds = waited_for(seen(relays[vmid]))
    averages = [one.transferred / number for number, one in enumerate(rounds, 1)]
    less = [one.remaining < average for one, average in zip(rounds, averages, strict=True)]
    change = less.index(True)
    gaps = [new.time - old.time for old, new in pairwise(rounds)]
    assert change > 0
    assert min(gaps[:change]) > 0.8
    assert False in less[change + 2 :]
    assert median(gaps[change + 1 :]) < 0.5
    short = len(rounds) - change - 1
    assert abs(len(logged(world)) - change - 1 - short / 10) <= 1.5


@then(Sentence("the processors of guest {vmid} were slowed down on the way"))
def throttled(world: World, relays: Relays, vmid: int) -> None:
    told = [one.content.get("return", {}) for one in relays[vmid].answered("query-migrate")]
    most = max(one.get("cpu-throttle-percentage", 0) for one in told)
    world.measured["processors slowed down by %"] = most
    assert most >= 20
