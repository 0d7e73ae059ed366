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

_LIVE = "live-migration-capable"
_NODE = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DEVICE = r"(?:0x)?[0-9a-fA-F]{4}:(?:0x)?[0-9a-fA-F]{4}"
_ADDRESS = r"(?:[0-9a-fA-F]{4,}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\.[0-9a-fA-F])?"
# kind -> what an entry must have; other properties pass
_PARTS = {
    "pci": {"node": _NODE, "path": f"{_ADDRESS}(?:;{_ADDRESS})*", "id": _DEVICE},
    "usb": {"node": _NODE, "id": _DEVICE},
    "directory": {"node": _NODE, "path": r"/.*"},
}


class ResourceMapping(NamedTuple):
    """The nodes that have an entry for a name; `live` is a device that moves with its guest."""

    nodes: frozenset[str]
    live: bool = False


def load_mappings() -> dict[str, dict[str, ResourceMapping]]:
    """The mappings of every kind by id; a missing file defines none."""
    files = {kind: paths.mapping_cfg(kind) for kind in _PARTS}
    return {kind: parse_mappings(kind, read_file(path), path) for kind, path in files.items()}


def parse_mappings(kind: str, text: str, origin: str) -> dict[str, ResourceMapping]:
    """Parse one of mapping/{pci,usb,directory}.cfg; `origin` is its name for error texts."""
    sections = parse_sections(text, origin, "map")
    return {key: _mapping(kind, section, origin) for key, section in sections.items()}


def _mapping(kind: str, section: Section, origin: str) -> ResourceMapping:
    nodes, live = [], section.options.get(_LIVE, "0").lower()
    if live not in FLAGS:
        raise malformed(origin, section.lines[_LIVE], "a boolean", live)
    for key, value in section.options.items():
        if key.startswith("map "):
            try:
                nodes.append(_node(kind, value))
            except Failure as error:
                raise Failure(f"{origin}: line {section.lines[key]}: {error}") from None
    if not nodes:
        raise malformed(origin, section.line, "a line 'map node=<node>,...'", section.id)
    return ResourceMapping(frozenset(nodes), FLAGS[live])


def _node(kind: str, text: str) -> str:
    entry = parse_property_string(text)
    for key, pattern in _PARTS[kind].items():
        if not re.fullmatch(pattern, entry.get(key, "")):
            got = f"got '{entry.get(key, '')}' in '{text}'"
            raise Failure(f"expected '{key}=<{kind} {key}>', {got}")
    return entry["node"]
