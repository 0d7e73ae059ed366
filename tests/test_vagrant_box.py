"""The box's recipe and a node's provisioning, as far as they decide before anything is built."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

VAGRANT = Path(__file__).parent.parent / "vagrant"
BOX, PROVISION = VAGRANT / "box", VAGRANT / "provision.sh"
NAME = "migration-conformance-bookworm.box"

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root makes a Debian tree")


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def finished(cache: Path, content: str, size: int) -> None:
    """A box in the cache, said to be made by the recipe as it is, `size` bytes large."""
    recipe = hashlib.sha256(BOX.read_bytes() + PROVISION.read_bytes()).hexdigest()[:16]
    (cache / NAME).write_text(content)
    (cache / f"{NAME}.made").write_text(f"{recipe} {size}\n")


@pytest.fixture
def no_packages(tmp_path: Path) -> dict[str, str]:
    """A machine whose mmdebstrap reaches no archive, and an empty cache."""
    tools, cache = tmp_path / "tools", tmp_path / "cache"
    tools.mkdir()
    cache.mkdir()
    debootstrap = tools / "mmdebstrap"
    debootstrap.write_text("#!/bin/sh\necho 'E: no archive here' >&2\nexit 25\n")
    debootstrap.chmod(0o755)
    return {"PATH": f"{tools}:{os.environ['PATH']}", "MC_CACHE": str(cache)}


@pytest.mark.parametrize("script", [BOX, PROVISION], ids=["box", "provision.sh"])
def test_syntax(script: Path) -> None:
    assert run("bash", "-n", script).stderr == ""


@pytest.mark.parametrize("arguments", [(), ("sid",), ("bookworm", "trixie")])
def test_only_known_suites_have_a_box(arguments: tuple[str, ...]) -> None:
    result = run(BOX, *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"box: '{' '.join(arguments)}': expected bookworm or trixie\n"


@needs_root
def test_a_finished_box_is_not_built_again(no_packages: dict[str, str]) -> None:
    cache = Path(no_packages["MC_CACHE"])
    finished(cache, "box", 3)
    result = run(BOX, "bookworm", **no_packages)
    assert (result.returncode, result.stdout) == (0, f"{cache / NAME}\n"), result.stderr


@needs_root
@pytest.mark.parametrize("flaw", ["cut off", "another recipe", "never finished"])
def test_a_flawed_box_is_not_taken(no_packages: dict[str, str], flaw: str) -> None:
    cache = Path(no_packages["MC_CACHE"])
    finished(cache, "box", 3 if flaw != "cut off" else 4)
    stamp = cache / f"{NAME}.made"
    if flaw == "another recipe":
        stamp.write_text(f"0{stamp.read_text()}")
    elif flaw == "never finished":
        stamp.unlink()
    result = run(BOX, "bookworm", **no_packages)
    assert result.returncode == 4  # it tried to build one


@needs_root
def test_no_packages_is_one_line_and_leaves_nothing(no_packages: dict[str, str]) -> None:
    cache = Path(no_packages["MC_CACHE"])
    (cache / ".box-bookworm.1.d").mkdir()  # of a killed run
    result = run(BOX, "bookworm", **no_packages)
    log = cache / "box-bookworm.log"
    assert (result.returncode, result.stdout) == (4, "")
    assert result.stderr == (
        f"box bookworm: system from packages failed: no archive here; all of it: {log}\n"
    )
    kept = {log.name, "keys", ".keys.lock", ".box-bookworm.lock"}
    assert {path.name for path in cache.iterdir()} == kept


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pve1:10.0.0.1",), "'pve1:10.0.0.1': expected NAME=ADDRESS, as pve1=10.77.0.11"),
        (("pve1=10.0.0",), "'pve1=10.0.0': expected NAME=ADDRESS, as pve1=10.77.0.11"),
        (("pve1=10.0.0.1",), "'pve1=10.0.0.1': expected two members or more"),
    ],
)
def test_members_are_names_with_addresses(arguments: tuple[str, ...], message: str) -> None:
    result = run(PROVISION, *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"provision.sh: {message}\n"


def test_a_host_that_is_no_member_is_left_alone(tmp_path: Path) -> None:
    for tool, script in (("hostname", "echo 10.0.0.9"), ("apt-get", "exit 99")):
        (tmp_path / tool).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / tool).chmod(0o755)
    result = run(PROVISION, "one=10.0.0.1", "two=10.0.0.2", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1  # which one depends on what this machine is


def test_a_node_has_what_the_suite_asks_for() -> None:
    packages = run(PROVISION, "--packages").stdout.split()
    assert {"qemu-system-x86", "socat", "nftables", "zfsutils-linux", "lvm2", "btrfs-progs"} <= {
        *packages
    }
