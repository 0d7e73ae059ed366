"""What an inventory's file may say, and what hosts say of themselves: judged without any host."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fixtures.labs import discovery, links, survey
from fixtures.labs.access_config import ConfiguredNode, read_hosts
from fixtures.labs.base import LabError, Network
from fixtures.labs.cluster import MARK
from fixtures.subjects import wheel

NAMES = ["pve1", "pve2", "pve3"]
HOST = "Host {name}\n HostName 192.0.2.{number}\n User root\n IdentityFile {key}\n"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "key").touch()
    return tmp_path / "key"


def inventory(key: Path, **more: str) -> Path:
    """A file that names three hosts; `more` is said of a host, too."""
    file = key.parent / "hosts"
    file.write_text("".join(
        HOST.format(name=name, number=number, key=key) + more.get(name, "")
        for number, name in enumerate(NAMES, 1)
    ))  # fmt: skip
    return file


def test_a_file_is_read_as_openssh_reads_it(key: Path) -> None:
    more = " Port 2222\n UserKnownHostsFile /k1 /k2\n ProxyCommand nc %h %p\n"
    found = read_hosts(inventory(key, pve2=more, pve3=" StrictHostKeyChecking no\n"), NAMES)
    assert found["pve1"].address == "192.0.2.1"
    assert found["pve1"].strict
    assert found["pve2"].proxy == "nc 192.0.2.2 2222"
    assert found["pve2"].known_hosts == [Path("/k1"), Path("/k2")]
    assert not found["pve3"].strict


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (" Port no\n", r"pve2: Port no; expected 1 to 65535"),
        (" IdentityFile /no/key\n", r"pve2: IdentityFile /no/key is not there"),
        (" User vagrant\n", r"pve2: User vagrant; expected root, the suite uses no sudo"),
    ],
)
def test_what_a_file_says_wrong_is_named(key: Path, more: str, line: str) -> None:
    file = inventory(key)
    text = file.read_text().replace(" User root\n", "", 2) if "User" in more else file.read_text()
    file.write_text(text.replace("Host pve2\n", f"Host pve2\n{more}"))
    with pytest.raises(LabError, match=rf"^inventory {file}: {line}$"):
        read_hosts(file, NAMES)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Host pve1 pve3\n HostName 192.0.2.1\n", r"no `Host pve2` \(there are: pve1, pve3\)"),
        ("", r"no `Host pve1` \(there are: none\)"),
        ("Host 'pve1\n", r".*; expected an ssh_config file"),
        (None, r"No such file or directory; expected an ssh_config file"),
        (b"\xff\xfe", r".*decode.*; expected an ssh_config file"),
    ],
)
def test_a_file_that_is_no_inventory_is_named(
    tmp_path: Path, text: str | bytes | None, line: str
) -> None:
    file = tmp_path / "hosts"
    if text is not None:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(LabError, match=rf"^inventory {file}: {line}$"):
        read_hosts(file, NAMES)


def test_a_host_without_a_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("Host pve*\nHost pve1 pve2 pve3\n HostName 192.0.2.1\n")
    with pytest.raises(LabError, match="pve1: no IdentityFile; expected the private key"):
        read_hosts(file, NAMES)


def test_a_host_that_hangs_up_is_named(key: Path) -> None:
    hosts = read_hosts(inventory(key, pve1=" ProxyCommand false\n"), NAMES)
    with pytest.raises(LabError, match=r"^pve1 at 192.0.2.1 port 22 by 'false': .*is it up\?$"):
        ConfiguredNode("pve1", hosts["pve1"]).reach()


def facts(number: int = 1, **other: Any) -> dict[str, Any]:
    """What a host with nothing wrong says, but for `other`."""
    link = {"ifname": "eth0", "address": f"02:00:00:00:00:0{number}"}
    addresses = [
        {"local": f"192.0.2.{number}", "prefixlen": 24, "scope": "global"},
        {"local": f"fd00::{number}", "prefixlen": 64, "scope": "global"},
        {"local": f"fe80::{number}", "prefixlen": 64, "scope": "link"},
    ]
    second = {"local": f"198.51.100.{number}", "prefixlen": 24, "scope": "global"}
    nat = {"local": "10.0.2.15", "prefixlen": 24, "scope": "global"}
    said: dict[str, Any] = {
        "uid": 0, "marked": True, "python": [3, 11], "venv": True, "missing": [], "packages": [],
        "command": True, "no_directory": [], "strangers": [], "machine": f"host {number}",
        "names": {name: [f"192.0.2.{n}"] for n, name in enumerate(NAMES, 1)},
        "links": [link | {"addr_info": addresses},
                  link | {"ifname": "eth1", "addr_info": [second]},
                  link | {"ifname": "eth2", "addr_info": [nat]}],
        "client": ["192.0.2.99", "1", f"192.0.2.{number}", "22"], "count_s": 0.01,
    }  # fmt: skip
    return said | other


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"uid": 1000}, "logs in as uid 1000; expected root"),
        ({"marked": False}, f"has no {MARK}: the suite ends guests and empties storages, so only"
         " a host that says it may be wiped is used; see vagrant/README.md"),
        ({"command": False}, "has a qm that is not of this suite; a host with another migrator"
         " is not touched"),
        ({"strangers": [[7, "qemu-system-x86_64 -name mail"]]}, "runs QEMU process 7"
         " (qemu-system-x86_64 -name mail), no guest of this suite; end it, or use another host"),
        ({"missing": ["qemu-img", "socat"], "packages": ["qemu-utils", "socat"]},
         "has no qemu-img, socat: apt-get install -y qemu-utils socat"),
        ({"python": [3, 9]}, "has Python 3.9; expected 3.11 or newer"),
        ({"venv": False}, "has a Python without venv: apt-get install -y python3"),
        ({"no_directory": ["/etc/pve"]}, "has no /etc/pve: run vagrant/provision.sh there"),
        ({}, None),
    ],
)  # fmt: skip
def test_a_host_that_must_not_be_touched_is_refused(wrong: dict[str, Any], line: str) -> None:
    assert discovery.refusal("pve1", facts(**wrong)) == (line and f"pve1 {line}")


def test_the_networks_are_where_the_names_lead_and_what_else_is_shared() -> None:
    found = discovery.networks({name: facts(n) for n, name in enumerate(NAMES, 1)})
    addresses = {
        name: [one.addresses[node] for node in NAMES] for name, one in found.items()
    }
    assert addresses == {
        "cluster": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
        "cluster-IPv6": ["fd00::1", "fd00::2", "fd00::3"],
        "second": ["198.51.100.1", "198.51.100.2", "198.51.100.3"],
    }
    assert found["second"] == Network("198.51.100.0/24", "eth1", found["second"].addresses)


@pytest.mark.parametrize(
    ("there", "line"),
    [
        ([], "pve3: pve1 leads to no address; expected one, in /etc/hosts"),
        (["192.0.2.1", "127.0.1.1"], "pve3: pve1 leads to 192.0.2.1, 127.0.1.1; expected one"),
        (["127.0.1.1"], "pve3: pve1 leads to 127.0.1.1, which pve1 does not have"),
        (["198.51.100.1"], "pve3: pve1 leads to 198.51.100.1, elsewhere to 192.0.2.1"),
    ],
)
def test_names_that_lead_elsewhere_are_named(there: list[str], line: str) -> None:
    hosts = {name: facts(n) for n, name in enumerate(NAMES, 1)}
    hosts["pve3"]["names"] = hosts["pve3"]["names"] | {"pve1": there}
    with pytest.raises(LabError, match=f"^{line}"):
        discovery.networks(hosts)


def test_a_network_by_devices_of_different_names_is_refused() -> None:
    hosts = {name: facts(n) for n, name in enumerate(NAMES, 1)}
    hosts["pve2"]["links"] = [link | {"ifname": "ens3"} for link in hosts["pve2"]["links"]]
    with pytest.raises(LabError, match=r"^the names lead to no network of all hosts"):
        discovery.networks(hosts)


def test_a_host_surveys_itself() -> None:
    words = [sys.executable, "-I", "-S", "-", "localhost"]
    asked = subprocess.run(
        words, input=Path(survey.__file__).read_text(), capture_output=True, text=True, check=True
    )
    said = json.loads(asked.stdout)
    assert said.keys() == facts().keys()
    assert said["names"] == {"localhost": ["127.0.0.1"]}
    assert said["python"] == list(sys.version_info[:2])


def test_what_is_spared_goes_round_what_is_done() -> None:
    host = links.Host(("eth0",), ("02:00:00:00:00:01",), "192.0.2.99")
    accepted, dropped = links.rules(host, ["02:00:00:00:00:02"]).split("ether saddr")
    assert "dport 2049 accept" in accepted
    assert "sport 2049 accept" in accepted
    assert dropped.startswith(" { 02:00:00:00:00:02 } meta protocol { ip, ip6 } drop")
    queue = links.queue("eth0", "dst", "fd00::9", None, (20, 5))
    assert "match ip6 dst fd00::9/128 flowid 1d0c:1" in queue
    assert "parent 1d0c:2 netem limit 10000 delay 20ms loss 5%" in queue


def test_links_tell_whom_it_concerns_and_forget_when_healed() -> None:
    asked = links.Links({name: links.Host((), (), "") for name in NAMES})
    assert asked.cut("pve1", "pve2", both=False) == {"pve2"}
    assert asked.cut("pve3", None, both=True) == set(NAMES)
    asked.impair("pve1", 5, 0)
    assert asked.heal() == set(NAMES)
    assert asked.heal() == set()


@pytest.mark.parametrize(
    ("do", "line"),
    [
        (lambda asked: asked.limit("pve1", 0), "limit of pve1: 0 Mbit/s, expected more than 0"),
        (lambda asked: asked.impair("pve1", -1, 0), "impairment of pve1: delay -1 ms, loss 0 %"),
        (lambda asked: asked.impair("pve1", 0, 101), "impairment of pve1: delay 0 ms, loss 101 %"),
        (lambda asked: asked.cut("pve9", None, True), r"no node 'pve9' in this lab \(nodes: pve1"),
    ],
)
def test_what_cannot_be_done_to_a_link_is_named(do: Any, line: str) -> None:
    asked = links.Links({name: links.Host((), (), "") for name in NAMES})
    with pytest.raises(LabError, match=f"^{line}"):
        do(asked)


def test_a_wheel_lists_what_is_in_it_and_is_the_same_again() -> None:
    data = wheel.wheel("some_thing", "1.0", {"thing/__init__.py": b"one = 1\n"})
    assert data == wheel.wheel("some_thing", "1.0", {"thing/__init__.py": b"one = 1\n"})
    with zipfile.ZipFile(io.BytesIO(data)) as whole:
        listed = [line.split(",")[0] for line in
                  whole.read("some_thing-1.0.dist-info/RECORD").decode().splitlines()]  # fmt: skip
        assert listed == whole.namelist()


def test_pip_takes_the_wheel(tmp_path: Path) -> None:
    file = tmp_path / wheel.file_name("some_thing", "1.0")
    file.write_bytes(wheel.wheel("some_thing", "1.0", {"some_thing.py": b"one = 1\n"}))
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-compile", "--quiet"]
    if subprocess.run([*pip[:3], "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no pip beside this Python")
    subprocess.run([*pip, "--target", str(tmp_path / "there"), str(file)], check=True)
    assert (tmp_path / "there/some_thing.py").read_bytes() == b"one = 1\n"
    assert (tmp_path / "there/some_thing-1.0.dist-info/RECORD").is_file()
