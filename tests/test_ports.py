"""Which port a migration is given: against a model that keeps a table of its own."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import ports
from reference.cluster import paths
from reference.errors import Failure

RANGE = range(60000, 60006)
ASKED = st.lists(
    st.tuples(st.floats(0, 4), st.frozensets(st.sampled_from(RANGE))), min_size=1, max_size=12
)


@settings(deadline=None, max_examples=60)
@given(ASKED)
def test_the_lowest_port_that_is_free_and_not_given_away_within_5_s(
    asked: list[tuple[float, frozenset[int]]],
) -> None:
    """Each question comes some seconds after the one before, while others hold some ports."""
    now, given_at = 1e9, dict[int, float]()
    with tempfile.TemporaryDirectory() as root, pytest.MonkeyPatch.context() as patch:
        for directory in ("run", "var/lock"):
            (Path(root) / directory).mkdir(parents=True)
        patch.setattr(paths, "ROOT", root)
        patch.setattr(ports, "PORTS", RANGE)
        for later, taken in asked:
            now += later
            patch.setattr(time, "time", partial(float, now))
            patch.setattr(ports, "_is_free", lambda _, port, taken=taken: port not in taken)
            reserved = {port for port, at in given_at.items() if now - at < 5}
            expected = sorted({*RANGE} - taken - reserved)
            if expected:
                assert ports.next_migrate_port("192.0.2.1") == expected[0]
                given_at[expected[0]] = now
            else:
                with pytest.raises(Failure, match="no free port in 60000-60005"):
                    ports.next_migrate_port("192.0.2.1")
