"""The local lab: what is up, what fails on request, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fixtures.labs import local_node, machine, scratch
from fixtures.labs.base import Lab, LabError, LabUnavailable, Node
from fixtures.labs.local import LocalLab

OWN = scratch.default_prefix() + "t"
NODE_PATHS = ("/etc/pve", "/mnt/shared", "/var/lib/only1", "/var/lib/small", "/run/qemu-server")
OWNER = f"""
from fixtures.labs.local import LocalLab
lab = LocalLab({OWN + "killed"!r})
lab.up()
print(lab.directory, flush=True)
input()
"""


@pytest.fixture(scope="module")
def able() -> None:
    try:
        machine.require_machine()
    except LabUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[LocalLab]:
    with LocalLab(OWN) as lab:
        yield lab


@pytest.fixture
def healed(lab: LocalLab) -> Iterator[LocalLab]:
    yield lab
    lab.heal()


def world() -> dict[str, object]:
    """What a lab could leave on the machine; the processes of others come and go."""
    shown = {
        words: subprocess.run(words.split(), capture_output=True, text=True, check=True).stdout
        for words in ("ip netns list", "ip -o address")
    }
    mounts = sorted(
        line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()
    )
    paths = {path: Path(path).exists() for path in NODE_PATHS}
    return {**shown, "mounts": mounts, **paths, "labs": list(scratch.find(OWN + "gone"))}


def networks_in(directory: Path, held: ExitStack) -> dict[str, str]:
    """The network namespace of each node of a lab; held open, so that no other gets its number."""
    found = {}
    for pid in directory.glob("*/pid"):
        network = os.open(f"/proc/{pid.read_text()}/ns/net", os.O_RDONLY)
        held.callback(os.close, network)
        found[pid.parent.name] = f"net:[{os.fstat(network).st_ino}]"
    return found


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def processes_in(networks: set[str]) -> list[str]:
    """The command lines of everything that runs in these network namespaces."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "ns/net") in networks:
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue  # ended meanwhile
    return found


def test_a_lab_leaves_nothing(able: None, held: ExitStack) -> None:
    before = world()
    lab = LocalLab(OWN + "gone")
    lab.up()
    networks = {*networks_in(lab.directory, held).values()}
    lab.nodes["pve1"].run("nohup sleep 1000 >/dev/null 2>&1 & mkdir /var/lib/made-by-a-node")
    lab.crash("pve2")
    lab.boot("pve2")
    networks |= {*networks_in(lab.directory, held).values()}
    running = processes_in(networks)
    during = world()
    lab.down()
    assert during.pop("labs") == [lab.directory]
    assert during == {key: before[key] for key in during}
    assert any("sleep\x001000" in words for words in running)
    assert processes_in(networks) == []
    assert world() == before
    assert not Path("/var/lib/made-by-a-node").exists()


def test_a_lab_serves_as_any_lab(lab: LocalLab) -> None:
    general: Lab = lab
    assert list(general.nodes) == ["pve1", "pve2", "pve3"]
    assert {"crash", "shared-storage"} <= general.capabilities


@pytest.mark.parametrize("source", ["pve1", "pve2", "pve3"])
def test_nodes_log_in_to_each_other_by_name_and_address(lab: LocalLab, source: str) -> None:
    places = {name: name for name in lab.nodes}
    for network in lab.networks.values():
        places |= {address: name for name, address in network.addresses.items()}
    started = {
        place: lab.nodes[source].start(["ssh", "-o", "BatchMode=yes", f"root@{place}", "hostname"])
        for place in places
    }
    said = {place: process.wait().stdout.strip() for place, process in started.items()}
    assert said == places


def test_nodes_share_what_a_cluster_shares_and_no_more(lab: LocalLab) -> None:
    one, other = lab.nodes["pve1"], lab.nodes["pve2"]
    private = ["/run/lock/x", "/var/lock/pve-manager/x", "/tmp/x", "/root/x", "/var/lib/vz/x"]
    for path in ["/etc/pve/x", "/mnt/shared/x", *private]:
        one.put(path, b"here")
    assert other.get("/etc/pve/x") == other.get("/mnt/shared/x") == b"here"
    seen = other.run(["ls", *private], check=False)
    assert seen.stdout == ""
    assert seen.stderr.count("No such file") == len(private)
    assert other.run("df --output=size -B1M /var/lib/small").stdout.split()[-1] == "48"


