"""What a machine must have for the lab, and which accelerator the test guest gets on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fixtures.labs import machine, probe, scratch
from fixtures.labs.base import LabError, LabUnavailable
from fixtures.labs.local import LocalLab


def test_without_root_the_lab_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabUnavailable, match="uid 1000 cannot, run it as root"):
        LocalLab().up()


def test_missing_tools_are_named_with_their_packages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for tool in machine.PACKAGES.keys() - {"tini", "ip", "tc"}:
        (tmp_path / tool).touch(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "SEARCH_PATH", str(tmp_path))
    with pytest.raises(LabUnavailable) as refused:
        LocalLab().up()
    assert str(refused.value) == (
        "the local lab needs ip, tc, tini: apt-get install -y iproute2 tini"
    )


@pytest.mark.parametrize("prefix", ["", "/", "mc12", "mcxyz0", "mc0000-1", "mc0000*"])
def test_a_prefix_that_could_match_too_much_is_refused(prefix: str) -> None:
    with pytest.raises(LabError, match="expected mc, 4 hex digits"):
        scratch.sweep(prefix)


def test_each_worker_has_its_own_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    assert scratch.default_prefix() == scratch.checkout_prefix() + "gw1"
    monkeypatch.delenv("PYTEST_XDIST_WORKER")
    assert scratch.default_prefix() == scratch.checkout_prefix() + "main"


def stand_in(path: Path, tcg: str, kvm: str) -> str:
    """A QEMU whose guest beats as the accelerator lets it."""
    path.write_text(f"#!/bin/sh\nrun() {{ case $2 in kvm) {kvm};; *) {tcg};; esac; }}\nrun $@\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("tcg", "kvm", "expected"),
    [
        ("sleep 0.3; echo; echo", "echo; echo; exec sleep 9", "kvm"),
        ("echo; echo; exec sleep 9", "echo; exec sleep 9", "tcg"),
        ("echo; echo", "exit 1", "tcg"),
    ],
    ids=["kvm is sooner", "kvm is slower", "kvm fails"],
)
def test_the_accelerator_is_the_one_that_beats_sooner(
    tcg: str, kvm: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kvm").touch()
    monkeypatch.setattr(probe, "KVM", tmp_path / "kvm")
    monkeypatch.setattr(probe, "CACHE", tmp_path / "cache")
    qemu = stand_in(tmp_path / "qemu", tcg, kvm)
    assert probe.faster_accelerator(qemu) == expected
    monkeypatch.setattr(probe, "seconds_to_beats", None)
    assert probe.faster_accelerator(qemu) == expected  # without another run


def test_a_qemu_that_runs_no_guest_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kvm").touch()
    monkeypatch.setattr(probe, "KVM", tmp_path / "kvm")
    monkeypatch.setattr(probe, "CACHE", tmp_path / "cache")
    with pytest.raises(LabError, match="/qemu -accel tcg does not run the test guest"):
        probe.faster_accelerator(stand_in(tmp_path / "qemu", "exit 1", "exit 1"))


def test_the_test_guest_beats_under_emulation(monkeypatch: pytest.MonkeyPatch) -> None:
    qemu = Path("/usr/bin/qemu-system-x86_64")
    if not qemu.exists():
        pytest.skip(f"no {qemu}: apt-get install -y qemu-system-x86")
    spent = probe.seconds_to_beats(str(qemu), "tcg", probe.PATIENCE)
    assert spent is not None
    assert 0.01 < spent < probe.PATIENCE
