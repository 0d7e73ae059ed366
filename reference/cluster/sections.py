"""Section configs (storage.cfg and its like) and property strings."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from reference.errors import Failure

_HEADER = re.compile(r"([A-Za-z][\w-]*):\s*(\S+)\s*", re.ASCII)
_NAME_ONLY = re.compile(r"()([A-Za-z][\w-]*)\s*", re.ASCII)  # the type is the file's
_OPTION = re.compile(r"\s+([A-Za-z][\w-]*)(?:\s+(.*?))?\s*", re.ASCII)

FLAGS = {
    **dict.fromkeys(("", "1", "on", "yes", "true"), True),  # a bare option is true
    **dict.fromkeys(("0", "off", "no", "false"), False),
}


class Section(NamedTuple):
    """One `<type>: <id>` block; a bare option has the value ""; lines are for error texts."""

    type: str
    id: str
    line: int
    options: dict[str, str]
    lines: dict[str, int]


def malformed(origin: str, line: int, expected: str, got: str) -> Failure:
    """The one form of a refusal of a config file's line."""
    return Failure(f"{origin}: line {line}: expected {expected}, got '{got}'")


def parse_sections(text: str, origin: str, repeated: str = "") -> dict[str, Section]:
    """Parse a section config; `origin` is the file's name for error texts.

    With an option that may be repeated, headers are `<id>`, and the key of each such line is the
    option and the line's number.
    """
    header, expected = (_NAME_ONLY, "'<id>'") if repeated else (_HEADER, "'<type>: <id>'")
    sections: dict[str, Section] = {}
    current: Section | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#") or not line.strip():
            current = current if line.startswith("#") else None
        elif match := header.fullmatch(line):
            if match[2] in sections:
                raise malformed(origin, number, "an id not used before", match[2])
            current = sections[match[2]] = Section(match[1], match[2], number, {}, {})
        elif current and (match := _OPTION.fullmatch(line)):
            key = f"{match[1]} {number}" if match[1] == repeated else match[1]
            if key in current.options:
                raise malformed(origin, number, "each option once", key)
            current.options[key] = match[2] or ""
            current.lines[key] = number
        else:
            expected += " or an indented '<option> <value>'" if current else ""
            raise malformed(origin, number, expected, line.strip())
    return sections


def format_section(kind: str, ident: str, options: Mapping[str, str]) -> str:
    """One block as the file has it, with the blank line after it."""
    lines = (f"\t{key} {value}".rstrip() + "\n" for key, value in options.items())
    return f"{kind}: {ident}\n{''.join(lines)}\n"


def parse_property_string(text: str, default_key: str | None = None) -> dict[str, str]:
    """`a=1,b=2` as a dict; one entry without `=` belongs to the default key."""
    values: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = entry.partition("=")
        if not equals and default_key is not None:
            key, value = default_key, entry
        elif not equals or not key:
            raise Failure(f"property string '{text}': expected <key>=<value>, got '{entry}'")
        if key in values:
            raise Failure(f"property string '{text}': expected '{key}' only once")
        values[key] = value
    return values
