"""A libvirtd of our own is seen by nobody and leaves nothing; what the machine's has of us goes."""

import os
import select
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.labs import machine, scratch
from fixtures.labs.libvirtd import Libvirtd, machine_has_one

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make namespaces"),
    pytest.mark.skipif(
        shutil.which("libvirtd", path=machine.SEARCH_PATH) is None,
        reason="needs libvirtd: tools/bootstrap --vagrant installs it",
    ),
    pytest.mark.skipif(machine_has_one(), reason="this machine runs a libvirtd of its own"),
]
PREFIX = f"{scratch.checkout_prefix()}test"
DOMAIN = (
    "<domain type='qemu'><name>{}</name><memory>9000</memory><os><type>hvm</type></os></domain>"
)
NETWORK = "<network><name>{}</name></network>"


@pytest.fixture
def libvirtd(tmp_path: Path) -> Iterator[Libvirtd]:
    directory, lock = scratch.claim(PREFIX)
    started = Libvirtd.start(directory, tmp_path, "cat", ())
    yield started
    started.stop()
    scratch.remove(directory)
    os.close(lock)


def python(code: str, *within: str) -> subprocess.Popen[str]:
    words = [*within, sys.executable, "-c", textwrap.dedent(code)]
    environment = os.environ | {"PYTHONPATH": str(scratch.CHECKOUT)}
    return subprocess.Popen(words, env=environment, text=True, stdout=subprocess.PIPE)


def test_it_is_seen_inside_its_namespaces_only(libvirtd: Libvirtd) -> None:
    assert libvirtd.virsh("pool-list", "--name").split() == ["default"]
    assert not machine_has_one()


def test_it_ends_with_its_owner(tmp_path: Path) -> None:
    owner = python(f"""
        from pathlib import Path
        from fixtures.labs import scratch
        from fixtures.labs.libvirtd import Libvirtd
        directory, lock = scratch.claim("{PREFIX}killed")
        print(Libvirtd.start(directory, Path("{tmp_path}"), "cat", ()).pid, flush=True)
        input()
    """)
    assert owner.stdout is not None
    ending = os.pidfd_open(int(owner.stdout.readline()))
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    assert select.select([ending], [], [], 20)[0]
    os.close(ending)
    assert len(scratch.sweep(f"{PREFIX}killed")) == 1
    assert not list(scratch.find(f"{PREFIX}killed"))


def test_what_the_machines_own_has_of_a_lab_is_removed_and_nothing_else(
    libvirtd: Libvirtd, tmp_path: Path
) -> None:
    """Inside the namespaces, ours is the machine's own."""
    names = ("mc0000cli-ours_pve1", "mc0000cli-theirs_pve1")
    (tmp_path / "mc0000cli-ours").mkdir()
    (tmp_path / "mc0000cli-ours/machines").touch()
    for name in names:
        for verb, xml in (("define", DOMAIN), ("net-define", NETWORK)):
            (tmp_path / "xml").write_text(xml.format(name))
            libvirtd.virsh(verb, str(tmp_path / "xml"))
        libvirtd.virsh("vol-create-as", "default", name, "1M")
    remover = python(
        f"""
        from pathlib import Path
        from fixtures.labs import scratch
        scratch.remove(Path("{tmp_path}/mc0000cli-ours"))
        """,
        *libvirtd.within,
    )
    remover.communicate()
    assert remover.returncode == 0
    assert libvirtd.virsh("list", "--all", "--name").split() == [names[1]]
    assert libvirtd.virsh("net-list", "--all", "--name").split() == [names[1]]
    assert libvirtd.virsh("vol-list", "default").split()[::2] == [names[1]]
    assert not (tmp_path / "mc0000cli-ours").exists()


def test_a_network_that_is_in_use_is_named() -> None:
    program = python(
        """
        from pathlib import Path
        from fixtures.labs.base import LabError
        from fixtures.labs.libvirtd import Libvirtd
        from fixtures.labs.machine import command
        command("ip", "link", "add", "busy", "type", "bridge")
        command("ip", "address", "add", "10.77.0.1/24", "dev", "busy")
        command("ip", "link", "set", "busy", "up")
        try:
            Libvirtd(Path(), 0).require_free({"PVE_SECOND": "10.78.0", "PVE_CLUSTER": "10.77.0"})
        except LabError as error:
            print(error)
        """,
        "unshare",
        "--net",
    )
    said, _ = program.communicate()
    assert "10.77.0.0/24 is in use here, by busy: set PVE_CLUSTER to" in said