@pytest.mark.parametrize("storage", ["vz", "alt", "only1", "isos"])
def test_storages_take_direct_io(lab: LocalLab, storage: str) -> None:
    path = f"/var/lib/{storage}/direct"
    lab.nodes["pve1"].run(f"dd if=/dev/zero of={path} bs=4096 count=1 oflag=direct")


def test_a_crashed_node_comes_back_on_its_disks(lab: LocalLab, held: ExitStack) -> None:
    node, provisioned = lab.nodes["pve3"], []
    lab.provisioners.append(lambda node: provisioned.append(node.name))
    node.put("/var/lib/vz/images/100/disk", b"kept")
    node.put("/etc/pve/nodes/pve3/qemu-server/100.conf", b"kept")
    node.put("/run/qemu-server/100.pid", b"lost")
    process = node.start("sleep 1000")
    assert process.pid > 1
    network = networks_in(lab.directory, held)["pve3"]
    lab.crash("pve3")
    assert processes_in({network}) == []
    assert process.wait(5).rc == -1
    with pytest.raises(ConnectionError, match="pve3 is down"):
        node.run("true")
    lab.boot("pve3")
    lab.provisioners.clear()
    assert provisioned == ["pve3"]
    assert node.get("/var/lib/vz/images/100/disk") == b"kept"
    assert node.get("/etc/pve/nodes/pve3/qemu-server/100.conf") == b"kept"
    assert node.run("ls /run/qemu-server").stdout == ""
    assert lab.nodes["pve1"].run("ssh pve3 hostname").stdout == "pve3\n"


def test_an_orphan_is_reaped(lab: LocalLab) -> None:
    node = lab.nodes["pve1"]
    pid = node.run("setsid sleep 1000 >/dev/null 2>&1 & echo $!").stdout.strip()
    assert node.host.process.get(pid=int(pid)).ppid == 1
    node.run(f"kill -KILL {pid}; tail --pid={pid} -s 0.01 -f /dev/null", timeout=5)


def test_a_one_way_cut_loses_one_way(healed: LocalLab) -> None:
    one, other = healed.nodes["pve1"], healed.nodes["pve2"]
    one.run("ssh pve2 true")
    heard = {}
    for node in (one, other):
        heard[node.name] = node.start(["socat", "-u", "-ddd", "UDP-RECV:9000", "-"])
        heard[node.name].wait_for("starting data transfer")
    healed.cut("pve1", "pve2", both=False)
    one.run("echo cut >/dev/udp/pve2/9000")
    other.run("echo open >/dev/udp/pve1/9000")
    heard["pve1"].wait_for("^open$", 5)
    healed.heal()
    one.run("echo healed >/dev/udp/pve2/9000")
    heard["pve2"].wait_for("^healed$", 5)
    assert "cut" not in [line.text for line in heard["pve2"].output()]
    for process in heard.values():
        process.signal("TERM")


def reaches(node: Node, target: str, seconds: float = 0.3) -> bool:
    return node.run(f"timeout {seconds} bash -c '</dev/tcp/{target}/22'", check=False).rc == 0


def test_every_network_goes_over_its_own_link(lab: LocalLab) -> None:
    assert {"second-network", "ipv6"} <= lab.capabilities
    for network in lab.networks.values():
        for name, address in network.addresses.items():
            found = lab.nodes[name].run(f"ip -brief address show to {network.cidr}").stdout.split()
            assert found[0].partition("@")[0] == network.device
            assert address in [word.partition("/")[0] for word in found]
    assert len({network.device for network in lab.networks.values()}) == 2


def test_a_cut_node_is_alone_but_still_ours(healed: LocalLab) -> None:
    healed.cut("pve3")
    nodes = healed.nodes
    assert not reaches(nodes["pve3"], "pve1")
    assert not reaches(nodes["pve2"], "pve3")
    for network in healed.networks.values():
        assert not reaches(nodes["pve2"], network.addresses["pve3"])
    assert reaches(nodes["pve1"], "pve2")
    assert nodes["pve3"].run("hostname").stdout == "pve3\n"
    healed.heal()
    assert reaches(nodes["pve3"], "pve1", 5)  # it may ask for the address once a second


