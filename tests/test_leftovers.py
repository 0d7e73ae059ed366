"""What a look at the nodes must find, line by line, after a scenario."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.observe.changes import changes
from fixtures.observe.leftovers import Expectations, violations
from fixtures.observe.probe import cluster_files
from fixtures.observe.snapshot import Guest, Locked, NodeFacts, Snapshot, Volume

DISK = "local:100/vm-100-disk-0.raw"
CONFIG = f"memory: 32\nscsi0: {DISK},size=16M\n"
HERE = "nodes/pve2/qemu-server/100.conf"
THERE = "nodes/pve1/qemu-server/100.conf"
PATH = "/var/lib/vz/images/100/vm-100-disk-0.raw"
FILE = Volume(PATH, 1 << 24, 8, 1, 2, "d1")
RUNNING = Guest(100, 42, "running", [], [], ["qemu-system-x86_64", f"file={PATH}"])
OWN = ["/run/observer/beat.sock", "/run/observer/100.qmp", "/run/qemu-server/100.qmp"]


def node(name: str, cluster: dict[str, str], **found: Any) -> NodeFacts:
    bare: dict[str, Any] = {
        "volumes": {}, "guests": [], "helpers": [], "unix": ["/run/observer/beat.sock"],
        "tcp": [22], "runtime": [], "locks": {}, "mounts": 20, "loops": [],
    }  # fmt: skip
    return NodeFacts(name=name, cluster=cluster, **(bare | found))


def world(config: str = CONFIG, cluster: dict[str, str] | None = None, **target: Any) -> Snapshot:
    """Guest 100 runs on pve2; what is given changes pve2 or the configs."""
    files = {HERE: config} if cluster is None else cluster
    running: dict[str, Any] = {
        "volumes": {DISK: FILE}, "guests": [RUNNING], "unix": OWN, "runtime": ["100.qmp", "100.pid"]
    }  # fmt: skip
    others = {name: node(name, files) for name in ("pve1", "pve3")}
    return Snapshot(others | {"pve2": node("pve2", files, **(running | target))})


def expected(**declared: Any) -> Expectations:
    names = ("pve1", "pve2", "pve3")
    return Expectations(
        volumes=declared.get("volumes", {}),
        locks=declared.get("locks", {}),
        mounts=dict.fromkeys(names, 20),
        tcp={name: [22] for name in names},
        unix={name: ["/run/observer/beat.sock"] for name in names},
    )


def test_a_guest_that_is_whole_on_one_node_leaves_nothing() -> None:
    assert violations(world(), expected()) == []


def test_a_stopped_guest_may_have_files_of_its_last_run() -> None:
    stopped = world(guests=[], unix=OWN[:1])
    assert violations(stopped, expected()) == []


OTHER = FILE._replace(path="/var/lib/vz/images/100/vm-100-disk-1.raw")
LEFT: list[tuple[str, Callable[[], Snapshot]]] = [
    ("config on several nodes", lambda: world(cluster={HERE: CONFIG, THERE: CONFIG})),
    ("has lock: migrate", lambda: world(f"lock: migrate\n{CONFIG}")),
    ("belongs to no config", lambda: world(volumes={DISK: FILE, "local:100/old.raw": OTHER})),
    ("is missing", lambda: world(volumes={})),
    ("its config is pve1", lambda: world(cluster={THERE: CONFIG})),
    ("still waits", lambda: world(guests=[RUNNING._replace(status="inmigrate")])),
    ("block job drive-scsi0", lambda: world(guests=[RUNNING._replace(jobs=["drive-scsi0"])])),
    ("dirty bitmap repl_scsi0", lambda: world(guests=[RUNNING._replace(bitmaps=["repl_scsi0"])])),
    ("several QEMU processes", lambda: world(guests=[RUNNING, RUNNING._replace(pid=43)])),
    ("process 7 is left", lambda: world(helpers=[(7, ["/usr/bin/ssh", "root@10.77.0.11"])])),
    ("listens on /run/qemu-server/100.m", lambda: world(unix=[*OWN, OWN[2].replace("qmp", "m")])),
    ("listens on /tmp/forwarded", lambda: world(unix=[*OWN, "/tmp/forwarded"])),
    ("TCP port 60000", lambda: world(tcp=[22, 60000])),
    ("100_nbd.migrate is left", lambda: world(runtime=["100_nbd.migrate"])),
    ("200.qmp is left", lambda: world(runtime=["200.qmp"])),
    ("is held by [9]", lambda: world(locks={"/run/lock/x.lck": Locked([9], [])})),
    ("1 mounts are left", lambda: world(mounts=21)),
    ("a loop device", lambda: world(loops=["/var/lib/vz/images/100/x.raw"])),
]  # fmt: skip


@pytest.mark.parametrize(("line", "make"), LEFT, ids=[line for line, _ in LEFT])
def test_what_is_left_is_named(line: str, make: Callable[[], Snapshot]) -> None:
    found = violations(make(), expected())
    assert any(line in violation for violation in found), found


def test_what_a_scenario_declares_may_stay() -> None:
    left = world(f"lock: backup\n{CONFIG}", volumes={DISK: FILE, "local:100/old.raw": OTHER})
    declared = expected(volumes={"pve2 local:100/old.raw": "was there"}, locks={100: "backup"})
    assert violations(left, declared) == []


def test_a_lock_that_is_declared_must_be_there() -> None:
    assert violations(world(), expected(locks={100: "backup"})) == [
        "pve2: guest 100 has lock: None, expected backup"
    ]


def test_a_shared_volume_is_seen_from_every_node() -> None:
    shared = DISK.replace("local", "shared")
    files = {HERE: CONFIG.replace("local", "shared")}
    nodes = {name: node(name, files, volumes={shared: FILE}) for name in ("pve1", "pve2", "pve3")}
    assert violations(Snapshot(nodes), expected()) == []


def test_equal_looks_have_no_change() -> None:
    assert changes(world(), world()) == []


CHANGED: list[tuple[str, Callable[[], Snapshot]]] = [
    ("/etc/pve nodes/pve2/qemu-server/100.conf: was", lambda: world(CONFIG + "lock: migrate\n")),
    ("volume local:100/x.raw: new", lambda: world(volumes={DISK: FILE, "local:100/x.raw": OTHER})),
    ("QEMU 42: gone", lambda: world(guests=[])),
    ("QEMU 42: was", lambda: world(guests=[RUNNING._replace(status="paused")])),
    ("unix /tmp/x: new", lambda: world(unix=[*OWN, "/tmp/x"])),
    ("runtime 100.migrate: new", lambda: world(runtime=["100.qmp", "100.pid", "100.migrate"])),
    ("helper 7: new", lambda: world(helpers=[(7, ["ssh"])])),
    ("lock /x: new", lambda: world(locks={"/x": Locked([1], [])})),
    ("20 mounts, now 21", lambda: world(mounts=21)),
]


@pytest.mark.parametrize(("line", "make"), CHANGED, ids=[line for line, _ in CHANGED])
def test_a_change_is_named(line: str, make: Callable[[], Snapshot]) -> None:
    found = changes(world(), make())
    assert any(line in change for change in found), found


def test_only_a_running_guest_may_write_to_its_volumes() -> None:
    written = {DISK: FILE._replace(mtime_ns=9, digest="d2")}
    assert changes(world(), world(volumes=written)) == []
    stopped: dict[str, Any] = {"guests": [], "unix": OWN[:1]}
    assert len(changes(world(**stopped), world(**stopped, volumes=written))) == 1


@pytest.mark.parametrize("name", ["priv/token.cfg", "priv/shadow.cfg", "nodes/pve1/pve-ssl.key"])
def test_a_look_tells_that_a_secret_changed_but_not_what_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "user.cfg").write_text("user:ci@pve:1:0:")
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text("secret one")
    first = cluster_files(str(tmp_path))
    path.write_text("secret two")
    second = cluster_files(str(tmp_path))
    assert first["user.cfg"] == "user:ci@pve:1:0:"
    assert first[name] != second[name]
    assert "secret" not in f"{first}{second}"
