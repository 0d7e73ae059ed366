"""Reading the beat: whole over a hand-over, and every way of not being whole is told."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.guests.beats import BeatLog, Line, Timeline, parse_log

RELAXED = settings(deadline=None)  # the machine may be busy
MS = 1_000_000


def line(seq: int, passes: int = 0, writes: int = 0) -> str:
    return f"H{seq:08X}{passes:08X}{writes:08X}"


def log(pid: int, lines: Iterable[tuple[float, str]], tail: str = "") -> BeatLog:
    """A log of lines at milliseconds; the tail comes with the last of them."""
    stamped = tuple(Line(int(at * MS), text) for at, text in lines)
    last = Line(stamped[-1].time_ns if stamped else 0, tail) if tail else None
    return BeatLog(f"1-{pid}.log", pid, 0, None, stamped, last)


def beats(seqs: Iterable[int], since: float) -> list[tuple[float, str]]:
    return [(since + 4 * n, line(seq)) for n, seq in enumerate(seqs)]


def test_a_log_is_parsed_with_parts_put_together() -> None:
    parsed = parse_log("connect 5 77\npart 6 H00\nline 7 01\nline 8 B\npart 9 X\nend 10 \nline")
    assert parsed == BeatLog("log", 77, 5, 10, (Line(7, "H0001"), Line(8, "B")), Line(9, "X"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("line 5 B\n", "log:1: 'line 5 B': expected `connect NS TEXT`"),
        ("connect 5 7\nsaid 6 B\n", "log:2: 'said 6 B': expected `line, part or end NS TEXT`"),
        ("connect 5 7\nconnect 6 7\n", "log:2: 'connect 6 7': expected `line, part or end"),
    ],
)
def test_what_is_no_log_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="expected") as raised:
        parse_log(text)
    assert str(raised.value).startswith(message)


def test_a_migration_without_fault() -> None:
    source = log(7, [(1, "B"), *beats(range(1, 11), 10), (47, "I")])
    timeline = Timeline({"pve1": [source], "pve2": [log(8, beats(range(11, 21), 60))]})
    assert timeline.problems() == []
    assert timeline.pause_ms() == pytest.approx(14)
    assert timeline.longest_gap_ms() == pytest.approx(14)
    assert [beat.seq for beat in timeline.beats("pve2")] == list(range(11, 21))
    assert timeline.describe().startswith("pve1 (pid 7) 1..10 from 10000000 to 46000000; pve2")


@RELAXED
@given(st.integers(0, 25), st.integers(2, 5))
def test_a_line_cut_anywhere_at_the_hand_over_is_one_beat(cut: int, seqs: int) -> None:
    text = line(seqs + 1)
    source = log(7, beats(range(1, seqs + 1), 10), tail=text[:cut])
    rest = text[cut:]
    target = log(8, [(90, rest), *beats([seqs + 2], 94)])
    timeline = Timeline({"a": [source], "b": [target]})
    assert timeline.problems() == []
    assert [beat.seq for beat in timeline.beats("b")] == [seqs + 1, seqs + 2]


@RELAXED
@given(st.integers(1, 25))
def test_a_byte_the_uart_sent_on_both_sides_counts_once(cut: int) -> None:
    text = line(3)
    source = log(7, beats([1, 2], 10), tail=text[:cut])
    target = log(8, [(90, text[cut - 1 :]), *beats([4], 94)])
    assert Timeline({"a": [source], "b": [target]}).problems() == []


def test_there_and_back_again() -> None:
    logs = {
        "pve1": [log(7, [(1, "B"), *beats([1, 2], 10)]), log(9, beats([5, 6], 90))],
        "pve2": [log(8, beats([3, 4], 50))],
    }
    timeline = Timeline(logs)
    assert timeline.problems() == []
    assert [round(handover.pause_ms) for handover in timeline.handovers] == [36, 36]
    with pytest.raises(ValueError, match="2 hand-overs, expected 1"):
        timeline.pause_ms()


def test_a_guest_that_runs_twice_is_found_by_numbers_and_by_time() -> None:
    source = log(7, [(1, "B"), *beats(range(1, 21), 10)])
    target = log(8, beats(range(11, 21), 60))
    found = Timeline({"pve1": [source], "pve2": [target]}).uniqueness()
    assert found == [
        "10 beats, 11..20, came from pve1 (pid 7) and from pve2 (pid 8)",
        "pve1 (pid 7) and pve2 (pid 8) beat at once for 26.0 ms",
    ]


def test_of_a_guest_that_runs_twice_a_cut_first_line_is_not_held_against_the_hand_over() -> None:
    source = log(7, beats(range(1, 21), 10), tail="H00")
    target = log(8, [(58, line(10)[9:]), *beats(range(11, 21), 60)])
    timeline = Timeline({"a": [source], "b": [target]})
    assert len(timeline.uniqueness()) == 2
    assert timeline.continuity() == ["the guest went back: 20 on a (pid 7), then 11 on b (pid 8)"]


def test_a_line_cut_by_two_hand_overs_is_one_beat() -> None:
    text = line(2)
    middle = BeatLog("1-8.log", 8, 0, None, (), Line(50 * MS, text[3:9]))
    logs = {"a": [log(7, beats([1], 10), text[:3]), log(9, [(90, text[9:])])], "b": [middle]}
    timeline = Timeline(logs)
    assert timeline.problems() == []
    assert [beat.seq for beat in timeline.beats("a")] == [1, 2]


def test_a_source_that_goes_on_after_its_target_is_found_without_overlap_in_time() -> None:
    source = log(7, [*beats([1, 2], 10), *beats([3, 4], 90)])
    target = log(8, beats([3, 4], 50))
    assert (
        "2 beats, 3..4, came from a (pid 7)"
        in Timeline({"a": [source], "b": [target]}).problems()[0]
    )


def test_a_second_boot_elsewhere_is_found_though_its_numbers_are_its_own() -> None:
    source = log(7, [(1, "B"), *beats(range(1, 21), 10)])
    target = log(8, [(40, "B"), *beats(range(1, 6), 44)])
    timeline = Timeline({"a": [source], "b": [target]})
    assert timeline.uniqueness() == ["a (pid 7) and b (pid 8) beat at once for 16.0 ms"]
    assert timeline.continuity() == ["the guest booted 2 times, expected 1"]


def test_a_boot_that_was_wanted_is_none() -> None:
    source = log(7, [(1, "B"), *beats(range(1, 6), 10)], tail="H00")
    target = log(8, [(90, "B"), *beats(range(1, 6), 94)])
    timeline = Timeline({"a": [source], "b": [target]})
    assert timeline.problems(boots=2) == []
    assert timeline.handovers == []


def test_a_reboot_in_one_log_is_a_boot_too_many() -> None:
    rebooted = log(7, [(1, "B"), *beats([1, 2], 10), (20, "B"), *beats([1, 2], 30)])
    assert Timeline({"a": [rebooted]}).problems() == ["the guest booted 2 times, expected 1"]


@pytest.mark.parametrize(
    ("first", "message"),
    [
        (5, "1 beats are missing: 3 on a (pid 7), then 5 on b (pid 8)"),
        (2, "the guest went back: 3 on a (pid 7), then 2 on b (pid 8)"),
    ],
)
def test_a_gap_and_a_step_back_are_told(first: int, message: str) -> None:
    logs = {"a": [log(7, beats([1, 2, 3], 10))], "b": [log(8, beats([first], 60))]}
    assert Timeline(logs).continuity() == [message]


def test_bytes_lost_at_the_hand_over_are_told() -> None:
    logs = {"a": [log(7, beats([1], 10), "H0000")], "b": [log(8, [(50, "002"), *beats([3], 54)])]}
    assert Timeline(logs).continuity() == [
        "a was cut at 'H0000' and b went on with '002': that makes no whole line",
        "1 beats are missing: 1 on a (pid 7), then 3 on b (pid 8)",
    ]


def test_a_line_that_is_none_is_told() -> None:
    timeline = Timeline({"a": [log(7, [*beats([1], 10), (12, "H0x"), *beats([2], 14)])]})
    assert timeline.problems() == ["a (pid 7) said 'H0x': not a line"]


def test_what_the_guest_found_wrong_is_told() -> None:
    said = ["X0010200000000003" + "00000004", "W0000000900000001", "R0000000700000006"]
    said.append("D0000000700000020")
    timeline = Timeline({"a": [log(7, [*beats([1], 10), *((20.0, text) for text in said)])]})
    assert timeline.problems() == [
        "a (pid 7): page 00102000 holds 00000003, expected 00000004",
        "a (pid 7): writing record 00000009 failed with BIOS status 00000001",
        "a (pid 7): record 00000007 read back as 00000006",
        "a (pid 7): reading record 00000007 failed with BIOS status 00000020",
    ]


def test_silence_is_a_problem() -> None:
    assert Timeline({"a": [log(7, [])]}).problems() == ["no beat was heard on any node"]


def test_clocks_may_differ_by_as_much_as_told() -> None:
    logs = {"a": [log(7, beats([1, 2], 10))], "b": [log(8, beats([3, 4], 12))]}
    assert Timeline(logs).problems() == ["a (pid 7) and b (pid 8) beat at once for 2.0 ms"]
    assert Timeline(logs, skew_ns=5 * MS).problems() == []
