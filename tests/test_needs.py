"""What a scenario needs: tags, what a lab lacks, and versions of QEMU that are there together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.labs.base import LabError
from fixtures.report.registry import NEEDED, NEEDS, marker_lines
from fixtures.session import check_required
from fixtures.world.needs import require_tagged
from fixtures.world.stage import Stage, releases_in


def stage(*capabilities: str, **qemu: str) -> Any:
    lab = SimpleNamespace(capabilities=frozenset(capabilities), nodes={})
    made = Stage(lab, None, qemu=qemu)  # type: ignore[arg-type]
    made.__dict__["kernel"] = None  # nobody is asked for one
    return made


def asking(names: str) -> Any:
    return SimpleNamespace(getoption=lambda _: names)


def test_every_capability_has_a_tag_that_may_be_used() -> None:
    assert NEEDS["needs_linux_guest"] == "linux-guest"
    assert sorted(NEEDS.values()) == sorted(NEEDED)
    assert set(NEEDS) <= {line.partition(":")[0] for line in marker_lines()}


def test_a_scenario_is_skipped_for_what_its_tags_say_and_is_not_there() -> None:
    require_tagged(stage("kvm", "netem"), {"live", "needs_kvm", "needs_netem"})
    with pytest.raises(pytest.skip.Exception, match=r"no 'netem' \(has: kvm\)"):
        require_tagged(stage("kvm"), {"needs_kvm", "needs_netem"})
    with pytest.raises(pytest.skip.Exception, match=r"no 'linux-guest' \(has: none\)"):
        require_tagged(stage(), {"needs_linux_guest"})


def test_what_is_required_and_not_there_ends_the_run() -> None:
    check_required(asking(""), stage())
    check_required(asking("kvm, netem"), stage("kvm", "netem"))
    check_required(asking("kvm,mixed-versions"))
    with pytest.raises(LabError, match=r"--require zfs: the lab has no .* \(has: kvm\)"):
        check_required(asking("kvm,zfs"), stage("kvm"))
    with pytest.raises(LabError, match=r"--require nvme: no capability is called so \(there are: "):
        check_required(asking("nvme"))


def test_versions_of_qemu_are_told_apart_and_found() -> None:
    mixed = stage(pve1="10.0.13 (Debian 1:10.0)", pve2="7.2.22", pve3="10.0.13")
    assert mixed.qemu_releases == [(7, 2), (10, 0)]
    assert (mixed.node_with("oldest"), mixed.node_with("newest")) == ("pve2", "pve1")
    assert "mixed-versions" in mixed.capabilities
    assert "mixed-versions" not in stage(pve1="7.2.22", pve2="7.2.20").capabilities
    assert releases_in("unknown") == []
