"""The answer to what stands in the way of a migration (PRECOND-*)."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference.api.preconditions import preconditions
from reference.cluster import membership, paths
from reference.errors import Failure
from reference.guest import process

STORAGES = """\
dir: local
\tpath /a

dir: only1
\tpath /b
\tnodes pve1

dir: off
\tpath /c
\tdisable

dir: some
\tpath /d
\tnodes pve1,pve2

dir: shared
\tpath /e
\tshared
"""
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Write guest 100's config on pve1 and ask; `running` is what its process would tell."""
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    monkeypatch.setattr(membership, "local_node", lambda: "pve1")
    for number in (1, 2, 3):
        (tmp_path / f"etc/pve/nodes/pve{number}/qemu-server").mkdir(parents=True)
    for folder in ("mapping", "ha"):
        (tmp_path / f"etc/pve/{folder}").mkdir()
    members = {"cluster": {"quorate": 1}, "nodelist": {f"pve{n}": {} for n in (1, 2, 3)}}
    (tmp_path / "etc/pve/.members").write_text(json.dumps(members))
    (tmp_path / "etc/pve/storage.cfg").write_text(STORAGES)

    def answer(config: str, running: bool = False) -> dict[str, Any]:
        (tmp_path / "etc/pve/nodes/pve1/qemu-server/100.conf").write_text(config)
        monkeypatch.setattr(process, "running_pid", lambda vmid: 4711 if running else None)
        return preconditions(100)

    return answer


def test_a_plain_guest_may_go_everywhere(ask: Ask) -> None:
    assert ask("memory: 32\n") == {
        "running": 0,
        "allowed_nodes": ["pve2", "pve3"],
        "not_allowed_nodes": {"pve2": {}, "pve3": {}},
        "local_disks": [],
        "local_resources": [],
        "mapped-resources": [],
        "mapped-resource-info": {},
        "has-dbus-vmstate": 1,
    }


def test_storages_of_current_drives_count(ask: Ask) -> None:
    text = "scsi1: some:100/b.raw\nscsi0: only1:100/a.raw\nide2: none,media=cdrom\n"
    found = ask(f"{text}unused0: off:100/x.raw\n[PENDING]\nscsi2: off:100/y.raw\n", running=True)
    assert found["running"] == 1
    assert found["allowed_nodes"] == []
    assert found["not_allowed_nodes"] == {
        "pve2": {"unavailable_storages": ["only1"]},
        "pve3": {"unavailable_storages": ["only1", "some"]},
    }
    off = ask("scsi0: off:100/a.raw\nscsi1: off:100/b.raw\n")
    assert off["not_allowed_nodes"]["pve2"] == {"unavailable_storages": ["off"]}
    with pytest.raises(Failure, match="storage 'gone' does not exist"):
        ask("scsi0: gone:100/a.raw\n")


def test_disks_that_other_nodes_do_not_have(ask: Ask) -> None:
    text = (
        "scsi0: local:100/a.raw,size=1M\nscsi1: shared:100/b.raw\nscsi2: /dev/x,shared=1\n"
        "scsi3: /dev/y\nide2: none,media=cdrom\nide3: cdrom,media=cdrom\nunused0: local:100/u.raw\n"
        "[PENDING]\nscsi4: local:100/p.raw\n"
        "[before]\nscsi0: local:100/a.raw\nvmstate: local:100/s.raw\n"
    )
    disks = {disk["volid"]: disk for disk in ask(text)["local_disks"]}
    files = [f"local:100/{name}.raw" for name in "apsu"]
    assert list(disks) == ["/dev/y", "cdrom", *files]
    assert disks[files[0]] == {
        "volid": files[0], "size": 1 << 20, "cdrom": 0, "replicate": 1, "shared": 0,
        "is_unused": 0, "is_attached": 1, "is_cloudinit": 0, "is_vmstate": 0, "is_tpmstate": 0,
        "referenced_in_pending": 0, "referenced_in_snapshot": {"before": 1},
    }  # fmt: skip
    assert [volid for volid, disk in disks.items() if disk["cdrom"]] == ["cdrom"]
    assert [volid for volid, disk in disks.items() if disk["is_unused"]] == [files[3]]
    assert [volid for volid, disk in disks.items() if disk["is_vmstate"]] == [files[2]]
    assert [volid for volid, disk in disks.items() if disk["referenced_in_pending"]] == [files[1]]


