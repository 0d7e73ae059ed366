"""Which limit holds: tables of cases, and a slow model made of the catalogue's sentences."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.bandwidth import Privileges, bandwidth_limit, configured_limit
from reference.errors import Failure

NOBODY = Privileges(False, frozenset(), False)
IDS = ("local", "alt", "shared")
TEXTS = st.none() | st.builds(
    lambda values: ",".join(f"{key}={value}" for key, value in values.items()),
    st.dictionaries(
        st.sampled_from(["clone", "default", "migration", "move", "restore"]),
        st.integers(0, 9) | st.integers(0, 2**40),
    ),
)
STORAGES = st.dictionaries(st.sampled_from(IDS), TEXTS)
OVERRIDES = st.none() | st.integers(0, 9) | st.integers(0, 2**40)
PRIVILEGES = st.builds(
    Privileges, st.booleans(), st.frozensets(st.sampled_from(IDS)), st.booleans()
)


def named(limits: Sequence[str | None]) -> dict[str, str | None]:
    return dict(zip(IDS, limits, strict=False))


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
    for privileges in (NOBODY, Privileges()):
        assert bandwidth_limit(None, named(storages), datacenter, privileges) == expected


ONE = NOBODY._replace(storages=frozenset(["local"]))
BOTH = NOBODY._replace(storages=frozenset(["local", "alt"]))
TOP = NOBODY._replace(datacenter=True)


@pytest.mark.parametrize(
    ("privileges", "override", "storages", "datacenter", "expected"),
    [
        (Privileges(), 50, ["migration=5", None], "migration=1", 50),
        (Privileges(), 0, ["migration=5", None], "migration=1", 0),
        (Privileges(), 50, [], "migration=1", 50),
        (NOBODY, 50, ["migration=5", "migration=6"], "migration=1", 5),
        (NOBODY, 4, ["migration=5", "migration=6"], "migration=1", 4),
        (NOBODY, 0, ["migration=5", "migration=6"], "migration=1", 5),
        (NOBODY, 50, [None, "migration=6"], "migration=1", 1),
        (NOBODY, 50, [None, None], None, 50),
        (NOBODY, 0, [], "migration=7", 7),
        (ONE, 50, ["migration=5", "migration=6"], "migration=1", 6),
        (ONE, 50, [None, "migration=6"], "migration=1", 6),  # what is skipped was not consulted
        (ONE, 50, ["migration=5", None], "migration=1", 1),
        (BOTH, 50, ["migration=5", "migration=6"], "migration=1", 50),
        (BOTH, 50, [None, None], "migration=1", 50),
        (BOTH, 50, [], "migration=1", 1),
        (TOP, 50, [], "migration=1", 50),
        (TOP, 50, [None, "migration=6"], "migration=1", 6),
        (TOP, 0, [None, None], "migration=1", 0),
        (Privileges(True, frozenset(), False), 50, [], "migration=1", 1),
        (Privileges(True, frozenset(), False), 50, [None], "migration=1", 50),
    ],
)
def test_an_override_goes_as_far_as_privileges(
    privileges: Privileges,
    override: int,
    storages: list[str | None],
    datacenter: str | None,
    expected: int,
) -> None:
    assert bandwidth_limit(override, named(storages), datacenter, privileges) == expected


def value_of(text: str | None) -> int | None:
    """BW-03, by looking through the words one by one."""
    found = {}
    for word in (text or "").split(","):
        if word:
            found[word.split("=")[0]] = int(word.split("=")[1])
    if "migration" in found:
        return found["migration"]
    return found.get("default")


def model(
    override: int | None,
    storages: Mapping[str, str | None],
    datacenter: str | None,
    privileges: Privileges,
) -> int | None:
    """BW-03 to BW-07, a sentence after the other."""
    asked = override is not None
    if asked and len(storages) > 0 and privileges.all_storages:
        return override
    consulted = []
    for name in storages:
        if asked and name in privileges.storages:
            continue
        consulted.append(value_of(storages[name]))
    counting = list(consulted)
    each_gave_one = len(storages) > 0 and all(value is not None for value in consulted)
    if not each_gave_one and not (asked and privileges.datacenter):
        counting.append(value_of(datacenter))
    now = override
    for value in counting:
        if value is not None and (now is None or now == 0 or value < now):
            now = value
    return now


@settings(deadline=None, max_examples=400)
@given(OVERRIDES, STORAGES, TEXTS, PRIVILEGES)
def test_it_is_what_the_model_says(
    override: int | None,
    storages: dict[str, str | None],
    datacenter: str | None,
    privileges: Privileges,
) -> None:
    found = bandwidth_limit(override, storages, datacenter, privileges)
    assert found == model(override, storages, datacenter, privileges)


@settings(deadline=None)
@given(STORAGES, TEXTS, PRIVILEGES, PRIVILEGES)
def test_without_an_override_privileges_do_not_matter(
    storages: dict[str, str | None], datacenter: str | None, one: Privileges, other: Privileges
) -> None:
    limit = bandwidth_limit(None, storages, datacenter, one)
    assert bandwidth_limit(None, storages, datacenter, other) == limit


@settings(deadline=None)
@given(st.integers(1, 99), st.lists(st.none() | st.integers(1, 99), max_size=3), st.integers(1, 99))
def test_nobody_gets_past_a_limit_above_zero(
    override: int, limits: list[int | None], datacenter: int
) -> None:
    storages = named([None if limit is None else f"default={limit}" for limit in limits])
    counting = [limit for limit in limits if limit is not None]
    if not limits or None in limits:
        counting.append(datacenter)
    for asked in (override, 0):
        found = bandwidth_limit(asked, storages, f"migration={datacenter}", NOBODY)
        assert found == min(filter(None, [asked, *counting]))


@pytest.mark.parametrize(
    "text",
    ["migration", "migration=-1", "speed=3", "migration=a", "=3", "default=" + "9" * 5000],
)
def test_a_malformed_limit_names_itself(text: str) -> None:
    with pytest.raises(Failure, match="got"):
        bandwidth_limit(None, {"local": text}, None)


@settings(deadline=None)
@given(st.text() | st.text(alphabet="migrationdefault=,0123456789- \n", max_size=30))
def test_any_text_is_a_limit_or_a_refusal(text: str) -> None:
    with suppress(Failure):
        assert (configured_limit(text) or 0) >= 0
