"""Commands on a node: what they say, when they say it, and how they end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fixtures.labs import machine, scratch
from fixtures.labs.access import SshNode
from fixtures.labs.base import CommandFailed, LabUnavailable, Node
from fixtures.labs.local import LocalLab


@pytest.fixture(scope="module")
def lab() -> Iterator[LocalLab]:
    try:
        machine.require_machine()
    except LabUnavailable as missing:
        pytest.skip(str(missing))
    with LocalLab(scratch.default_prefix() + "a") as lab:
        yield lab


@pytest.fixture
def node(lab: LocalLab) -> Node:
    return lab.nodes["pve1"]


def test_a_command_says_how_it_ended(node: Node) -> None:
    assert node.run("echo out; echo err >&2; exit 3", check=False) == (3, "out\n", "err\n")
    assert node.run("kill -KILL $$", check=False).rc == -1
    with pytest.raises(CommandFailed, match=r"pve1: ls /nowhere: exit status 2\n.*No such file"):
        node.run(["ls", "/nowhere"])


def test_a_list_is_quoted(node: Node) -> None:
    words = ["printf", "%s|", "a b", "$HOME", "'", "*", ""]
    assert node.run(words).stdout == "a b|$HOME|'|*||"


def test_input_reaches_a_command(node: Node) -> None:
    assert node.run("wc -c", stdin=bytes(3 << 20)).stdout == f"{3 << 20}\n"
    assert node.run("exit 4", stdin=bytes(3 << 20), check=False).rc == 4
    assert node.run(["true"], stdin=bytes(3 << 20)).rc == 0
    assert node.run("cat").stdout == ""
    process = node.start("cat", stdin=True)
    process.write(b"one\ntwo")
    process.wait_for("^one$", 5)
    process.close_stdin()
    assert process.wait().stdout == "one\ntwo"


def test_a_command_costs_little(node: Node) -> None:
    node.run("true")
    spent = []
    for _ in range(20):
        began = time.monotonic()
        node.run("true")
        spent.append(time.monotonic() - began)
    assert min(spent) < 0.015


def test_many_commands_at_once_keep_the_connection(node: Node) -> None:
    assert isinstance(node, SshNode)
    connection = node.client
    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda number: node.run(f"echo {number}").stdout, range(100)))
    assert said == [f"{number}\n" for number in range(100)]
    assert node.client is connection


def test_a_command_over_its_time_is_killed_with_its_children(node: Node) -> None:
    with pytest.raises(TimeoutError, match=r"no end within 0.2 s, last output:\n  stdout: began"):
        node.run("echo began; sleep 1001 & sleep 1002; true", timeout=0.2)
    assert node.run("pgrep -a sleep | grep 100[12]", check=False).rc == 1


def test_files_of_any_content_and_mode(node: Node) -> None:
    data = bytes(range(256)) * 4096
    node.put("/run/it's/new/file", data, 0o600)
    assert node.get("/run/it's/new/file") == data
    assert node.run("stat -c %a /run/it\\'s/new/file").stdout == "600\n"
    with pytest.raises(CommandFailed, match=r"pve1: .*/nowhere.*No such file"):
        node.get("/nowhere")


def test_lines_come_as_they_are_written(node: Node) -> None:
    process = node.start("echo one; read -r _; echo two >&2; echo -n rest", stdin=True)
    assert process.wait_for("^o(..)$", 5)[1] == "ne"
    assert process.running
    process.write(b"\n")
    lines = list(process.lines())
    assert [(line.stream, line.text) for line in lines[:1]] == [("stdout", "one")]
    assert {(line.stream, line.text) for line in lines[1:]} == {
        ("stderr", "two"),
        ("stdout", "rest"),
    }
    assert lines[0].time < lines[1].time <= time.monotonic()
    assert process.wait_for("two")[0] == "two"
    with pytest.raises(EOFError, match=r"ended with no line matching /one/"):
        process.wait_for("one", since=lines[0].time)
    assert process.wait() == (0, "one\nrest", "two\n")


def test_waiting_in_vain_shows_what_was_said(node: Node) -> None:
    process = node.start("echo something else; read -r _", stdin=True)
    process.wait_for("else", 5)
    with pytest.raises(TimeoutError, match=r"no line matching /never/ within 0.1 s.*\n.*something"):
        process.wait_for("never", 0.1)
    process.close_stdin()
    with pytest.raises(EOFError, match=r"ended with no line matching /never/:\n.*something else"):
        process.wait_for("never", 5)


def test_a_process_is_known_and_signalled(node: Node) -> None:
    words = ["/usr/bin/python3", "-c", "print('runs', flush=True); input()"]
    process = node.start(words, stdin=True)
    process.wait_for("runs", 5)
    assert node.get(f"/proc/{process.pid}/cmdline").decode() == "".join(f"{w}\0" for w in words)
    process.signal("TERM")
    assert process.wait(5).rc == -1
    trapped = node.start("trap 'echo caught; exit 5' INT; echo set; while :; do sleep 1004; done")
    trapped.wait_for("set", 5)
    trapped.signal("INT", group=True)
    assert trapped.wait(5) == (5, "set\ncaught\n", "")


def test_testinfra_asks_on_the_same_connection(node: Node) -> None:
    assert isinstance(node, SshNode)
    connection = node.client
    assert node.host.file("/etc/pve/storage.cfg").contains("dir: local")
    assert node.host.check_output("hostname") == "pve1"
    assert node.host.backend.client is connection
    node.disconnect()
    assert node.host.check_output("hostname") == "pve1"


@pytest.mark.parametrize("directly", [True, False], ids=["local", "over ssh"])
def test_a_unix_socket_of_the_node(node: Node, directly: bool) -> None:
    server = node.start(["socat", "-ddd", "UNIX-LISTEN:/run/echo,unlink-early", "EXEC:cat"])
    server.wait_for("listening on", 5)
    assert isinstance(node, SshNode)
    connection = node.open_unix("/run/echo") if directly else SshNode.open_unix(node, "/run/echo")
    with connection:
        connection.settimeout(5)
        connection.sendall(b"hello")
        assert connection.recv(5) == b"hello"
    assert server.wait(5).rc == 0


def test_nobody_listens_on_a_unix_socket_over_ssh(node: Node) -> None:
    assert isinstance(node, SshNode)
    with pytest.raises(ConnectionRefusedError, match="/run/nobody: "):
        SshNode.open_unix(node, "/run/nobody")


def test_a_command_that_does_not_read_its_input_ends(node: Node) -> None:
    assert node.run("exit 3", check=False, stdin=b"x" * 100_000).rc == 3
    assert node.run("exec kill -KILL $$", check=False).rc == -1


def test_many_commands_at_once_each_have_their_own_answer(node: Node) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: node.run(f"echo {number}").stdout, range(300)))
    assert found == [f"{number}\n" for number in range(300)]


def test_the_same_node_by_its_network_address(lab: LocalLab, node: Node) -> None:
    """What an inventory of addresses needs: no more than an address, a key and known hosts."""
    assert isinstance(node, SshNode)
    seed = lab.directory / "pve2/seed/root/.ssh"
    network = int((lab.directory / "pve1/pid").read_text())
    other = SshNode(
        "pve2",
        "10.77.0.12",
        key=seed / "id_ed25519",
        known_hosts=seed / "known_hosts",
        connect=lambda: machine.connect_within(network, ("10.77.0.12", 22)),
    )
    assert other.run("hostname").stdout == "pve2\n"
    other.disconnect()


def test_a_lab_for_a_person() -> None:
    def labs(*words: str) -> subprocess.CompletedProcess[str]:
        prefix = f"--prefix={scratch.default_prefix()}p"
        command = [sys.executable, "-m", "fixtures.labs", words[0], prefix, *words[1:]]
        return subprocess.run(
            command, cwd=scratch.CHECKOUT, capture_output=True, text=True, check=False
        )

    started = labs("up")
    if started.returncode != 0 and "the local lab" in started.stderr:
        pytest.skip(started.stderr)
    assert started.stdout.startswith("lab up in ")
    assert labs("sweep").stdout == ""
    assert labs("run", "pve2", "sh", "-c", "hostname; exit 7").stdout == "pve2\n"
    assert labs("run", "pve2", "sh", "-c", "exit 7").returncode == 7
    assert labs("down").stdout.startswith("down: mc")
    gone = labs("run", "pve2", "true")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr.endswith("has pve2 running; see `up`\n")
    assert gone.stderr.count("\n") == 1
