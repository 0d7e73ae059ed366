"""What ties a guest to the node it is on: devices, mapped devices, markers (RES-*). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from reference.cluster.mappings import ResourceMapping
from reference.cluster.sections import parse_property_string
from reference.errors import Failure
from reference.guest.config import GuestConfig

_OLD = ("hostusb", "hostpci", "ivshmem")
_DEVICE = re.compile(r"(usb|hostpci|virtiofs|serial|parallel)\d+")
# family -> kind of mapping, the property that names it, the property of a value without a name
_MAPPED = {
    "usb": ("usb", "mapping", "host"),
    "hostpci": ("pci", "mapping", "host"),
    "virtiofs": ("directory", "dirid", "dirid"),
}
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
    own = [key for key in ("amd-sev", "intel-tdx") if key in current]
    return own + ["virtiofs"] * shares


def _mapping(key: str, family: str, value: str) -> tuple[str, str]:
    """Kind and name of a device's mapping, or "spice", or "" for a device of the node."""
    if family not in _MAPPED:
        return "", ""
    kind, name, default = _MAPPED[family]
    try:
        options = parse_property_string(value, default)
    except Failure as error:
        raise Failure(f"{key}: {error}") from None
    if family == "usb" and options.get("host", "").lower() == "spice":
        return "spice", ""
    return kind, options.get(name, "")


def check_resources(found: Resources, target: str, running: bool, force: bool) -> list[str]:
    """Refuse what can't go to the target; the notes for the log (RES-07..12).

    Force counts for running guests, too (RES-09).
    """
    notes = []
    if found.blocking:
        if not force:
            raise Failure(f"can't migrate VM which uses local devices: {_list(found.blocking)}")
        notes.append(f"migrating VM which uses local devices: {_list(found.blocking)}")
    if missing := found.missing.get(target):
        raise Failure(f"can't migrate to '{target}': missing mapped devices {_list(missing)}")
    bound = [f"{key}:{mapped.name}" for key, mapped in found.mapped.items() if not mapped.live]
    if running and bound:
        raise Failure(f"can't live-migrate VM which uses following mapped devices: {_list(bound)}")
    if found.mapped:
        notes.append(f"migrating VM which uses mapped devices: {_list(found.mapped)}")
    return notes


def has_clipboard(config: GuestConfig) -> bool:
    """Whether the guest's display has a VNC clipboard."""
    display = parse_property_string(config.current.get("vga", ""), "type")
    return display.get("clipboard") == "vnc"


def holds_clipboard(machine: str) -> bool:
    """Whether a machine version is too old to take a VNC clipboard along (PREP-12)."""
    version = re.search(r"-(\d+)\.(\d+)", machine)
    return version is None or (int(version[1]), int(version[2])) < _CLIPBOARD_SINCE


def _list(keys: Iterable[str]) -> str:
    return ", ".join(keys)
