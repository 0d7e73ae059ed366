"""Maps of source ids to target ids, as `targetstorage` writes them (IDMAP-01..18)."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from reference.errors import Failure

# format name -> (what the id is called, least length, legal ids); ASCII on purpose
_FORMATS = {
    "pve-storage-id": ("storage ID", 2, re.compile(r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]")),
    "pve-bridge-id": ("bridge ID", 1, re.compile(r"[A-Za-z0-9_.-]+")),
}
_SEPARATORS = re.compile(r"[,; \t\n\r\f\v]+")


class IdMapError(Failure):
    """A map that cannot be understood; nothing was looked up in it."""


class IdMap(NamedTuple):
    """A parsed map: identity excludes the other two; entries win over the default."""

    identity: bool
    default: str | None
    entries: Mapping[str, str]


def parse_idmap(text: str | None, id_format: str) -> IdMap | None:
    """Parse a map; None, "" and "0" are no map at all (IDMAP-01)."""
    if not text or text == "0":
        return None
    identity, default = False, None
    entries: dict[str, str] = {}
    for entry in split_list(text):
        source, colon, target = entry.partition(":")
        if entry == "1":
            identity = True
        elif colon and source and target and ":" not in target:
            _check_id(source, entry, id_format)
            _check_id(target, entry, id_format)
            if source in entries:
                raise IdMapError(f"duplicate mapping for source '{source}' in entry '{entry}'")
            entries[source] = target
        else:
            _check_id(entry, entry, id_format)
            if default is not None:
                raise IdMapError(
                    f"default target ID can only be provided once, got '{default}' and '{entry}'"
                )
            default = entry
    if identity and (default is not None or entries):
        raise IdMapError("identity mapping cannot be combined with other entries")
    return IdMap(identity, default, entries)


def map_id(id_map: IdMap | None, source: str) -> str:
    """The target of a source id: its pair, else the default, else itself (IDMAP-16)."""
    if id_map is None:
        return source
    return id_map.entries.get(source, id_map.default or source)


def check_storage_id(text: str) -> None:
    """Refuse what is no legal storage id."""
    _check_id(text, text, "pve-storage-id")


def split_list(text: str) -> list[str]:
    """NUL alone splits where there is one; empty fields count, except at the end (IDMAP-14)."""
    if "\0" in text:
        return text.rstrip("\0").split("\0") if text.strip("\0") else []
    return list(filter(None, _SEPARATORS.split(text)))


def _check_id(text: str, entry: str, id_format: str) -> None:
    kind, least, legal = _FORMATS[id_format]
    what = f"entry '{entry}' has an invalid ID: {kind} '{text}'"
    if len(text) < least:
        raise IdMapError(f"{what} is too short, at least {least} characters are needed")
    if not legal.fullmatch(text):
        raise IdMapError(f"{what} contains illegal characters")
