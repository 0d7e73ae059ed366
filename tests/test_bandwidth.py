"""Which limit holds for root (BW-03..07)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.bandwidth import bandwidth_limit
from reference.errors import Failure

LIMITS = st.lists(st.none() | st.integers(1, 10**6), max_size=3)


@pytest.mark.parametrize(
    ("storages", "datacenter", "expected"),
    [
        ([], None, None),
        ([], "migration=5", 5),
        ([], "default=7", 7),
        ([], "clone=7", None),
        (["migration=5,default=3"], None, 5),
        (["migration=5", "default=3"], "migration=1", 3),
        (["migration=5", None], "migration=1", 1),
        (["migration=5", "move=2"], "migration=9", 5),
        (["migration=5", None], "migration=9", 5),
        (["migration=0", "migration=9"], "migration=1", 9),
        (["migration=9", "migration=0"], "migration=1", 0),
        ([None], "migration=0", 0),
    ],
)
def test_without_an_override(
    storages: list[str | None], datacenter: str | None, expected: int | None
) -> None:
    assert bandwidth_limit(None, storages, datacenter) == expected


@settings(deadline=None)
@given(st.integers(0, 10**9), LIMITS, st.none() | st.integers(0, 99))
def test_an_override_of_root_stands(
    override: int, limits: list[int | None], datacenter: int | None
) -> None:
    texts = [None if limit is None else f"migration={limit}" for limit in limits]
    text = None if datacenter is None else f"default={datacenter}"
    assert bandwidth_limit(override, texts, text) == override


@settings(deadline=None)
@given(LIMITS, st.integers(1, 10**6))
def test_the_smallest_limit_that_counts(limits: list[int | None], datacenter: int) -> None:
    texts = [None if limit is None else f"default={limit}" for limit in limits]
    counting = [limit for limit in limits if limit is not None]
    if not limits or None in limits:
        counting.append(datacenter)
    assert bandwidth_limit(None, texts, f"migration={datacenter}") == min(counting)


@pytest.mark.parametrize("text", ["migration", "migration=-1", "speed=3", "migration=a", "=3"])
def test_a_malformed_limit_names_itself(text: str) -> None:
    with pytest.raises(Failure, match="got"):
        bandwidth_limit(None, [text], None)