def test_devices_and_their_names(ask: Ask, tmp_path: Path) -> None:
    where = "id=1234:abcd,path=0000:01:00.0,node"
    (tmp_path / "etc/pve/mapping/pci.cfg").write_text(
        f"gpu\n\tlive-migration-capable 1\n\tmap {where}=pve1\n\tmap {where}=pve3\n"
    )
    text = "hostpci0: mapping=gpu\nusb0: mapping=key\nparallel0: /dev/parport0\namd-sev: std\n"
    stopped, running = ask(text), ask(text, running=True)
    assert stopped["local_resources"] == ["parallel0", "usb0"]
    assert running["local_resources"] == ["amd-sev", "parallel0", "usb0"]
    assert running["mapped-resources"] == ["hostpci0", "usb0"]
    assert running["mapped-resource-info"] == {
        "hostpci0": {"name": "gpu", "live-migration": 1},
        "usb0": {"name": "key"},
    }
    assert running["not_allowed_nodes"] == {
        "pve2": {"unavailable-resources": ["hostpci0", "usb0"]},
        "pve3": {"unavailable-resources": ["usb0"]},
    }


def test_resources_that_ha_keeps_apart(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "etc/pve/nodes/pve2/qemu-server/101.conf").touch()
    (tmp_path / "etc/pve/nodes/pve3/qemu-server/102.conf").touch()
    (tmp_path / "etc/pve/ha/resources.cfg").write_text(
        "vm: 100\n\nvm: 101\n\nvm: 102\n\tstate ignored\n\nvm: 103\n"
    )
    rule = "resource-affinity: r{}\n\tresources {}\n\taffinity {}\n\n".format
    rules = rule(1, "vm:100,vm:101", "negative") + rule(2, "vm:102,vm:100", "negative")
    rules += rule(3, "vm:100,vm:103", "positive") + rule(4, "vm:101,vm:104", "positive")
    (tmp_path / "etc/pve/ha/rules.cfg").write_text(rules)
    found = ask("memory: 32\n")
    blocking = [{"sid": "vm:101", "cause": "resource-affinity"}]
    assert found["not_allowed_nodes"] == {"pve2": {"blocking-ha-resources": blocking}, "pve3": {}}
    assert found["dependent-ha-resources"] == ["vm:103"]
    (tmp_path / "etc/pve/ha/rules.cfg").write_text(rules.replace("neg", "disable\n\taffinity neg"))
    with pytest.raises(Failure, match="each option once"):
        ask("memory: 32\n")
    (tmp_path / "etc/pve/ha/resources.cfg").write_text("vm: 101\n")
    assert "dependent-ha-resources" not in (found := ask("memory: 32\n"))
    assert found["allowed_nodes"] == ["pve2", "pve3"]


@pytest.mark.parametrize(
    ("config", "fragment"),
    [("lock: backup\n", "VM is locked (backup)"), ("lock: migrate\n", "locked (migrate)")],
)
def test_a_locked_guest_is_refused(ask: Ask, config: str, fragment: str) -> None:
    with pytest.raises(Failure) as refusal:
        ask(config)
    assert fragment in str(refusal.value)


def test_no_quorum_and_no_config_are_refused(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="does not exist"):
        preconditions(100)
    (tmp_path / "etc/pve/.members").write_text('{"cluster": {"quorate": 0}, "nodelist": {}}')
    with pytest.raises(Failure, match="no quorum"):
        ask("")


LINES = st.sampled_from(
    ["scsi0: ", "unused0: ", "usb0: ", "hostpci0: ", "vga: ", "virtiofs0: ", "[PENDING]", "\n",
     "local:100/a.raw", "shared:", "none", ",media=cdrom", ",size=", "1G", "mapping=", "x", "=",
     ",", "clipboard=vnc", "/dev/x", "[one]", "vmstate: ", "\x00", "\u0661", "..", "#"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.lists(LINES, max_size=20).map("".join))
def test_any_config_is_answered_or_refused(ask: Ask, text: str) -> None:
    with suppress(Failure):  # and nothing else
        found = json.loads(json.dumps(ask(text)))
        assert set(found["not_allowed_nodes"]) == {"pve2", "pve3"}
        assert all(not found["not_allowed_nodes"][node] for node in found["allowed_nodes"])
