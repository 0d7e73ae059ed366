"""The oracles see a lost page, a stale dump, a lost, torn or foreign record, and nothing else."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.guests.image import MIB, PAGE, GuestParameters
from fixtures.guests.noise import SEED, breaks, jump
from fixtures.guests.oracles import check_ram, check_records, compare_dumps, newest

RELAXED = settings(deadline=None, max_examples=50)  # the machine may be busy
PAGES = 8
COUNT = GuestParameters(end=MIB + PAGES * PAGE)
NOISE = COUNT._replace(mode="noise")


@cache
def run(state: int, words: int) -> bytes:
    values = array("I")
    for _ in range(words):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(state)
    return values.tobytes()


def simulate(parameters: GuestParameters, dirtied: int, words: int = 0) -> bytes:
    """The range after so many dirtied pages, noise stopped so many words into the next."""
    ram = bytearray(parameters.pages * PAGE)
    state = SEED
    if parameters.fill:
        for page in range(parameters.pages):
            ram[page * PAGE + 4 : (page + 1) * PAGE] = run(state, 1023)
            state = jump(state, 1023)
    for step in range(dirtied + 1):
        at = step % parameters.pages * PAGE
        if parameters.mode == "count":
            if step < dirtied:
                struct.pack_into("<I", ram, at, step // parameters.pages + 1)
            continue
        size = 1024 if step < dirtied else words
        ram[at : at + 4 * size] = run(state, size)
        state = jump(state, size)
    return bytes(ram)


@RELAXED
@given(st.integers(0, 40), st.booleans())
def test_counting_ram_is_right_wherever_it_stops(dirtied: int, fill: bool) -> None:
    parameters = COUNT._replace(fill=fill)
    assert check_ram(simulate(parameters, dirtied), parameters, passes=dirtied // PAGES) == []


@RELAXED
@given(st.integers(0, 30), st.integers(0, 1023), st.booleans())
def test_noise_is_right_wherever_it_stops(dirtied: int, words: int, fill: bool) -> None:
    parameters = NOISE._replace(fill=fill)
    dump = simulate(parameters, dirtied, words)
    assert check_ram(dump, parameters, passes=dirtied // PAGES) == []


@RELAXED
@given(st.integers(8, 30), st.integers(0, 1023), st.integers(0, PAGES - 1))
def test_a_page_of_noise_from_an_older_pass_is_found(dirtied: int, words: int, lost: int) -> None:
    dump = bytearray(simulate(NOISE, dirtied + PAGES, words))
    older = simulate(NOISE, max(dirtied - PAGES, 0))
    at = lost * PAGE
    dump[at : at + PAGE] = older[at : at + PAGE]
    assert check_ram(bytes(dump), NOISE, passes=dirtied // PAGES + 1) != []


@RELAXED
@given(st.integers(17, 40), st.integers(0, PAGES - 1))
def test_a_counting_page_from_two_passes_ago_is_found(dirtied: int, lost: int) -> None:
    dump = bytearray(simulate(COUNT, dirtied))
    at = lost * PAGE
    dump[at : at + PAGE] = simulate(COUNT, dirtied - 2 * PAGES)[at : at + PAGE]
    assert check_ram(bytes(dump), COUNT, passes=dirtied // PAGES) != []


def changed(dump: bytes, at: int, word: int) -> bytes:
    return dump[:at] + struct.pack("<I", word) + dump[at + 4 :]


@pytest.mark.parametrize(
    ("dump", "parameters", "passes", "message"),
    [
        (changed(simulate(COUNT, 20), 4 * PAGE, 1), COUNT, 2,
         "page 0x105000: counter 2 after 1, expected 1 or one less"),
        (changed(simulate(COUNT, 16), PAGE, 1), COUNT, 0,
         "page 0x102000: counter 2 after 1, expected 1 or one less"),
        (changed(simulate(COUNT, 20), 7 * PAGE, 1), COUNT, 2,
         "page 0x107000: second edge 2 -> 1, the first is at page 0x104000"),
        (simulate(COUNT, 20), COUNT, 3,
         "page 0x104000: counter 2 is older than 3 passes, the last beat's"),
        (changed(simulate(COUNT, 20), PAGE + 8, 1), COUNT, 2,
         "page 0x101000: not zero behind its counter"),
        (changed(simulate(COUNT._replace(fill=True), 20), PAGE + 8, 1), COUNT._replace(fill=True),
         2, "page 0x101000: its first fill is damaged"),
        (simulate(COUNT, 20)[:-1], COUNT, 2, "the dump has 32767 bytes, expected 32768"),
        (changed(simulate(NOISE, 20), PAGE + 8, 1), NOISE, 2,
         "0x101008: 00000001 after"),
        (simulate(NOISE, 20), NOISE, 5, "0x100000:"),
        (changed(simulate(NOISE, 3), 5 * PAGE + 8, 1), NOISE, 0,
         "page 0x105000: not zero behind its counter"),
        (simulate(NOISE, 3), NOISE, 1, "0x103000: 00000000 after"),
    ],
)  # fmt: skip
def test_wrong_ram_is_told_with_its_place(
    dump: bytes, parameters: GuestParameters, passes: int, message: str
) -> None:
    assert any(
        problem.startswith(message) for problem in check_ram(dump, parameters, passes=passes)
    )


@RELAXED
@given(st.lists(st.integers(0, 0xFFFFFFFF), max_size=300))
def test_breaks_are_those_of_the_definition(values: list[int]) -> None:
    steps = pairwise(values)
    plain = [n for n, (a, b) in enumerate(steps, 1) if b != (a * 1664525 + 1013904223) % 2**32]
    assert breaks(array("I", values)) == plain


def test_dumps_are_compared_by_page_but_for_known_ranges() -> None:
    one = bytes(4 * PAGE)
    two = changed(changed(one, PAGE, 1), 3 * PAGE, 1)
    assert compare_dumps(one, one) == []
    assert compare_dumps(one, two, base=MIB) == ["page 0x101000 differs", "page 0x103000 differs"]
    known = [range(MIB + PAGE, MIB + PAGE + 4), range(8)]
    assert compare_dumps(one, two, base=MIB, ignore=known) == ["page 0x103000 differs"]
    assert compare_dumps(one, one[1:]) == [
        "the dumps have 16384 and 16383 bytes, expected equal sizes"
    ]


def test_many_problems_are_counted() -> None:
    found = compare_dumps(bytes(100 * PAGE), b"\1" * 100 * PAGE)
    assert len(found) == 21
    assert found[-1] == "... and 80 more"


DISK = GuestParameters(lba=8, span=5, sectors=2, write_interval=1)


def disk(written: int) -> bytearray:
    image = bytearray(DISK.records_end)
    for counter in range(1, written + 1):
        at = (8 + counter % 5 * 2) * 512
        image[at : at + 1024] = struct.pack("<I", counter) * 256
    return image


def reader(image: bytearray) -> Callable[[int, int], bytes]:
    return lambda offset, length: bytes(image[offset : offset + length])


@RELAXED
@given(st.integers(0, 30), st.integers(0, 3))
def test_a_disk_is_right_after_any_number_of_writes(written: int, more: int) -> None:
    assert check_records(reader(disk(written + more)), DISK, written, in_flight=more) == []


@RELAXED
@given(st.integers(1, 30), st.integers(0, 4))
def test_any_lost_write_is_found(written: int, age: int) -> None:
    lost = max(written - age, 1)
    image = disk(written)
    at = (8 + lost % 5 * 2) * 512
    before = lost - 5
    image[at : at + 1024] = struct.pack("<I", max(before, 0)) * 256
    slot = lost % 5
    assert check_records(reader(image), DISK, written) == [
        f"slot {slot} at byte {at}: lost write: holds {max(before, 0)}, expected {lost}"
    ]


def test_a_write_nobody_counted_is_found() -> None:
    assert check_records(reader(disk(8)), DISK, 6) == [
        "slot 3 at byte 7168: wrong record: holds 8, expected 3"
    ]


def test_a_torn_record_is_only_right_in_flight_after_a_crash() -> None:
    image = disk(7)
    image[7 * 1024 + 512 : 7 * 1024 + 1024] = struct.pack("<I", 8) * 128
    assert check_records(reader(image), DISK, 7) == [
        "slot 3 at byte 7168: torn record of 3 and 8, expected one of them whole"
    ]
    assert check_records(reader(image), DISK, 7, torn=True) == []
    image[7 * 1024 : 7 * 1024 + 512] = struct.pack("<I", 2) * 128
    assert "wrong record" in check_records(reader(image), DISK, 7, torn=True)[0]


def test_a_short_disk_is_told() -> None:
    assert check_records(reader(disk(3)[:6000]), DISK, 3) == [
        "1904 bytes read at byte 4096, expected 5120"
    ]


@RELAXED
@given(st.integers(0, 200), st.integers(1, 20))
def test_newest_is_the_last_counter_of_a_slot(written: int, span: int) -> None:
    for slot in range(span):
        counters = [count for count in range(1, written + 1) if count % span == slot]
        assert newest(slot, span, written) == max(counters, default=0)
