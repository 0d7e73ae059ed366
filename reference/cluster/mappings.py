"""Names that devices and directories of the nodes have in the whole cluster (RES-04)."""

from __future__ import annotations

import re
from typing import NamedTuple

from reference.cluster import paths
from reference.cluster.sections import (
    FLAGS,
    Section,
    malformed,
    parse_property_string,
    parse_sections,
)
from reference.errors import Failure
from reference.files import read_file

_NODE = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DEVICE = r"(?:0x)?[0-9a-fA-F]{4}:(?:0x)?[0-9a-fA-F]{4}"
_ADDRESS = r"(?:[0-9a-fA-F]{4,}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\.[0-9a-fA-F])?"
_PORT = r"\d+-\d+(?:\.\d+)*"
# kind -> what an entry must have, and what it may have; other properties pass
_NEEDED = {
    "pci": {"node": _NODE, "path": f"{_ADDRESS}(?:;{_ADDRESS})*", "id": _DEVICE},
    "usb": {"node": _NODE, "id": _DEVICE},
    "directory": {"node": _NODE, "path": r"/.*"},
}
_OPTIONAL = {"usb": {"path": _PORT}}


class ResourceMapping(NamedTuple):
    """The nodes that have an entry for a name; `live` is a device that moves with its guest."""

    nodes: frozenset[str]
    live: bool = False


def load_mappings() -> dict[str, dict[str, ResourceMapping]]:
    """The mappings of every kind by id; a missing file defines none."""
    found = {}
    for kind in _NEEDED:
        path = paths.mapping_cfg(kind)
        found[kind] = parse_mappings(kind, read_file(path), path)
    return found


def parse_mappings(kind: str, text: str, origin: str) -> dict[str, ResourceMapping]:
    """Parse one of mapping/{pci,usb,directory}.cfg; `origin` is its name for error texts."""
    sections = parse_sections(text, origin, "map")
    return {key: _mapping(kind, section, origin) for key, section in sections.items()}


def _mapping(kind: str, section: Section, origin: str) -> ResourceMapping:
    nodes, live = [], False
    for key, value in section.options.items():
        try:
            if key.startswith("map "):
                nodes.append(_node(kind, value))
            elif key == "live-migration-capable":
                live = _flag(value)
        except Failure as error:
            raise Failure(f"{origin}: line {section.lines[key]}: {error}") from None
    if not nodes:
        raise malformed(origin, section.line, "a line 'map node=<node>,...'", section.id)
    return ResourceMapping(frozenset(nodes), live)


def _node(kind: str, text: str) -> str:
    entry = parse_property_string(text)
    for key, pattern in (_NEEDED[kind] | _OPTIONAL.get(kind, {})).items():
        value = entry.get(key, "" if key in _NEEDED[kind] else None)
        if value is not None and not re.fullmatch(pattern, value):
            raise Failure(f"expected '{key}=<{kind} {key}>', got '{value}' in '{text}'")
    return entry["node"]


def _flag(text: str) -> bool:
    if text.lower() not in FLAGS:
        raise Failure(f"expected a boolean, got '{text}'")
    return FLAGS[text.lower()]
