"""What HA manages, its queue, and its agent's way to relocate (HA-02, HA-05)."""

import json
from pathlib import Path

import pytest

from reference.cli import pve_ha_lrm
from reference.cluster import ha, paths
from reference.errors import Failure
from reference.guest import process


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node of its own, without HA."""
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    (tmp_path / "etc/pve/ha").mkdir(parents=True)
    return tmp_path / "etc/pve/ha"


@pytest.mark.parametrize(
    ("resources", "status", "managed"),
    [
        ("", {}, False),
        ("vm: 100\n", {}, True),
        ("ct: 100\n\tstate started\n", {}, True),
        ("vm: 100\n\tstate ignored\n", {}, False),
        ("vm: 100\n\tstate disabled\n", {}, True),
        ("vm: 1000\n", {}, False),
        ("vm: 100\n", {"disarm": {"mode": "ignore", "state": "disarmed"}}, False),
        ("vm: 100\n", {"disarm": {"mode": "freeze", "state": "disarmed"}}, True),
    ],
)
def test_what_is_managed(node: Path, resources: str, status: object, managed: bool) -> None:
    (node / "resources.cfg").write_text(resources)
    (node / "manager_status").write_text(json.dumps(status))
    assert ha.is_managed(100) is managed


@pytest.mark.parametrize("text", ["{", "[]", "none", '{"disarm": "yes"}', '{"service_status": []}'])
def test_a_status_that_is_none_is_refused(node: Path, text: str) -> None:
    (node / "resources.cfg").write_text("vm: 100\n")
    (node / "manager_status").write_text(text)
    with pytest.raises(Failure, match=r"manager_status: expected"):
        ha.is_managed(100)


def test_only_what_is_taken_leaves_the_queue(node: Path) -> None:
    queue = node / "crm_commands"
    queue.write_text("migrate vm:100 pve2\n\nrelocate vm:101 pve3\nmigrate vm:100 pve3\n")
    assert ha.take_requests(lambda words: words[1] == "vm:101") == [["relocate", "vm:101", "pve3"]]
    assert queue.read_text() == "migrate vm:100 pve2\nmigrate vm:100 pve3\n"


def test_a_guest_has_a_minute_to_end_before_it_is_relocated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[float, bool]] = []

    def shut_down(_: int, timeout: float, *, force: bool) -> None:
        asked.append((timeout, force))
        raise Failure("enough")

    monkeypatch.setattr(process, "running_pid", lambda _: 1)
    monkeypatch.setattr(process, "shutdown_guest", shut_down)
    assert pve_ha_lrm._tried(False, 100, "pve2") == "enough"
    assert asked == [(60.0, True)]
