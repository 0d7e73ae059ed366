"""The reader of the memory in a migration stream, and the rounds of a migrator."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.observe import progress
from fixtures.observe.progress import Round
from fixtures.observe.ram_stream import MAGIC, PAGE, Malformed, Page, read

BLOCKS = {"pc.ram": 4, "pc.bios": 2}  # pages
CONTENT = {"zero": b"\0", "normal": b"\xab" * PAGE, "xbzrle": b"\1\0\3xyz"}
FLAGS = {"zero": 0x02, "normal": 0x08, "xbzrle": 0x40}
END_OF_DATA = (0x10).to_bytes(8, "big")
Sent = tuple[str, int, str]


def text(value: str, size: int = 1) -> bytes:
    return len(value).to_bytes(size, "big") + value.encode()


def section(kind: int, content: bytes, head: bytes = b"") -> bytes:
    number = (2).to_bytes(4, "big")
    return bytes([kind]) + number + head + content + END_OF_DATA + b"\x7e" + number


def record(sent: Sent, before: str) -> bytes:
    block, page, kind = sent
    flags = FLAGS[kind] | (0x20 if block == before else 0)
    name = b"" if block == before else text(block)
    return (page * PAGE | flags).to_bytes(8, "big") + name + CONTENT[kind]


def stream(parts: list[list[Sent]]) -> bytes:
    """A stream with a section for each part, the last of which ends the memory."""
    total = sum(BLOCKS.values()) * PAGE
    sizes = b"".join(text(name) + (n * PAGE).to_bytes(8, "big") for name, n in BLOCKS.items())
    begin = (total | 0x04).to_bytes(8, "big") + sizes
    out = MAGIC + b"\7" + text("pc-i440fx-7.2", 4) + b"\x08\0\7\0\2\0\0"
    out += section(0x01, begin, text("ram") + bytes(7) + b"\4")
    block = ""
    for number, part in enumerate(parts, 1):
        content = b""
        for sent in part:
            content += record(sent, block)
            block = sent[0]
        out += section(0x03 if number == len(parts) else 0x02, content)
    return out


BOTH = stream([[("pc.ram", 0, "normal")], [("pc.ram", 0, "xbzrle")]])
SENT = st.sampled_from([(name, n, kind) for name in BLOCKS for n in range(2) for kind in CONTENT])


@given(st.lists(st.lists(SENT, max_size=8), min_size=1, max_size=4), st.binary(max_size=20))
def test_what_was_written_is_read(parts: list[list[Sent]], state: bytes) -> None:
    data = stream(parts)
    found = read(data + b"\4" + state)
    sent = [one for part in parts for one in part]
    assert [(page.block, page.address // PAGE, page.kind) for page in found.pages] == sent
    assert (found.machine, found.blocks["pc.bios"]) == ("pc-i440fx-7.2", 2 * PAGE)
    assert found.size == len(data) - len(MAGIC) - 1 - len(text("pc-i440fx-7.2", 4)) - 7


def test_a_round_ends_where_the_addresses_go_back() -> None:
    sent: list[Sent] = [
        ("pc.ram", 0, "zero"), ("pc.ram", 3, "normal"), ("pc.bios", 1, "normal"),
        ("pc.ram", 3, "xbzrle"), ("pc.ram", 3, "normal"),
    ]  # fmt: skip
    found = read(stream([sent]))
    assert [page.round for page in found.pages] == [1, 1, 1, 2, 3]
    assert (found.rounds, found.of("xbzrle")) == (3, [Page("pc.ram", 3 * PAGE, "xbzrle", 21, 2)])


@given(st.integers(0, len(BOTH) - 1))
def test_a_stream_that_is_cut_off_says_so(length: int) -> None:
    with pytest.raises(Malformed, match=r"byte \d+: "):
        read(BOTH[:length])


@given(st.integers(0, len(BOTH) - 1), st.binary(min_size=1, max_size=9))
def test_garbage_is_read_or_refused_and_nothing_else(at: int, garbage: bytes) -> None:
    with suppress(Malformed):
        read(BOTH[:at] + garbage + BOTH[at + len(garbage) :])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (MAGIC, b"QEVM\0\0\0\2", "no migration stream"),
        (b"\7\0\0\0\x0dpc", b"\1\0\0\0\x0dpc", "the configuration section"),
        (b"\3ram", b"\3rom", "section of 'rom'"),
        (bytes(7) + b"\4", bytes(7) + b"\3", "version 3, expected 4"),
        (bytes(6) + b"\x20\0", b"\x7f" * 8, "block 'pc.bios' of .* more than all"),
        (b"\x02\0\0\0\2", b"\x02\0\0\0\5", "number 5, expected of RAM"),
        (b"\x7e\0\0\0\2", b"\x7e\0\0\0\3", "the footer of section 2"),
        (b"\1\0\3xyz", b"\2\0\3xyz", "unknown encoding"),
        (b"\x08\6pc.ram", b"\x09\6pc.ram", "flags 0x9"),
        (b"\x08\6pc.ram", b"\x08\6pc.rom", "at 0x0 of 'pc.rom'"),
    ],
)
def test_what_is_wrong_is_said(old: bytes, new: bytes, said: str) -> None:
    assert old in BOTH
    with pytest.raises(Malformed, match=said):
        read(BOTH.replace(old, new, 1))


def told(*pairs: tuple[int, int], status: str = "active") -> list[Round]:
    answers = [
        (float(time), {"status": status, "ram": {"transferred": moved, "remaining": left}})
        for time, (moved, left) in enumerate(pairs)
    ]
    return progress.rounds(answers)


def test_rounds_are_counted_while_it_goes_on() -> None:
    assert told((1, 9)) == told((1, 9), status="device") == [Round(0.0, 1, 9)]
    assert told((1, 9), status="setup") == told((1, 9), status="completed") == []


def test_a_round_stagnates_when_more_is_left_than_before_or_nothing() -> None:
    rounds = told((0, 50), (5, 9), (5, 20), (6, 10), (7, 8), (8, 8), (9, 0), (9, 0), (10, 3))
    assert [one.time for one in progress.moving(rounds)] == [1, 3, 4, 5, 6, 8]
    assert [one.time for one in progress.stagnating(rounds)] == [3, 6, 8]
