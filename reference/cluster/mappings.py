"""Names that devices and directories of the nodes have in the whole cluster (RES-04)."""

import re
from typing import NamedTuple

from reference.cluster import paths, sections
from reference.cluster.sections import FLAGS, malformed, parse_property_string
from reference.errors import Failure
from reference.files import read_file

KINDS = ("pci", "usb", "directory")
_NODE = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_LIVE = "live-migration-capable"


class ResourceMapping(NamedTuple):
    """The nodes that have an entry for a name; `live` is a device that moves with its guest."""

    nodes: frozenset[str]
    live: bool = False


def load_mappings() -> dict[str, dict[str, ResourceMapping]]:
    """The mappings of every kind by id; a missing file defines none."""
    files = {kind: paths.mapping_cfg(kind) for kind in KINDS}
    return {kind: parse_mappings(read_file(path), path) for kind, path in files.items()}


def parse_mappings(text: str, origin: str) -> dict[str, ResourceMapping]:
    """Parse one of mapping/{pci,usb,directory}.cfg; `origin` is its name for error texts."""
    found = sections.parse_sections(text, origin, "map")
    return {key: _mapping(section, origin) for key, section in found.items()}


def _mapping(section: sections.Section, origin: str) -> ResourceMapping:
    live = section.options.get(_LIVE, "0").lower()
    if live not in FLAGS:
        raise malformed(origin, section.lines[_LIVE], "a boolean", live)
    nodes = []
    for key, value in section.options.items():
        if key.startswith("map "):
            try:
                nodes.append(parse_property_string(value).get("node", ""))
            except Failure as error:
                raise Failure(f"{origin}: line {section.lines[key]}: {error}") from None
            if not re.fullmatch(_NODE, nodes[-1]):
                raise malformed(origin, section.lines[key], "'node=<name>'", value)
    if not nodes:
        raise malformed(origin, section.line, "a line 'map node=<name>,...'", section.id)
    return ResourceMapping(frozenset(nodes), FLAGS[live])