def seconds_to_send(lab: LocalLab, source: str, target: str) -> float:
    """For 2 MiB over a new TCP connection."""
    sink = lab.nodes[target].start(
        ["socat", "-u", "-ddd", "TCP-LISTEN:9001,reuseaddr", "OPEN:/dev/null"]
    )
    sink.wait_for("listening on")
    began = time.monotonic()
    lab.nodes[source].run(f"head -c 2M /dev/zero | socat -u - TCP:{target}:9001")
    sink.wait()
    return time.monotonic() - began


def test_a_limit_holds_each_way_and_after_a_boot(healed: LocalLab) -> None:
    healed.limit("pve2", 80)  # 2 MiB in 0.21 s, less what the bucket holds
    healed.crash("pve2")
    healed.boot("pve2")
    for source, target in (("pve2", "pve1"), ("pve1", "pve2")):
        assert 0.15 < seconds_to_send(healed, source, target) < 2
    healed.limit("pve2", None)
    assert min(seconds_to_send(healed, "pve2", "pve1") for _ in range(3)) < 0.15


@pytest.mark.parametrize("mbit", [0, -1.5])
def test_a_limit_is_more_than_zero(lab: LocalLab, mbit: float) -> None:
    with pytest.raises(LabError, match=f"limit of pve1: {mbit:g} Mbit/s, expected more than 0"):
        lab.limit("pve1", mbit)


def test_an_unknown_node_is_named(lab: LocalLab) -> None:
    with pytest.raises(LabError, match=r"no node 'pve9' in this lab \(nodes: pve1, pve2, pve3\)"):
        lab.crash("pve9")


def test_a_killed_run_is_swept_by_the_next(able: None, held: ExitStack) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=scratch.CHECKOUT,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        directory = Path(owner.stdout.readline().strip())
        networks = {*networks_in(directory, held).values()}
        assert scratch.sweep(OWN + "killed") == []  # its owner lives
        assert len(processes_in(networks)) >= 3
        owner.send_signal(signal.SIGKILL)
    assert scratch.sweep(OWN + "killed") == [directory.name]
    assert processes_in(networks) == []
    assert not directory.exists()


def test_a_sweep_spares_the_living_and_the_foreign(lab: LocalLab) -> None:
    with tempfile.TemporaryDirectory(prefix="mc0000gw0-", dir=scratch.scratch_space()) as foreign:
        dead, lock = scratch.claim(OWN + "dead")
        os.close(lock)
        swept = scratch.sweep(OWN)
        assert dead.name in swept
        assert lab.directory.name not in swept
        assert Path(foreign).is_dir()
    assert lab.nodes["pve1"].run("hostname").stdout == "pve1\n"


def test_a_lab_that_cannot_start_leaves_nothing(
    able: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "node.sh"
    fault = 'umask 022; [ "$1" != pve3 ] || { echo "no room for $1" >&2; exit 3; }'
    broken.write_text(local_node.SCRIPT.read_text().replace("umask 022", fault))
    monkeypatch.setattr(local_node, "SCRIPT", broken)
    before = world()
    with pytest.raises(LabError, match="pve3: start: no room for pve3"):
        LocalLab(OWN + "gone").up()
    assert world() == before


def test_a_node_runs_the_qemu_it_is_given(able: None, tmp_path: Path) -> None:
    for tool in ("qemu-other", "qemu-img"):
        (tmp_path / tool).write_text(f'#!/bin/sh\necho {tool} "$@"\n')
        (tmp_path / tool).chmod(0o755)
    with LocalLab(OWN, qemu={"pve2": str(tmp_path / "qemu-other")}) as lab:
        ours, default = lab.nodes["pve2"], lab.nodes["pve1"]
        assert (
            ours.run(["/usr/bin/qemu-system-x86_64", "-m", "1 2"]).stdout == "qemu-other -m 1 2\n"
        )
        assert ours.run("qemu-img info").stdout == "qemu-img info\n"
        assert "QEMU emulator" in default.run("qemu-system-x86_64 --version").stdout


@pytest.mark.parametrize(
    ("qemu", "message"),
    [
        ("/no/qemu", "QEMU for pve1: '/no/qemu' is not an executable file"),
        ({"pve7": "/bin/true"}, "/bin/true: no node 'pve7' to run it"),
    ],
)
def test_a_wrong_qemu_is_named(qemu: str | dict[str, str], message: str) -> None:
    with pytest.raises(LabError, match=message):
        LocalLab(OWN, qemu=qemu)
