"""Storages, datacenter options, members and ports as the node's files describe them."""

import json
import socket
import time
from pathlib import Path

import pytest

from reference import ports
from reference.cluster import datacenter, membership, paths
from reference.cluster.storages import check_storage, load_storages, parse_storages
from reference.errors import Failure

CONFIG = """\
dir: local
\tpath /var/lib/vz
\tcontent iso,images

dir: only1
\tpath /var/lib/only1
\tnodes pve1, pve3

dir: off
\tpath /x
\tdisable
\tbwlimit migration=10

dir: common
\tpath /c
\tshared 1
\tsnapshot-as-volume-chain on

nfs: net
\tpath /mnt/pve/net
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    for folder in ("etc/pve", "run", "var/lock"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_definitions(root: Path) -> None:
    assert load_storages() == {}
    (root / "etc/pve/storage.cfg").write_text(CONFIG)
    known = load_storages()
    assert list(known) == ["local", "only1", "off", "common", "net"]
    assert known["local"].content == {"iso", "images"}
    assert known["only1"].content == {"images", "rootdir"}
    assert known["only1"].nodes == frozenset(["pve1", "pve3"])
    assert (known["off"].disabled, known["off"].bwlimit) == (True, "migration=10")
    assert [known[key].shared for key in known] == [False, False, False, True, True]
    assert known["common"].flag("snapshot-as-volume-chain")


@pytest.mark.parametrize(
    ("storeid", "node", "content", "text"),
    [
        ("nope", "pve1", None, "storage 'nope' does not exist"),
        ("off", "pve1", None, "storage 'off' is disabled"),
        ("only1", "pve2", None, "storage 'only1' is not available on node 'pve2'"),
        ("only1", "pve3", "iso", "storage 'only1' does not support content type 'iso'"),
    ],
)
def test_a_storage_that_cannot_be_used_is_named(
    storeid: str, node: str, content: str | None, text: str
) -> None:
    known = parse_storages(CONFIG, "storage.cfg")
    assert check_storage(known, "only1", "pve1", "images").id == "only1"
    with pytest.raises(Failure) as refusal:
        check_storage(known, storeid, node, content)
    assert str(refusal.value) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("foo: a1\n", "line 1: expected a storage type"),
        ("dir: a1\n", "line 1: expected an option 'path'"),
        ("dir: a\n\tpath /a\n", "line 1: .*'a' is too short"),
        ("dir: a1\n\tpath a\n", "line 2: expected an absolute path, got 'path a'"),
        ("dir: a1\n\tpath /a/../b\n", "line 2: expected an absolute path"),
        ("dir: a1\n\tpath /a\n\tcontent images,foo\n", "line 3: expected content types"),
        ("dir: a1\n\tpath /a\n\tshared maybe\n", "line 3: expected a boolean"),
        ("dir: a1\n\tpath /a\n\tbwlimit fast\n", "line 3: .*'fast'"),
    ],
)
def test_malformed_definitions(text: str, reason: str) -> None:
    with pytest.raises(Failure, match=f"^storage.cfg: {reason}"):
        parse_storages(text, "storage.cfg")


def test_datacenter_options(root: Path) -> None:
    assert datacenter.load() == datacenter.Datacenter(None, None, None)
    file = root / "etc/pve/datacenter.cfg"
    file.write_text("keyboard: de\nmigration: secure,network=10.1.2.0/24\nbwlimit: default=5\n")
    assert datacenter.load() == datacenter.Datacenter("secure", "10.1.2.0/24", "default=5")
    file.write_text("migration: type=insecure\n")
    assert datacenter.load() == datacenter.Datacenter("insecure", None, None)


@pytest.mark.parametrize(
    "line", ["migration: fast", "migration: secure,network=x", "migration: secure,a=b",
             "bwlimit: 5", "nonsense"]
)  # fmt: skip
def test_malformed_datacenter_options(line: str) -> None:
    with pytest.raises(Failure, match=r"^datacenter.cfg: line 2: .*expected .*got '"):
        datacenter.parse(f"keyboard: de\n{line}\n", "datacenter.cfg")


def test_members(root: Path) -> None:
    file = root / "etc/pve/.members"
    with pytest.raises(Failure, match=r"cluster not ready - no quorum\?"):
        membership.nodes()
    cluster = {"name": "lab", "version": 3, "nodes": 2, "quorate": 1}
    nodelist = {"pve2": {"id": 2, "ip": "10.77.0.12"}, "pve1": {"id": 1, "ip": "10.77.0.11"}}
    members = {"nodename": "other", "cluster": cluster, "nodelist": nodelist}
    file.write_text(json.dumps(members))
    assert membership.nodes() == ["pve1", "pve2"]
    assert membership.quorate()
    assert membership.node_ip("pve2") == "10.77.0.12"
    assert membership.local_node() == socket.gethostname().partition(".")[0]
    with pytest.raises(Failure, match="no such cluster node 'pve9'"):
        membership.node_ip("pve9")
    cluster["quorate"] = 0
    file.write_text(json.dumps(members))
    with pytest.raises(Failure, match=r"no quorum\?"):
        membership.check_quorum()
    file.write_text("{")
    with pytest.raises(Failure, match="expected JSON"):
        membership.nodes()


def test_the_local_address_in_a_network() -> None:
    assert membership.local_ip_within("127.0.0.0/8") == "127.0.0.1"
    with pytest.raises(Failure, match=r"'203\.0\.113\.0/24', got none"):
        membership.local_ip_within("203.0.113.0/24")
    with pytest.raises(Failure, match="'nonsense' is no network"):
        membership.local_ip_within("nonsense")


def test_ports_are_the_lowest_free_ones_and_stay_reserved(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:  # a range of this test's own, the real one may be in use
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr(ports, "PORTS", range(probe.getsockname()[1], 65536))
        probe.listen(1)
        first = ports.next_migrate_port("127.0.0.1")
    assert first > ports.PORTS[0]
    assert ports.next_migrate_port("127.0.0.1") == ports.PORTS[0]
    assert ports.next_migrate_port("127.0.0.1") > first
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert ports.next_migrate_port("127.0.0.1") == ports.PORTS[0]
    monkeypatch.setattr(ports, "PORTS", ports.PORTS[:1])
    with pytest.raises(Failure, match="no free port in"):
        ports.next_migrate_port("127.0.0.1")
    assert (root / "run/pve-reserved-ports").exists()
