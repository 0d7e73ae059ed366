"""What goes wrong with the Vagrant lab is told in one line; a budget leaves nothing passed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.labs import boxes, machine, scratch
from fixtures.labs.base import LabError, LabUnavailable
from fixtures.labs.vagrant import KEPT, explain, forget_boxes, require_machine

SAID = """\
==> pve1: Waiting for SSH to become available...
==> pve2: Creating domain with the following settings...
An error occurred while executing multiple actions in parallel.
Any errors that occurred are shown below.

An error occurred while executing the action on the 'pve2'
machine. Please handle this error then try again:

Timed out while waiting for the machine to boot. This means that
Vagrant was unable to communicate with the guest machine within
the configured ("config.vm.boot_timeout" value) time period.

If you look above, you should be able to see the error(s) that
"""
REFUSED = """\
Error while connecting to Libvirt: Error making a connection to libvirt URI qemu:///system:
Failed to connect socket
"""


def test_a_node_that_never_answers_is_named() -> None:
    longer = "PVE_BOOT_TIMEOUT=SECONDS gives it longer"
    assert explain(SAID) == f"pve2: the machine was made but does not answer; {longer}"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (REFUSED, "Error while connecting to Libvirt"),
        ("\x1b[KProgress: 0%\r\x1b[KThe box failed to unpackage", "The box failed"),
        ("", "it did not say why"),
    ],
)
def test_what_vagrant_says_becomes_one_line(said: str, reason: str) -> None:
    assert explain(said).startswith(reason)
    assert "\n" not in explain(said)


def test_a_suite_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PVE_SUITE_2", "sid")
    with pytest.raises(LabError, match=r"^suite 'sid' for pve2: expected one of bookworm, trixie$"):
        boxes.suite_box("pve2")


def test_a_box_of_the_users_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PVE_BOX_2", "my/box")
    assert boxes.suite_box("pve2") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="the line about root comes first")
def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "SEARCH_PATH", str(tmp_path))
    with pytest.raises(LabUnavailable, match=r"needs vagrant, .*`tools/bootstrap --vagrant`"):
        require_machine()


@pytest.mark.skipif(
    shutil.which("vagrant", path=machine.SEARCH_PATH) is None, reason="needs vagrant"
)
@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("PVE_DRIVER=xen", "expected kvm or qemu"),
        ("PVE_MEMORY=64", "expected a number from 256 to 1048576"),
        ("PVE_SECOND=10.78.0.0/24", "expected the first three parts of a network's addresses"),
    ],
)
def test_a_setting_that_cannot_be_is_named(setting: str, expected: str, tmp_path: Path) -> None:
    variable, value = setting.split("=")
    environment = {
        "PATH": machine.SEARCH_PATH,
        "HOME": str(tmp_path),
        "VAGRANT_DOTFILE_PATH": str(tmp_path / "dot"),
        variable: value,
    }
    ended = subprocess.run(
        ["vagrant", "up"],
        cwd=boxes.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(f"{setting}: {expected}")
    assert not (tmp_path / "dot/pve-settings.json").exists()


def test_only_boxes_that_nobody_needs_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MC_CACHE", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    kept = tmp_path / "vagrant/boxes"
    for name in ("of-us-1", "of-us-2", "of-us-3", "of-us-4", "of-others-1"):
        (kept / name).mkdir(parents=True)
        if name != "of-us-4":
            os.utime(kept / name, (0, 0))
    settings = tmp_path / "mc0000vagrant-x" / KEPT
    settings.parent.mkdir(parents=True)
    settings.write_text('{"BOX_1": "of-us-2"}')
    forget_boxes("of-us-*", but="of-us-3")
    left = sorted(box.name for box in kept.iterdir())
    assert left == ["of-others-1", "of-us-2", "of-us-3", "of-us-4"]


def test_what_gets_no_turn_is_not_passed() -> None:
    """No lab is made for it either: this takes no root."""
    words = [sys.executable, "-m", "pytest", "-n", "0", "-q", "--budget", "0", "-k", "LOCK-03"]
    ended = subprocess.run(
        [*words, "features"], cwd=scratch.CHECKOUT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "its turn did not come within 0 s" in ended.stdout
    assert " passed" not in ended.stdout


def test_of_everything_something_comes_before_the_budget_ends() -> None:
    words = [sys.executable, "-m", "pytest", "-n", "0", "-q", "--collect-only", "--budget", "1"]
    ended = subprocess.run(
        [*words, "-k", "(kvm or linux) and not mixed", "features"],
        cwd=scratch.CHECKOUT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [line.partition("::test_")[2] for line in ended.stdout.splitlines() if "::" in line]
    assert names[:4] == [
        "it_comes_back_type[secure]",
        "from_source_to_target[pve1-pve2]",
        "the_link_is_cut_at_phase_type[mirror-insecure]",
        "it_comes_back_type[insecure]",
    ]
    assert len(names) == 9
