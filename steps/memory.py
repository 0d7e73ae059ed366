"""The transfer of memory as QEMU on both sides shows it."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

from pytest_bdd import given, then

from fixtures.faults import devices
from fixtures.faults.monitors import Relays
from fixtures.guests.image import MIB
from fixtures.observe.monitor import monitor
from fixtures.world import arrivals
from fixtures.world.guests import pages_at
from fixtures.world.run import Tried
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

STATE = {"on": True, "off": False}
UNLIMITED, LONGEST_MS = 16 << 30, 2_000_000


@given(Sentence('the migration capability "{name}" of guest {vmid} is {state:on|off}'))
def capability_is(world: World, name: str, vmid: int, state: str) -> None:
    with monitor(world.node(world.guests[vmid].node), vmid) as qmp:
        change = {"capability": name, "state": STATE[state]}
        qmp.execute("migrate-set-capabilities", {"capabilities": [change]})


@given(Sentence("guest {vmid} has a device that cannot migrate"))
def blocked(world: World, vmid: int) -> None:
    devices.add_unmigratable(world, vmid)


@given(
    Sentence("guest {vmid} changes the same {mib} MiB of memory over and over, {rate} MiB a second")
)
def changes_memory(world: World, vmid: int, mib: int, rate: int) -> None:
    end = world.guests[vmid].parameters.start + mib * MIB
    pages = pages_at(rate * MIB)
    world.change_guest(vmid, end=end, pages_per_tick=pages, fill=True)


@then(Sentence('the migration capabilities of guest {vmid} on "{node}" are exactly "{names}"'))
def capabilities(world: World, vmid: int, node: str, names: str) -> None:
    with monitor(world.node(node), vmid) as qmp:
        on = sorted(name for name, state in qmp.capabilities.items() if state)
    assert on == names.split(", ")


@given(Sentence("the config of guest {vmid} says nothing of its memory any more"))
def no_memory(world: World, vmid: int) -> None:
    world.write_config(vmid, re.sub("^memory: .*\n", "", world.config(vmid), flags=re.MULTILINE))


@then(Sentence("guest {vmid} was told the numbers of each row in one command"))
def told_each(relays: Relays, tried: list[Tried], vmid: int) -> None:
    """Each row: bytes a second, ms, bytes."""
    names = ("max-bandwidth", "downtime-limit", "xbzrle-cache-size")
    wanted = [dict(zip(names, map(int, one.reason.split()), strict=True)) for one in tried]
    assert [one.content for one in relays[vmid].asked("migrate-set-parameters")] == wanted


@then("the log of each row names the limits that apply")
def limits_logged(tried: list[Tried]) -> None:
    for one in tried:
        speed, pause, _ = map(int, one.reason.split())
        limits = [] if speed == UNLIMITED else [binary(speed)]
        assert re.findall(r"migration speed limit: (.+)/s$", one.log, re.MULTILINE) == limits
        assert bool(re.search("migrate_downtime.* capped", one.log)) == (pause == LONGEST_MS)


@then(Sentence('guest {vmid} is asked to send its memory to "{place}"'))
def sent_to(world: World, relays: Relays, vmid: int, place: str) -> None:
    (asked,) = relays[vmid].asked("migrate")
    assert re.fullmatch(arrivals.pattern(world, place), asked.content["uri"])


@then(Sentence('the memory of guest {vmid} would arrive at a socket that "{node}" listens on'))
def listens_there(world: World, relays: Relays, vmid: int, node: str) -> None:
    (asked,) = relays[vmid].asked("migrate")
    facts, place = world.look().nodes[node], asked.content["uri"].rpartition(":")[2]
    assert place in [*facts.unix, *map(str, facts.tcp)]


@then(Sentence('the log has the error "{text}" {times} times, a second or more apart'))
def errors_apart(world: World, text: str, times: int) -> None:
    _ = world.run.result
    pattern = rf"^(\S+ \S+) ERROR: {re.escape(text)}"
    stamps = [
        datetime.fromisoformat(stamp)
        for stamp in re.findall(pattern, world.run.log, re.MULTILINE)
    ]
    assert len(stamps) == times
    # Stamps are whole seconds, so n waits of a second show as n - 1 at least.
    assert stamps[-1] - stamps[0] >= timedelta(seconds=times - 2)


def binary(size: float) -> str:
    """Bytes in binary units with one decimal (P2-52)."""
    power = min(int(math.log2(size)) // 10, 5)
    return f"{size / 1024**power:.1f} {('B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB')[power]}"


@then(Sentence("the log sums up the transfer as the monitor of guest {vmid} reported it"))
def summed_up(world: World, relays: Relays, vmid: int) -> None:
    answers = [one.content["return"] for one in relays[vmid].answered("query-migrate")]
    (last,) = [answer for answer in answers if answer.get("status") == "completed"][-1:]
    moved = binary(last["ram"]["transferred"])
    assert world.run.says(rf"average migration speed: \S+ \w+/s - downtime {last['downtime']} ms")
    assert world.run.says(rf"migration completed, transferred {re.escape(moved)} VM-state")


@then(Sentence("the log counts the deltas of guest {vmid} as its monitor reported them"))
def deltas_logged(world: World, relays: Relays, vmid: int) -> None:
    last = relays[vmid].answered("query-migrate")[-1].content["return"]["xbzrle-cache"]
    encoded = rf"in {re.escape(binary(last['bytes']))} encoded memory"
    misses = rf"cache-miss {last['cache-miss-rate'] * 100:.2f}%, overflow {last['overflow']}"
    assert world.run.says(f"xbzrle: send updates to {last['pages']} pages {encoded}, {misses}")
