"""What ties a guest to the node it is on: devices, mapped devices, markers (RES-*). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from reference.cluster.mappings import ResourceMapping
from reference.cluster.sections import parse_property_string
from reference.errors import Failure
from reference.guest.config import GuestConfig
from reference.guest.machine import machine_version

_OLD = ("hostusb", "hostpci", "ivshmem")
_DEVICE = re.compile(r"(usb|hostpci|virtiofs|serial|parallel)\d+")
_KINDS = {"usb": "usb", "hostpci": "pci", "virtiofs": "directory"}  # of their mappings
_CLIPBOARD_SINCE = (10, 1)  # machine version that can take a VNC clipboard along


class Mapped(NamedTuple):
    """A device under its name in the cluster."""

    name: str
    live: bool


class Resources(NamedTuple):
    """Resources of the node; `mapped` by config key, `missing` the keys that a node can't serve."""

    local: list[str]
    mapped: dict[str, Mapped]
    missing: dict[str, list[str]]

    @property
    def blocking(self) -> list[str]:
        """What no mapping excuses (RES-07)."""
        return [key for key in self.local if key not in self.mapped]


def local_resources(
    config: GuestConfig,
    mappings: Mapping[str, Mapping[str, ResourceMapping]],
    nodes: Iterable[str],
    running: bool,
) -> Resources:
    """What the guest's current section uses, for a running or a stopped guest."""
    current = config.current
    found = Resources(_markers(current) if running else [], {}, {node: [] for node in nodes})
    found.local.extend(key for key in _OLD if key in current)
    for key, value in sorted(current.items()):
        if not (match := _DEVICE.fullmatch(key)):
            continue
        kind, name = _mapping(key, match[1], value)
        if kind == "spice" or (match[1] == "serial" and value == "socket"):
            continue
        mapping = mappings.get(kind, {}).get(name, ResourceMapping(frozenset()))
        if name:
            found.mapped[key] = Mapped(name, mapping.live)
            for node in found.missing.keys() - mapping.nodes:
                found.missing[node].append(key)
        # a mapped PCI device holds up a running guest only, and not if it can move
        if not (name and kind == "pci") or (running and not mapping.live):
            found.local.append(key)
    return found


def _markers(current: Mapping[str, str]) -> list[str]:
    """What a running guest can't take along wherever it goes (RES-03)."""
    shares = any(re.fullmatch(r"virtiofs\d+", key) for key in current)
    return [*filter(current.__contains__, ("amd-sev", "intel-tdx")), *["virtiofs"] * shares]


def _mapping(key: str, family: str, value: str) -> tuple[str, str]:
    """Kind and name of a device's mapping, or "spice", or "" for a device of the node."""
    if family not in _KINDS:
        return "", ""
    name, default = ("dirid", "dirid") if family == "virtiofs" else ("mapping", "host")
    try:
        options = parse_property_string(value, default)
    except Failure as error:
        raise Failure(f"{key}: {error}") from None
    spice = family == "usb" and options.get("host", "").lower() == "spice"
    return ("spice", "") if spice else (_KINDS[family], options.get(name, ""))


def check_resources(found: Resources, target: str, running: bool, force: bool) -> list[str]:
    """Refuse what can't go to the target, also a running guest's (RES-09); notes for the log."""
    blocking, missing = ", ".join(found.blocking), ", ".join(found.missing.get(target, ()))
    bound = [f"{key}:{mapped.name}" for key, mapped in found.mapped.items() if not mapped.live]
    if blocking and not force:
        raise Failure(f"can't migrate VM which uses local devices: {blocking}")
    if missing:
        raise Failure(f"can't migrate to '{target}': missing mapped devices {missing}")
    if running and bound:
        what = "VM which uses following mapped devices"
        raise Failure(f"can't live-migrate {what}: {', '.join(bound)}")
    kinds = {"local devices": blocking, "mapped devices": ", ".join(found.mapped)}
    return [f"migrating VM which uses {kind}: {keys}" for kind, keys in kinds.items() if keys]


def clipboard_stays(config: GuestConfig, machine: Callable[[], str]) -> bool:
    """Whether a running guest's VNC clipboard can't leave its machine version (PREP-12)."""
    display = parse_property_string(config.current.get("vga", ""), "type")
    if display.get("clipboard") != "vnc":
        return False
    return machine_version(machine()) < _CLIPBOARD_SINCE
