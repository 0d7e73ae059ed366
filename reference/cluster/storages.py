"""The cluster's storages as storage.cfg defines them, and which node may use which."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from reference.bandwidth import configured_limit
from reference.cluster import paths
from reference.cluster.sections import Section, malformed, parse_sections
from reference.errors import Failure
from reference.idmap import check_storage_id

_SHARED = frozenset(["iscsi", "nfs", "cifs", "rbd", "cephfs", "iscsidirect", "zfs", "drbd", "pbs"])
TYPES = _SHARED | {"dir", "lvm", "lvmthin", "zfspool", "btrfs", "glusterfs", "esxi"}
CONTENT = frozenset(["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import", "none"])
_TRUTH = {"": True, "1": True, "on": True, "yes": True, "true": True}
_FLAGS = {**_TRUTH, "0": False, "off": False, "no": False, "false": False}


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
        return name in self.options and _FLAGS.get(self.options[name].lower(), False)


def load_storages() -> dict[str, Storage]:
    """All definitions of storage.cfg by id; a missing file defines none."""
    path = paths.storage_cfg()
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return parse_storages(file.read(), path)
    except FileNotFoundError:
        return {}


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
    path = options.get("path")
    if section.type == "dir" and not path:
        raise malformed(origin, section.line, f"an option 'path' for '{section.id}'", "none")
    if path is not None and (not path.startswith("/") or ".." in path.split("/")):
        raise _refuse(section, origin, "path", "an absolute path")
    content = frozenset(_list(options.get("content", "images rootdir")))
    if content - CONTENT:
        expected = f"content types out of {', '.join(sorted(CONTENT))}"
        raise _refuse(section, origin, "content", expected)
    try:
        line = section.line
        check_storage_id(section.id)
        line = section.lines.get("bwlimit", line)
        configured_limit(options.get("bwlimit"), "migration")
    except Failure as error:
        raise Failure(f"{origin}: line {line}: {error}") from None
    return Storage(
        section.id, section.type, path, content,
        frozenset(_list(options["nodes"])) if "nodes" in options else None,
        _flag(section, origin, "disable"),
        section.type in _SHARED or _flag(section, origin, "shared"),
        options.get("bwlimit"), options,
    )  # fmt: skip


def _flag(section: Section, origin: str, key: str) -> bool:
    value = section.options.get(key, "0").lower()
    if value not in _FLAGS:
        raise _refuse(section, origin, key, "a boolean")
    return _FLAGS[value]


def _refuse(section: Section, origin: str, key: str, expected: str) -> Failure:
    return malformed(origin, section.lines[key], expected, f"{key} {section.options[key]}")


def _list(text: str) -> list[str]:
    return re.findall(r"[^,;\s]+", text)
