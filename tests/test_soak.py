"""The soak's arithmetic: growth of memory, and the beats of logs that were forgotten."""

from __future__ import annotations

from fixtures.guests.beats import Timeline, parse_log
from fixtures.soak.hearing import KEPT
from fixtures.soak.memory import FEWEST, Usage, grown, growth

FLAT = [Usage(19, 180.0 + turn % 3, 13.0) for turn in range(40)]


def test_a_scatter_is_no_growth() -> None:
    assert grown(FLAT) == []


def test_a_slow_leak_is_growth() -> None:
    leak = [usage._replace(resident=usage.resident + turn) for turn, usage in enumerate(FLAT)]
    (line,) = grown(leak)
    assert line.startswith("resident grew by 30.")


def test_files_and_processes_that_stay_are_growth() -> None:
    piled = [Usage(19 + turn, 180.0, 13.0 + turn / 2) for turn in range(40)]
    assert [line.split()[0] for line in grown(piled)] == ["processes", "tmpfs"]


def test_few_samples_tell_nothing() -> None:
    assert growth(FLAT[: FEWEST - 1]) is None
    assert growth(FLAT[:FEWEST]) is not None


def beats(first: int, last: int, start_ns: int) -> str:
    """The recorder's lines of successive beats, 4 ms apart."""
    return "".join(
        f"line {start_ns + 4_000_000 * (seq - first)} H{seq:08X}{0:08X}{0:08X}\n"
        for seq in range(first, last + 1)
    )


def test_the_kept_lines_join_a_log_to_the_next() -> None:
    past = parse_log(f"connect 1 10\n{beats(1, 9, 10)}part 40000000 H0000\nend 40000001 \n")
    late = beats(11, 20, 90_000_000)
    rest = f"connect 2 11\nline 80000000 000A{0:08X}{0:08X}\n{late}"
    kept = past._replace(lines=past.lines[-KEPT:])
    heard = Timeline({"pve1": [kept], "pve2": [parse_log(rest)]})
    assert heard.problems() == []
    doubled = parse_log(rest.replace("H0000000B", "H00000009"))
    assert Timeline({"pve1": [kept], "pve2": [doubled]}).problems()
