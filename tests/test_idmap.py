"""Vectors and properties of id maps (IDMAP-01..18)."""

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.idmap import IdMap, IdMapError, map_id, parse_idmap

STORAGE, BRIDGE = "pve-storage-id", "pve-bridge-id"
IDS = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_.-]{0,5}[A-Za-z0-9]\Z")


@pytest.mark.parametrize("text", [None, "", "0"])
def test_no_map(text: str | None) -> None:
    assert parse_idmap(text, STORAGE) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", IdMap(True, None, {})),
        ("1,1;1 1", IdMap(True, None, {})),
        ("a1:b1", IdMap(False, None, {"a1": "b1"})),
        ("local:local", IdMap(False, None, {"local": "local"})),
        ("a1:b1,c1:b1", IdMap(False, None, {"a1": "b1", "c1": "b1"})),
        ("dd,a1:b1", IdMap(False, "dd", {"a1": "b1"})),
        ("a1:b1 \t;\n,dd", IdMap(False, "dd", {"a1": "b1"})),
        ("  a.b-c_D9  ", IdMap(False, "a.b-c_D9", {})),
        (",; \n", IdMap(False, None, {})),
        ("\0\0", IdMap(False, None, {})),
        ("aa\0bb:cc\0", IdMap(False, "aa", {"bb": "cc"})),
    ],
)
def test_maps(text: str, expected: IdMap) -> None:
    assert parse_idmap(text, STORAGE) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a1:b1,a1:b1", "duplicate mapping"),
        ("a1:b1,a1:c1", "duplicate mapping"),
        ("aa,aa", "default target ID can only be provided once"),
        ("aa;bb", "default target ID can only be provided once"),
        ("1,aa", "identity mapping cannot be combined"),
        ("aa:bb 1", "identity mapping cannot be combined"),
        ("a", "'a' has an invalid ID: storage ID 'a' is too short"),
        ("1:1", "'1:1' has an invalid ID: storage ID '1' is too short"),
        ("1:a1", "too short"),
        ("a1:1", "too short"),
        ("aa\0\0bb", "too short"),
        (":", "too short"),
        *((text, "illegal") for text in ("1a", "11", "01", "-aa", "cc-", "a1:b1:c1", "aa:", ":aa")),
        ("aa\0b,b", "storage ID 'b,b' contains illegal characters"),
        ("äa", "illegal"),
        ("aa\0bb\n", "illegal"),
    ],
)
def test_refusals(text: str, reason: str) -> None:
    with pytest.raises(IdMapError, match=reason):
        parse_idmap(text, STORAGE)


def test_bridge_ids_may_be_one_character() -> None:
    assert parse_idmap("a:1,vmbr0.5", BRIDGE) == IdMap(False, "vmbr0.5", {"a": "1"})
    with pytest.raises(IdMapError, match="bridge ID 'a/b' contains illegal"):
        parse_idmap("a/b", BRIDGE)


@settings(deadline=None)
@given(
    st.dictionaries(IDS, IDS, max_size=5),
    st.none() | IDS,
    st.randoms(),
    st.sampled_from([",", ";", " ", "\n", ", ", "\0"]),
)
def test_any_order_and_separator_means_the_same(
    pairs: dict[str, str], default: str | None, random: Random, separator: str
) -> None:
    entries = [f"{source}:{target}" for source, target in pairs.items()]
    entries += [default] if default else []
    random.shuffle(entries)
    parsed = parse_idmap(separator.join(entries), STORAGE)
    assert parsed == (IdMap(False, default, pairs) if entries else None)


@settings(deadline=None)
@given(st.dictionaries(IDS, IDS, max_size=5), st.none() | IDS, IDS)
def test_lookup_order(pairs: dict[str, str], default: str | None, source: str) -> None:
    expected = pairs.get(source) or default or source
    assert map_id(IdMap(False, default, pairs), source) == expected
    assert map_id(None, source) == map_id(IdMap(True, None, {}), source) == source


@settings(deadline=None)
@given(st.lists(IDS, min_size=2, max_size=5), st.integers(0, 4), st.sampled_from(",; \t\n"))
def test_a_nul_alone_separates_where_there_is_one(
    ids: list[str], at: int, separator: str
) -> None:
    pairs = [f"{name}:{name}" for name in dict.fromkeys(ids)]
    assert parse_idmap("\0".join(pairs) + "\0", STORAGE) == parse_idmap(",".join(pairs), STORAGE)
    place = at % len(ids)
    with pytest.raises(IdMapError, match="too short"):  # an inner empty field
        parse_idmap("\0".join(["", *ids[:place], "", *ids[place:]]), STORAGE)
    with pytest.raises(IdMapError, match="illegal"):  # no separator any more
        parse_idmap(f"\0{ids[0]}{separator}{ids[1]}".lstrip("\0") + "\0", STORAGE)


@settings(deadline=None)
@given(st.text(",; \t\n", min_size=1) | st.text("\0", min_size=1))
def test_separators_alone_are_an_empty_map(text: str) -> None:
    assert parse_idmap(text, STORAGE) == IdMap(False, None, {})


@settings(deadline=None)
@given(st.from_regex(r"\A[A-Za-z0-9_.-]{1,8}\Z").filter(lambda name: name not in ("0", "1")))
def test_every_bridge_id_is_kept_as_it_is(name: str) -> None:
    assert parse_idmap(name, BRIDGE) == IdMap(False, name, {})
    assert parse_idmap(f"{name}:{name}", BRIDGE) == IdMap(False, None, {name: name})


@settings(deadline=None)
@given(st.dictionaries(IDS, IDS, min_size=1, max_size=5), st.randoms(), st.booleans())
def test_a_source_twice_is_refused_wherever_it_stands(
    pairs: dict[str, str], random: Random, equal: bool
) -> None:
    entries = [f"{source}:{target}" for source, target in pairs.items()]
    source, target = random.choice(list(pairs.items()))
    entries.append(f"{source}:{target if equal else target + 'x'}")
    random.shuffle(entries)
    with pytest.raises(IdMapError, match=f"duplicate mapping for source '{source}'"):
        parse_idmap(",".join(entries), STORAGE)


@settings(deadline=None)
@given(st.text(max_size=30), st.sampled_from([STORAGE, BRIDGE]))
def test_a_parsed_map_is_never_contradictory(text: str, id_format: str) -> None:
    with suppress(IdMapError):  # and nothing else
        parsed = parse_idmap(text, id_format)
        assert parsed is None or not (parsed.identity and (parsed.default or parsed.entries))
