"""The cluster's storages as storage.cfg defines them, and which node may use which."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from reference.bandwidth import configured_limit
from reference.cluster import paths
from reference.cluster.sections import FLAGS, Section, malformed, parse_sections
from reference.errors import Failure
from reference.files import read_file
from reference.idmap import check_storage_id

_SHARED = frozenset(["iscsi", "nfs", "cifs", "rbd", "cephfs", "iscsidirect", "zfs", "drbd", "pbs"])
TYPES = _SHARED | {"dir", "lvm", "lvmthin", "zfspool", "btrfs", "glusterfs", "esxi"}
CONTENT = frozenset(["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import", "none"])


class Storage(NamedTuple):
    """One definition; nodes None means every node, bwlimit is in KiB/s per operation."""

    id: str
    type: str
    path: str | None
    content: frozenset[str]
    nodes: frozenset[str] | None
    disabled: bool
    shared: bool
    bwlimit: str | None
    options: Mapping[str, str]

    def flag(self, name: str) -> bool:
        """A further boolean option, false if absent."""
        return FLAGS.get(self.options.get(name, "0").lower(), False)

    def serves(self, node: str) -> bool:
        """Whether it is enabled, and for this node."""
        return not self.disabled and (self.nodes is None or node in self.nodes)


def load_storages() -> dict[str, Storage]:
    """All definitions of storage.cfg by id; a missing file defines none."""
    path = paths.storage_cfg()
    return parse_storages(read_file(path), path)


def parse_storages(text: str, origin: str) -> dict[str, Storage]:
    """Parse and check storage.cfg; `origin` is its name for error texts."""
    return {key: _storage(section, origin) for key, section in parse_sections(text, origin).items()}


def check_storage(
    storages: Mapping[str, Storage], storeid: str, node: str, content: str | None = None
) -> Storage:
    """The storage, if it is defined, enabled, for this node, and for this content type."""
    storage = storages.get(storeid)
    if storage is None:
        raise Failure(f"storage '{storeid}' does not exist")
    if storage.disabled:
        raise Failure(f"storage '{storeid}' is disabled")
    if storage.nodes is not None and node not in storage.nodes:
        raise Failure(f"storage '{storeid}' is not available on node '{node}'")
    if content is not None and content not in storage.content:
        raise Failure(f"storage '{storeid}' does not support content type '{content}'")
    return storage


def _storage(section: Section, origin: str) -> Storage:
    options = section.options
    if section.type not in TYPES:
        expected = f"a storage type, one of {', '.join(sorted(TYPES))}"
        raise malformed(origin, section.line, expected, section.type)
    if section.type == "dir" and "path" not in options:
        raise malformed(origin, section.line, f"an option 'path' for '{section.id}'", "none")
    line = section.line
    try:
        check_storage_id(section.id)
        for key, value in options.items():
            line = section.lines[key]
            _check_option(key, value)
    except Failure as error:
        raise Failure(f"{origin}: line {line}: {error}") from None
    known = Storage(
        section.id, section.type, options.get("path"),
        frozenset(_list(options.get("content", "images rootdir"))),
        frozenset(_list(options["nodes"])) if "nodes" in options else None,
        False, False, options.get("bwlimit"), options,
    )  # fmt: skip
    shared = section.type in _SHARED or known.flag("shared")
    return known._replace(disabled=known.flag("disable"), shared=shared)


def _check_option(key: str, value: str) -> None:
    expected = ""
    if key == "path" and (not value.startswith("/") or ".." in value.split("/")):
        expected = "an absolute path"
    elif key == "content" and not CONTENT.issuperset(_list(value)):
        expected = f"content types out of {', '.join(sorted(CONTENT))}"
    elif key in ("disable", "shared") and value.lower() not in FLAGS:
        expected = "a boolean"
    elif key == "bwlimit":
        configured_limit(value)
    if expected:
        raise Failure(f"expected {expected}, got '{key} {value}'")


def _list(text: str) -> list[str]:
    return re.findall(r"[^,;\s]+", text)
