"""One schema: what it takes, what it refuses, all at once."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.api.methods import METHODS
from reference.api.schema import MISSING, UNKNOWN, Method, find, verify
from reference.errors import ParameterFailure

MIGRATE = "/nodes/pve1/qemu/100/migrate"


def method(verb: str, path: str) -> Method:
    found = find(METHODS, verb, path)
    assert found
    return found[0]


def test_a_path_is_found_with_its_places() -> None:
    found = find(METHODS, "POST", MIGRATE)
    assert found is not None
    assert found[0].name == "qm migrate"
    assert found[1] == {"node": "pve1", "vmid": "100"}
    assert find(METHODS, "PATCH", MIGRATE) is None
    assert find(METHODS, "POST", MIGRATE + "/") is None
    assert find(METHODS, "POST", "/nodes//qemu/100/migrate") is None


def test_values_are_read() -> None:
    given: dict[str, Any] = {"vmid": "100", "target": "pve2", "online": 1, "force": False}
    given |= {"targetstorage": ["aa:bb", "cc"], "bwlimit": 5}
    assert verify(method("POST", MIGRATE), given) == {
        "vmid": 100, "target": "pve2", "online": True, "force": False,
        "targetstorage": "aa:bb,cc", "bwlimit": 5,
    }  # fmt: skip


def test_all_that_is_wrong_is_said_at_once() -> None:
    given: dict[str, Any] = {"vmid": "99", "online": "maybe", "nonsense": "1", "bwlimit": {}}
    with pytest.raises(ParameterFailure) as refusal:
        verify(method("POST", MIGRATE), given)
    errors = refusal.value.errors
    assert set(errors) == {"vmid", "online", "nonsense", "bwlimit", "target"}
    assert errors["nonsense"] == UNKNOWN
    assert errors["target"] == MISSING
    assert "not a boolean" in str(refusal.value)


def test_a_config_takes_its_options_and_no_others() -> None:
    put = method("PUT", "/nodes/pve1/qemu/100/config")
    assert verify(put, {"vmid": "100", "memory": "64"}) == {"vmid": 100, "memory": "64"}
    with pytest.raises(ParameterFailure) as refusal:
        verify(put, {"vmid": "100", "memory": "much", "frobs": "1"})
    assert set(refusal.value.errors) == {"memory", "frobs"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.sampled_from(METHODS), st.data())
def test_any_json_is_understood_or_refused_by_name(asked: Method, data: st.DataObject) -> None:
    names = st.sampled_from([*(p.name for p in asked.parameters), "scsi0"]) | st.text(max_size=5)
    sent = data.draw(st.dictionaries(names, JSON, max_size=5))
    try:
        values = verify(asked, sent)
    except ParameterFailure as failure:
        declared = {parameter.name for parameter in asked.parameters}
        assert failure.errors.keys() <= sent.keys() | declared  # noqa: PT017
    else:
        assert values.keys() == sent.keys()
        assert all(asked.parameter(name) for name in values)
