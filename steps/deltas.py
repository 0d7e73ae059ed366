"""Memory sent as deltas, and what of it is seen on the wire."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pytest_bdd import given, then, when

from fixtures.faults.monitors import Relays
from fixtures.guests.image import MIB
from fixtures.observe.ram_stream import HEAD, PAGE
from fixtures.world import captures
from fixtures.world.captures import Moved
from fixtures.world.guests import pages_at
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

# Passes over the memory so fast do not converge without deltas, for as long as they go on.
PASSES, RATE, SPEED, PAUSE_MS = 12, 16 * MIB, 12 * MIB, 1


@pytest.fixture
def moved() -> dict[int, Moved]:
    """The transfers of memory that were captured, by guest."""
    return {}


@given(
    Sentence('a paused guest {vmid} on "{node}" that is about to change {mib} MiB of its memory')
)
def worker(world: World, vmid: int, node: str, mib: int) -> None:
    """Four bytes of each page at each pass; all else of these pages is noise already."""
    world.add_guest(vmid, node)
    world.add_disk(vmid, "scsi0", 1, "raw", "shared")
    end = world.guests[vmid].parameters.start + mib * MIB
    pages = pages_at(RATE)
    world.change_guest(vmid, end=end, pages_per_tick=pages, stop_after_passes=PASSES, fill=True)
    world.start(vmid)
    world.pause(vmid)


@when(Sentence('the suite moves them to "{node}" with its own hands while they go on:'))
def moved_by_hand(
    world: World, moved: dict[int, Moved], node: str, datatable: Sequence[Sequence[str]]
) -> None:
    """Each row: a guest, whether with deltas, and the KiB of the cache for them."""
    fixed = {"max-bandwidth": SPEED, "downtime-limit": PAUSE_MS}
    wanted = {
        int(vmid): (deltas == "yes", fixed | {"xbzrle-cache-size": int(kib) << 10})
        for vmid, deltas, kib in datatable[1:]
    }
    moved |= captures.by_own_hands(world, node, wanted)


@when(Sentence("the memory of guest {vmid} is copied on its way"))
def copied(world: World, relays: Relays, moved: dict[int, Moved], vmid: int) -> None:
    """Of a migration that is halted before; it goes on."""
    captured = captures.of_migration(world, vmid)
    assert world.ending == "success"
    told = [one.content["return"] for one in relays[vmid].answered("query-migrate")]
    moved[vmid] = captured.read(told[-1])


@then(
    Sentence(
        "guest {vmid} cost {how:less|more} than {percent} % of the bytes that guest {other} did"
    )
)
def cost(
    world: World, moved: dict[int, Moved], vmid: int, how: str, percent: int, other: int
) -> None:
    size, of = moved[vmid].size, moved[other].size
    world.measured[f"bytes of guest {other} for one of guest {vmid}"] = of / size
    assert (size * 100 < of * percent) == (how == "less")


@then(Sentence("{least} to {most} % of the pages that guest {vmid} changed were not in the cache"))
def missed(moved: dict[int, Moved], least: int, most: int, vmid: int) -> None:
    cache = moved[vmid].told["xbzrle-cache"]
    misses, hits = cache["cache-miss"], cache["pages"]
    assert least <= 100 * misses / (misses + hits) <= most


@then(
    Sentence("on the wire of guest {vmid} are no deltas in the first round, and many in the later")
)
def late(world: World, moved: dict[int, Moved], vmid: int) -> None:
    stream = moved[vmid].stream
    for kind in ("zero", "normal", "xbzrle"):
        rounds = [page.round for page in stream.of(kind)]
        first = rounds.count(1)
        world.measured[f"{kind} pages on the wire, first round"] = first
        world.measured[f"{kind} pages on the wire, later rounds"] = len(rounds) - first
    deltas = stream.of("xbzrle")
    assert min(page.round for page in deltas) > 1
    assert len(deltas) > 100


@then(Sentence("QEMU has counted on the way of guest {vmid} what was on the wire"))
def counted(moved: dict[int, Moved], vmid: int) -> None:
    """A delta that would change nothing is counted and not sent."""
    stream, size, told = moved[vmid]
    ram, cache, deltas = told["ram"], told["xbzrle-cache"], stream.of("xbzrle")
    assert (ram["duplicate"], ram["normal"]) == (len(stream.of("zero")), len(stream.of("normal")))
    too_long = cache["overflow"]
    assert cache["bytes"] == too_long * PAGE + sum(page.size - HEAD for page in deltas)
    assert 0 <= cache["pages"] - too_long - len(deltas) <= cache["pages"] / 2
    assert sum(page.size for page in stream.pages) <= ram["transferred"] <= size
    assert 1 < stream.rounds <= ram["dirty-sync-count"]
