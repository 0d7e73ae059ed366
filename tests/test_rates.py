"""The speed of a stream, from samples of how much has come."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.observe import rates
from fixtures.observe.rates import Sample


@settings(deadline=None)
@given(st.integers(10**6, 10**9), st.integers(20, 200), st.floats(0, 1e6))
def test_an_even_stream(rate: int, count: int, begin: float) -> None:
    samples = [Sample(begin + number / 100, rate * number // 100) for number in range(count)]
    for speed in rates.steady(samples):
        assert speed == pytest.approx(rate, rel=0.01)


def test_bursts_have_the_speed_between_their_begins() -> None:
    samples = [
        Sample(burst / 2 + part / 100, burst * 4040 + part * 101) for burst in range(4)
        for part in range(41)
    ]  # fmt: skip
    assert rates.bursts(samples, 4000) == pytest.approx([8000] * 4, rel=0.05)


def test_what_came_before_and_after_does_not_count() -> None:
    samples = [Sample(float(time), time) for time in range(10)]
    assert rates.between(samples, 2.5, 5) == samples[3:6]
