"""The benchmarks' arithmetic: spreads, ratios, slopes, goals, parts of a run, and their tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import gaps, goals, phases, sections, tables
from benchmarks.figures import Figures, Shape, moments_of
from benchmarks.numbers import ratios, slope, spread

SECONDS = st.floats(0.01, 1000)


def figures(way: str, section: str = "handover", **changed: object) -> Figures:
    """A migration of 2 s that paused 10 ms."""
    plain = Figures(section, way, Shape(), 0, 2.0, 10.0, 5.0, 1 << 20, {})
    return plain._replace(**changed)  # type: ignore[arg-type]


@given(st.lists(SECONDS, min_size=1, max_size=9))
def test_a_median_lies_within_its_spread(values: list[float]) -> None:
    found = spread(values)
    assert found
    assert found.low == min(values) <= found.median <= max(values) == found.high
    assert found.runs == len(values)


def test_nothing_has_no_spread() -> None:
    assert spread([]) is None
    assert ratios([], []) is None


def test_a_ratio_is_taken_turn_by_turn() -> None:
    found = ratios([1, 20, 4], [2, 10, 4])
    assert found
    assert (found.low, found.median, found.high) == (0.5, 1, 2)


def test_ratios_need_as_many_turns_on_both_sides() -> None:
    with pytest.raises(ValueError, match="3 turns against 2"):
        ratios([1, 2, 3], [1, 2])


@given(SECONDS, st.floats(-5, 5))
def test_a_line_has_its_slope(base: float, rate: float) -> None:
    assert slope([(x, base + rate * x) for x in (1.0, 2.0, 8.0)]) == pytest.approx(rate, abs=1e-6)


def test_one_size_has_no_slope() -> None:
    with pytest.raises(ValueError, match="two of different x"):
        slope([(1, 2), (1, 3)])


@pytest.mark.parametrize(
    ("goal", "bound", "verdict"),
    [
        (goals.at_most("a", 1.5, spread([1.4])), "<= 1.5", "met"),
        (goals.at_most("a", 1.5, spread([1.6])), "<= 1.5", "missed"),
        (goals.at_least("a", 0.9, spread([0.95])), ">= 0.9", "met"),
        (goals.at_least("a", 0.9, spread([0.8])), ">= 0.9", "missed"),
        (goals.Goal("a", 0.95, 1.05, spread([1.06])), "0.95..1.05", "missed"),
        (goals.at_most("a", 1.5, None), "<= 1.5", "not measured"),
    ],
)
def test_a_goal_is_judged_by_its_median(goal: goals.Goal, bound: str, verdict: str) -> None:
    assert (goal.bound, goal.verdict) == (bound, verdict)


def test_goals_compare_the_ways_of_one_run() -> None:
    run = [figures("floor"), figures("reference", pause_ms=16.0), figures("virsh", total_s=4.0)]
    found = {goal.text: goal for goal in goals.evaluate(run)}
    assert found["pause, reference / floor"].verdict == "missed"
    assert found["total time, reference / virsh"].verdict == "met"
    assert found["pause, reference / polled"].verdict == "not measured"
    assert found["pause, reference ssh / floor ssh"].verdict == "not measured"


def test_throughput_is_that_of_the_largest_guest() -> None:
    def moved(way: str, memory: int, seconds: float) -> Figures:
        shape = Shape(memory=memory, noise=memory // 2)
        moments = {"memory begins": 1.0, "memory ends": 1.0 + seconds}
        return figures(way, "ram", shape=shape, moments=moments, total_s=1 + seconds)

    run = [moved("floor", 128, 0.1), moved("reference", 128, 1), moved("floor", 1024, 2)]
    run += [moved("reference", 1024, 2)]
    found = {goal.text: goal.found for goal in goals.evaluate(run)}
    throughput = found["RAM throughput, reference / floor"]
    growth = found["time for each MiB of RAM, reference / floor"]
    assert throughput
    assert growth
    assert throughput.median == pytest.approx(1)
    assert growth.median == pytest.approx((2 - 1) / (2 - 0.1))


def test_the_slowest_of_many_is_judged() -> None:
    (goal,) = goals.slowest("start", 100, {"quick": [1, 2], "late": [150, 90, 120]})
    assert "`late`" in goal.text
    assert goal.verdict == "missed"
    assert goals.slowest("start", 100, {}) == []


def test_a_part_whose_end_was_not_seen_is_in_the_next() -> None:
    moments = {"target runs": 0.5, "mirrors begin": 0.75, "first beat": 1.5}
    found = phases.parts(figures("floor", moments=moments), phases.RUN)
    expected = {"target starts": 0.5, "way to it": 0.25, "pause": 0.75, "tidying": 0.5}
    assert found == pytest.approx(expected)
    assert sum(found.values()) == pytest.approx(2.0)


def test_a_missed_goal_is_explained_by_the_parts_that_differ() -> None:
    quick = {"last beat": 1.0, "guest stops": 1.001, "memory ends": 1.005, "first beat": 1.01}
    late = quick | {"mirrors end": 1.006, "memory ends": 1.006, "first beat": 1.06}
    run = [figures("floor", moments=quick), figures("reference", pause_ms=60.0, moments=late)]
    (line,) = gaps.explained(run, goals.evaluate(run))
    words = "pause, reference / floor: +50 ms, of that hand-over, first beat +49"
    assert line.startswith(words)
    assert "rest of the memory +1" in line
    assert gaps.explained(run[:1] * 2, goals.evaluate(run[:1])) == []


def test_a_missed_slope_is_explained_too() -> None:
    def moved(way: str, memory: int, seconds: float) -> Figures:
        moments = {"memory begins": 1.0, "guest stops": 1 + seconds, "first beat": 1 + seconds}
        return figures(way, "ram", shape=Shape(memory=memory), moments=moments, total_s=1 + seconds)

    run = [moved("floor", 1024, 1), moved("floor", 2048, 2)]
    run += [moved("reference", 1024, 1), moved("reference", 2048, 3)]
    (line,) = gaps.explained(run, goals.evaluate(run))
    assert line.startswith("time for each MiB of RAM, reference / floor: +1000 ms per GiB")
    assert "memory +1000" in line


def test_moments_come_from_the_events_of_qemu() -> None:
    def event(name: str, seconds: int, **data: str) -> dict[str, object]:
        stamp = {"seconds": seconds, "microseconds": 500000}
        return {"event": name, "timestamp": stamp, "data": data}

    heard = [
        event("JOB_STATUS_CHANGE", 1, id="drive-scsi0", status="created"),
        event("BLOCK_JOB_READY", 2, device="drive-scsi0"),
        event("JOB_STATUS_CHANGE", 3, id="drive-scsi1", status="created"),
        event("BLOCK_JOB_READY", 4, device="drive-scsi1"),
        event("STOP", 5),
    ]
    assert moments_of(heard) == {"mirrors begin": 1.5, "mirrors ready": 4.5, "guest stops": 5.5}


def test_every_way_takes_its_turn_at_being_first() -> None:
    chosen = [one for one in sections.sections(quick=True) if one.name == "handover"]
    ways = ["floor", "reference", "polled"]
    turns = [[task.way for task in sections.order(chosen, ways, turn)] for turn in range(3)]
    assert [turn[0] for turn in turns] == ways
    assert all(sorted(turn) == sorted(ways) for turn in turns)


def test_only_the_text_between_the_markers_changes() -> None:
    document = f"# A\n{tables.BEGIN}\nold\n{tables.END}\n\nz\n"
    once = tables.replaced(document, "new\n\n")
    assert once == f"# A\n{tables.BEGIN}\nnew\n{tables.END}\n\nz\n"
    assert tables.replaced(once, "new") == once


@pytest.mark.parametrize(
    "document",
    [
        "none",
        f"{tables.BEGIN} only",
        f"{tables.END}{tables.BEGIN}",
        2 * (tables.BEGIN + tables.END),
    ],
)
def test_a_document_without_its_markers_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        tables.replaced(document, "new")


def test_a_way_that_did_not_run_leaves_no_row() -> None:
    run = [figures("floor"), figures("reference", downtime_ms=None)]
    run += [figures("floor", total_s=3.0, pause_ms=20.0)]
    assert tables.handover(run).splitlines()[2:] == [
        "| floor | 2.50 (2.00..3.00) | 15 (10..20) | 5 (5..5) | 1.0 (1.0..1.0) |",
        "| reference | 2.00 | 10 |  | 1.0 |",
    ]
