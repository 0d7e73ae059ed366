"""Resource mappings and what ties a guest to its node (RES-*)."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.cluster import paths
from reference.cluster.mappings import ResourceMapping, load_mappings, parse_mappings
from reference.errors import Failure
from reference.guest.config import GuestConfig
from reference.guest.resources import (
    Mapped,
    Resources,
    check_resources,
    clipboard_stays,
    local_resources,
)

NODES = ("pve1", "pve2", "pve3")
PCI = """\
gpu
\tdescription for all; even for=guests
\tmap id=10de:2204,iommugroup=12,node=pve1,path=0000:01:00.0,subsystem-id=10de:147d
\tmap id=10de:2204,node=pve1,path=0000:02:00;0000:02:00.1
\tmap id=10de:2204,node=pve2,path=0000:81:00.0
\tmdev 1

nic
\tlive-migration-capable 1
\tmap id=15b3:101e,node=pve1,path=0000:03:00.1
"""
USB = "stick\n\tmap id=0951:1666,node=pve1\n\tmap id=0951:1666,node=pve2,path=1-2.3\n"
DIRECTORY = "share\n\tdescription x\n\tmap node=pve1,path=/srv/a b\n"
EVERYWHERE = ResourceMapping(frozenset(NODES))
MAPPINGS = {
    "pci": {
        "here": ResourceMapping(frozenset({"pve1"})),
        "gpu": EVERYWHERE,
        "vgpu": EVERYWHERE._replace(live=True),
    },
    "usb": {"stick": EVERYWHERE, "key": ResourceMapping(frozenset({"pve1", "pve3"}))},
    "directory": {"share": EVERYWHERE},
}


def look(text: str, *, running: bool = False) -> Resources:
    """The resources of a guest with these lines."""
    config = GuestConfig(100)
    config.current = dict(line.split(": ", 1) for line in text.split(" / "))
    return local_resources(config, MAPPINGS, NODES, running)


def test_each_name_knows_its_nodes_and_whether_it_moves() -> None:
    assert parse_mappings(PCI, "x") == {
        "gpu": ResourceMapping(frozenset({"pve1", "pve2"})),
        "nic": ResourceMapping(frozenset({"pve1"}), live=True),
    }
    assert parse_mappings(USB, "x")["stick"].nodes == {"pve1", "pve2"}
    assert parse_mappings(DIRECTORY, "x")["share"].nodes == {"pve1"}


def test_the_files_are_read_and_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    assert load_mappings() == {"pci": {}, "usb": {}, "directory": {}}
    (tmp_path / "etc/pve/mapping").mkdir(parents=True)
    (tmp_path / "etc/pve/mapping/usb.cfg").write_text(USB)
    assert load_mappings()["usb"].keys() == {"stick"}


@pytest.mark.parametrize(
    ("lines", "line", "fragment"),
    [
        ("map id=10de:2204,path=0000:01:00.0", 2, "'node=<name>', got 'id=10de:2204,path"),
        ("comment x\n\tmap id=0951:1666,node=-pve1", 3, "got 'id=0951:1666,node=-pve1'"),
        ("map node=pve1/..,path=/srv", 2, "expected 'node=<name>'"),
        ("map node=pve1,path=/srv,node=pve2", 2, "expected 'node' only once"),
        ("map pve1", 2, "expected <key>=<value>"),
        ("live-migration-capable maybe", 2, "expected a boolean, got 'maybe'"),
        ("description of nothing", 1, "expected a line 'map node=<name>,...'"),
        ("description a\n\tdescription b", 3, "each option once"),
        ("map id=1:2\npci: gpu", 3, "expected '<id>'"),
    ],
)
def test_a_faulty_mapping_is_located(lines: str, line: int, fragment: str) -> None:
    with pytest.raises(Failure) as refusal:
        parse_mappings(f"name\n\t{lines}\n", "x.cfg")
    assert str(refusal.value).startswith(f"x.cfg: line {line}: ")
    assert fragment in str(refusal.value)


PIECES = st.sampled_from(
    ["gpu", "\n", "\t", "map ", "node=", "pve1", ",", "path=", "/x", "id=", "1234:abcd", "#", "=",
     "live-migration-capable", " ", "1", "\u0660", "\x00", "\r", "\x0b", ";", "0000:01:00.0"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=20).map("".join) | st.text())
def test_any_mapping_file_is_read_or_refused(text: str) -> None:
    with suppress(Failure):  # and nothing else
        for name, mapping in parse_mappings(text, "x").items():
            assert name.strip() == name != ""
            assert mapping.nodes
            assert all(node.isascii() and node.strip("-") == node for node in mapping.nodes)


@pytest.mark.parametrize(
    ("text", "stopped", "running"),
    [
        ("hostusb: 1 / ivshmem: size=1 / hostpci: 01:00.0", "hostusb hostpci ivshmem", "="),
        ("usb2: host=1-2 / parallel0: /dev/parport0 / usb10: 1-2", "parallel0 usb10 usb2", "="),
        ("serial0: socket / serial1: /dev/ttyS0 / serialx: y", "serial1", "="),
        ("usb0: spice / usb1: host=SPICE,usb3=1 / usb2: usb3=1,host=spice", "", "="),
        ("hostpci0: 0000:01:00.0;0000:02:00,pcie=1 / usb0: host=spicy", "hostpci0 usb0", "="),
        ("amd-sev: type=std / intel-tdx: type=tdx", "", "amd-sev intel-tdx"),
        ("virtiofs0: share / virtiofs1: cache=always,dirid=share", "virtiofs0 virtiofs1",
         "virtiofs virtiofs0 virtiofs1"),
        ("usb0: mapping=stick / hostpci0: mapping=gpu,pcie=1", "usb0", "hostpci0 usb0"),
        ("hostpci0: mapping=vgpu / hostpci1: mapping=nobody", "", "hostpci1"),
        ("scsi0: local:100/x.raw / usb: x / hostpcix: y / net0: virtio", "", "="),
    ],
)  # fmt: skip
def test_local_resources(text: str, stopped: str, running: str) -> None:
    assert " ".join(look(text).local) == stopped
    assert " ".join(look(text, running=True).local) == (stopped if running == "=" else running)


def test_mapped_resources_and_where_they_are_missing() -> None:
    found = look("hostpci0: mapping=here / usb0: mapping=key / virtiofs0: nothing / usb1: 1-2")
    assert found.mapped == {
        "hostpci0": Mapped("here", False),
        "usb0": Mapped("key", False),
        "virtiofs0": Mapped("nothing", False),
    }
    assert found.missing == {
        "pve1": ["virtiofs0"],
        "pve2": ["hostpci0", "usb0", "virtiofs0"],
        "pve3": ["hostpci0", "virtiofs0"],
    }
    assert found.blocking == ["usb1"]
    assert look("hostpci3: mapping=vgpu").mapped == {"hostpci3": Mapped("vgpu", True)}


def test_a_device_that_cannot_be_read_is_named() -> None:
    with pytest.raises(Failure, match="usb0: property string"):
        look("usb0: host=1-2,host=1-3")


# the refusal of each kind, in the order in which they win
BLOCKED, MISSING, BOUND = "uses local devices: ", "missing mapped devices ", "following mapped dev"
VALUES = {
    "usb0": ["1-2", "mapping=stick", "mapping=key", "spice"],
    "hostpci0": ["01:00.0", "mapping=gpu", "mapping=vgpu", "mapping=here"],
    "virtiofs0": ["share", "elsewhere"],
    "parallel0": ["/dev/parport0"],
    "amd-sev": ["type=std"],
}
DEVICES = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(values) for key, values in VALUES.items()}
)


@given(DEVICES, st.sampled_from(NODES), st.booleans(), st.booleans())
def test_the_first_reason_wins(
    devices: dict[str, str], target: str, running: bool, force: bool
) -> None:
    config = GuestConfig(100)
    config.current = devices
    found = local_resources(config, MAPPINGS, NODES, running)
    assert set(found.blocking) <= set(found.local)
    assert not set(found.blocking) & set(found.mapped)
    assert all(set(keys) <= set(found.mapped) for keys in found.missing.values())
    reasons = [
        (BLOCKED, bool(found.blocking) and not force),
        (MISSING, bool(found.missing[target])),
        (BOUND, running and not all(mapped.live for mapped in found.mapped.values())),
    ]
    expected = next((text for text, holds in reasons if holds), "")
    if expected:
        with pytest.raises(Failure, match=expected):
            check_resources(found, target, running, force)
    else:
        notes = check_resources(found, target, running, force)
        assert len(notes) == bool(found.blocking) + bool(found.mapped)


def test_the_devices_in_the_way_are_named() -> None:
    found = look("usb0: mapping=stick / hostpci0: mapping=gpu / hostpci1: mapping=vgpu")
    with pytest.raises(Failure, match=r"devices: hostpci0:gpu, usb0:stick$"):
        check_resources(found, "pve2", True, True)


@pytest.mark.parametrize(
    ("machine", "held"),
    [("pc-i440fx-7.2", True), ("pc-q35-9.2+pve1", True), ("pc-i440fx-10.0", True),
     ("pc-q35-10.1", False), ("pc-i440fx-10.1+pve0", False), ("pc-q35-11.0", False), ("", True)],
)  # fmt: skip
@pytest.mark.parametrize("vga", ["qxl,clipboard=vnc", "clipboard=vnc,type=std", "qxl", ""])
def test_a_vnc_clipboard_moves_with_machine_version_10_1(
    vga: str, machine: str, held: bool
) -> None:
    config = GuestConfig(100)
    config.current = {"vga": vga}
    assert clipboard_stays(config, lambda: machine) == (held and "vnc" in vga)


def test_the_machine_of_a_guest_without_clipboard_is_not_asked() -> None:
    assert not clipboard_stays(GuestConfig(100), lambda: pytest.fail("asked"))
