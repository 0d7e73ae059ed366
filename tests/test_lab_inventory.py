"""Hosts of an inventory, which are a local lab's nodes here: taken, refused, and left bare."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.labs import machine, scratch
from fixtures.labs.base import Lab, LabError, LabUnavailable
from fixtures.labs.cluster import MARK
from fixtures.labs.inventory import InventoryLab
from fixtures.labs.local import LocalLab

# A run that is killed while it has cut a link and works on the hosts.
KILLED = """\
import os, signal, sys
from pathlib import Path
from fixtures.labs.inventory import InventoryLab
lab = InventoryLab(Path(sys.argv[1]))
lab.up()
lab.cut("pve1")
lab.limit("pve2", 10)
lab.nodes["pve2"].start("exec -a /run/observer/worker sleep 600").pid
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def local() -> Iterator[LocalLab]:
    try:
        machine.require_machine()
    except LabUnavailable as missing:
        pytest.skip(str(missing))
    with LocalLab(scratch.default_prefix() + "i") as lab:
        yield lab


@pytest.fixture(scope="module")
def inventory(local: LocalLab) -> Path:
    (local.directory / "ssh_config").write_text(local.inventory())
    return local.directory / "ssh_config"


@pytest.fixture(scope="module")
def lab(inventory: Path) -> Iterator[InventoryLab]:
    lab = InventoryLab(inventory)
    lab.up()
    yield lab
    lab.down()


# The hosts are free in the first tests; then the module has them to its end.


def told(inventory: Path) -> str:
    """The one line with which the hosts are refused."""
    lab = InventoryLab(inventory, patience=1.0)
    with pytest.raises(LabError) as refused:
        lab.up()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def answers(lab: Lab, source: str, target: str) -> bool:
    """Whether a node's sshd is reached from another node."""
    script = f"timeout 1 bash -c '</dev/tcp/{target}/22'"
    return lab.nodes[source].run(script, check=False).rc == 0


def state(local: LocalLab) -> list[str]:
    """What a lab could change on its nodes."""
    script = "nft list ruleset; tc qdisc show; find /etc/pve; pgrep -fa [/]run/observer; true"
    return [node.run(script).stdout for node in local.nodes.values()]


@pytest.mark.parametrize(
    ("do", "undo", "line"),
    [
        (f"mv {MARK} /tmp", f"mv /tmp/disposable {MARK}", f"pve2 has no {MARK}: "),
        ("touch /usr/sbin/qm", "rm /usr/sbin/qm", "pve2 has a qm that is not of this suite; "),
        ("bash -c 'exec -a qemu-system-mail sleep 600' >/dev/null 2>&1 &", "pkill -f qemu-system-m",
         r"pve2 runs QEMU process \d+ \(qemu-system-mail 600\), no guest of this suite"),
        ("mount -t tmpfs none /etc/pve", "umount /etc/pve",
         "pve2 does not see pve1's /etc/pve: share the directory, as vagrant/provision.sh does"),
        ("mv /root/.ssh/known_hosts /tmp", "mv /tmp/known_hosts /root/.ssh",
         "pve2: root's ssh to pve1 asks or fails: "),
        ("echo 127.0.1.1 pve3 >>/etc/hosts", "sed -i '$d' /etc/hosts",
         "pve2: pve3 leads to "),
    ],
)  # fmt: skip
def test_hosts_that_must_not_be_used_are_refused(
    local: LocalLab, inventory: Path, do: str, undo: str, line: str
) -> None:
    node = local.nodes["pve2"]
    node.run(do)
    try:
        before = state(local)
        assert re.match(line, told(inventory))
        assert state(local) == before
    finally:
        node.run(undo)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (r"(?<=UserKnownHostsFile ).*", "/no", "pve1 .*: unknown host key: not in /no; log in"),
        (r"(?<=IdentityFile ).*(?=id)", "{keys}/other_", "pve1 .*: root may not log in with .*"),
        (r"(?<=ProxyCommand ).*", "sleep 600", "pve1 .*: does not answer: .*; is it up?"),
        (r"(?<=ns/net socat - TCP:127.0.0.1:)22", "9", "pve1 .*: does not answer: "),
        (r"(?<=nsenter --net=/proc/)\d+", "{pid}", "pve2 is the same host as pve1; expected three"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_way_to_a_host_is_told(
    local: LocalLab, inventory: Path, tmp_path: Path, old: str, new: str, line: str
) -> None:
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other_id")]
    machine.command(*words)
    new = new.format(keys=tmp_path, pid=(local.directory / "pve1/pid").read_text())
    file = tmp_path / "hosts"
    file.write_text(re.sub(old, new, inventory.read_text()))
    lab = InventoryLab(file, patience=0.1 if "sleep" in new else 1.0)
    with pytest.raises(LabError, match=line):
        lab.up()


def test_nothing_of_a_killed_run_goes_on(local: LocalLab, inventory: Path) -> None:
    before = state(local)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(inventory)], check=False)
    assert ended.returncode == -9
    end = time.monotonic() + 20
    while state(local) != before and time.monotonic() < end:  # sshd notices, and nobody tells us
        time.sleep(0.1)
    assert state(local) == before
    lab = InventoryLab(inventory)
    lab.up()
    assert answers(lab, "pve1", "pve3")
    lab.down()
    assert state(local) == before


def test_hosts_serve_as_any_lab(lab: InventoryLab, local: LocalLab) -> None:
    assert isinstance(lab.nodes["pve1"].address, str)
    assert lab.networks == local.networks
    assert lab.capabilities == local.capabilities - {"crash"}
    assert lab.accelerator == local.accelerator
    assert lab.patience >= 1
    for node in lab.nodes.values():
        assert abs(node.ahead_ns) <= node.skew_ns + 1_000_000  # it is one clock, here
    lab.write_cluster_files()
    written = lab.nodes["pve3"].get("/etc/pve/.members")
    local.write_cluster_files()
    assert written == local.nodes["pve3"].get("/etc/pve/.members")


def test_ports_are_reached_through_ssh(lab: InventoryLab) -> None:
    with lab.nodes["pve2"].connect(22) as connection:
        assert connection.recv(64).startswith(b"SSH-2.0-")
    with pytest.raises(ConnectionRefusedError, match="pve2: port 9: "):
        lab.nodes["pve2"].connect(9)


def test_a_cut_hits_whom_it_should_and_never_us(lab: InventoryLab) -> None:
    lab.cut("pve1", "pve2")
    assert not answers(lab, "pve1", "pve2")
    assert not answers(lab, "pve2", "pve1")
    assert answers(lab, "pve1", "pve3")
    lab.cut("pve3")
    assert not answers(lab, "pve1", "pve3")
    lab.heal()
    assert all(answers(lab, *pair) for pair in (("pve1", "pve2"), ("pve3", "pve1")))


def test_a_limit_holds_each_way(lab: InventoryLab) -> None:
    lab.limit("pve2", 16)
    for source, target in (("pve2", "pve1"), ("pve3", "pve2")):
        began = time.monotonic()
        lab.nodes[source].run(f"head -c 3000000 /dev/zero | ssh {target} 'cat >/dev/null'")
        assert time.monotonic() - began >= 1.2  # of 1.5 s, for a burst goes at once
    lab.heal()


def test_hosts_that_a_run_has_are_not_anothers(lab: InventoryLab, inventory: Path) -> None:
    line = told(inventory)
    assert re.fullmatch(r"pve1 is used by another run \(\w+@\S+, since .* as process \d+\)", line)
    assert lab.nodes["pve1"].run("true").rc == 0
