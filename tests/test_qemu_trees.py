"""Which QEMU a version means, and what is said where there is none."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fixtures.labs import trees
from fixtures.labs.base import LabError
from fixtures.labs.local import LocalLab
from fixtures.report.registry import FEATURES
from fixtures.session import qemu_by_node
from fixtures.world.guests import common_machine
from fixtures.world.stage import Stage

CHECKOUT = FEATURES.parent


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with a tree of 10.0, and the reason why there is none of 11.1."""
    monkeypatch.setattr(trees, "TREES", tmp_path)
    (tmp_path / "10.0").mkdir()
    (tmp_path / "10.0" / trees.BINARY).write_text("#!/bin/sh\n")
    (tmp_path / "10.0" / trees.BINARY).chmod(0o755)
    (tmp_path / "11.1.unavailable").write_text("no tree of QEMU 11.1: no network\n")
    return tmp_path


def test_a_version_is_its_tree_and_anything_else_a_path(cache: Path) -> None:
    tree = str(cache / "10.0" / trees.BINARY)
    lab = LocalLab(qemu={"pve1": "10.0", "pve2": "/bin/true"})
    assert lab.qemu == {"pve1": tree, "pve2": "/bin/true"}


def test_a_tree_that_nobody_made_is_named_with_those_that_are(cache: Path) -> None:
    with pytest.raises(LabError, match=r"^no tree of QEMU 7\.2 \(there are: 10\.0\): `make "):
        trees.find("7.2")


def test_a_tree_that_cannot_be_made_says_why(cache: Path) -> None:
    with pytest.raises(trees.NoTree, match=r"^no tree of QEMU 11\.1: no network$"):
        trees.find("11.1")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"--qemu": "a"}, ["a", "a", "a"]),
        ({"--qemu": "a", "--qemu-target": "b"}, ["a", "b", "b"]),
        ({"--qemu": "a", "--qemu-source": "b", "--qemu-target": "c"}, ["b", "c", "c"]),
    ],
)
def test_the_special_option_counts(options: dict[str, str], expected: list[str]) -> None:
    class Config:
        getoption = staticmethod(options.get)

    found = qemu_by_node(Config())  # type: ignore[arg-type]
    assert found == dict(zip(("pve1", "pve2", "pve3"), expected, strict=False))


@pytest.mark.parametrize(
    ("target", "told", "releases"),
    [
        ("7.2.22", "7.2.22", [(7, 2)]),
        ("10.0.13", "7.2.22 (pve1) and 10.0.13 (pve2, pve3)", [(7, 2), (10, 0)]),
    ],
)
def test_the_report_tells_the_version_of_each_node(
    target: str, told: str, releases: list[tuple[int, int]]
) -> None:
    found = {"pve2": target, "pve1": "7.2.22", "pve3": target}
    stage = Stage(None, None, qemu=found)  # type: ignore[arg-type]
    assert stage.told_qemu == told
    assert stage.qemu_releases == releases


def test_guests_between_two_versions_have_the_machine_of_the_older() -> None:
    assert common_machine([(7, 2), (10, 0)]) == "pc-i440fx-7.2"
    assert common_machine([(10, 0)]) is None


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The script in a checkout of its own."""
    (tmp_path / "tools").mkdir()
    shutil.copy2(CHECKOUT / "tools/qemu-trees", tmp_path / "tools")
    return tmp_path


def run(checkout: Path, *words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the script, `path` searched before anything else."""
    environment = {"PATH": f"{path}:/usr/bin:/bin"}
    command = [str(checkout / "tools/qemu-trees"), *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_an_unknown_version_is_refused_and_nothing_is_made(checkout: Path) -> None:
    ended = run(checkout, "10.0", "8.1")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "qemu-trees: QEMU 8.1: expected one of 7.2 10.0 11.1\n"
    assert not (checkout / ".cache/qemu/10.0").exists()


def test_where_packages_cannot_be_had_one_line_says_why(checkout: Path, tmp_path: Path) -> None:
    tool = tmp_path / "bin/mmdebstrap"
    tool.parent.mkdir()
    tool.write_text(
        "#!/bin/sh\nmkdir -p \"$(eval echo \\${$(($# - 2))})\"\necho 'E: no route' >&2\nexit 1\n"
    )
    tool.chmod(0o755)
    half_made = checkout / ".cache/qemu/10.0"
    half_made.mkdir(parents=True)
    ended = run(checkout, "10.0", path=str(tool.parent))
    assert ended.returncode == 4
    last = ended.stderr.splitlines()[-1]  # not Debian: its key may be missing already
    assert re.fullmatch(r"no tree of QEMU 10\.0: (no route|there is no /\S+|trees are .*)", last)
    left = sorted(path.name for path in (checkout / ".cache/qemu").iterdir())
    assert left == [".lock", "10.0.unavailable"]
