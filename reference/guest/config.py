"""Guest configs: `key: value` lines, `#` description, `[PENDING]`, snapshots, other sections.

Parsing and formatting are pure; unknown keys and special sections survive unchanged.
"""

import os
import re
from collections.abc import Iterator

from reference.cluster import membership, paths
from reference.errors import Failure
from reference.files import replace_file
from reference.guest import schema
from reference.guest.drives import true

_HEADER = re.compile(r"\[([A-Za-z][\w-]*)(:[^\]]+)?\]\s*")
_LINE = re.compile(r"([a-z][a-z_-]*\d*):\s*(.*\S)\s*")


class GuestConfig:
    """One guest's config; comment lines of a section are its `description`, still encoded."""

    def __init__(self, vmid: int) -> None:
        self.vmid = vmid
        self.current: dict[str, str] = {}
        self.pending: dict[str, str] = {}
        self.snapshots: dict[str, dict[str, str]] = {}
        self.special: list[str] = []  # whole sections, verbatim

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean option of the current section."""
        return true(self.current[key]) if key in self.current else default

    @property
    def memory_mib(self) -> int:
        """The current memory in MiB, by default 512 (CPU-06)."""
        return int(self.current.get("memory", "512").removeprefix("current="))


def parse_config(vmid: int, text: str, origin: str) -> GuestConfig:
    """Read a config; a malformed line is a Failure naming file, line and expectation."""
    config = GuestConfig(vmid)
    section: dict[str, str] | None = config.current  # None in a section kept verbatim
    seen: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        where = f"{origin} line {number}"
        if header := _HEADER.fullmatch(line):
            name = header[1] + (header[2] or "")
            if name in seen:
                raise Failure(f"{where}: section '[{name}]' is there twice")
            seen.add(name)
            if header[2]:
                section = None
                config.special.append(line)
            elif name == "PENDING":
                section = config.pending
            else:
                section = config.snapshots.setdefault(name, {})
        elif section is None:
            config.special[-1] += "\n" + line
        elif line.strip():
            _parse_line(section, line, where)
    config.special = [part.rstrip("\n") for part in config.special]
    return config


def _parse_line(section: dict[str, str], line: str, where: str) -> None:
    if line.startswith("#"):
        before = [section["description"]] if "description" in section else []
        section["description"] = "\n".join([*before, line[1:]])
        return
    match = _LINE.fullmatch(line)
    if not match:
        raise Failure(
            f"{where}: '{line.strip()}' is not valid (expected 'key: value', '#' or '[section]')"
        )
    key, value = match[1], match[2]
    if key in section:
        raise Failure(f"{where}: '{key}' is there twice (expected each option once)")
    try:
        schema.check_value(key, value)
    except Failure as error:
        raise Failure(f"{where}: {error}") from None
    section[key] = value


def _lines(section: dict[str, str]) -> Iterator[str]:
    if "description" in section:
        yield from (f"#{line}" for line in section["description"].split("\n"))
    yield from (f"{key}: {section[key]}" for key in sorted(section) if key != "description")


def format_config(config: GuestConfig) -> str:
    """The config as text, keys sorted, snapshots sorted by name, special sections verbatim."""
    parts = ["\n".join(_lines(config.current))]
    if config.pending:
        parts.append("\n".join(["[PENDING]", *_lines(config.pending)]))
    parts += config.special
    for name, section in sorted(config.snapshots.items()):
        parts.append("\n".join([f"[{name}]", *_lines(section)]))
    return "\n\n".join(parts) + "\n"


def load_config(vmid: int, node: str | None = None) -> GuestConfig:
    """Read a guest's config from the node's directory, by default this node's."""
    name = node or membership.local_node()
    path = paths.guest_config(vmid, name)
    try:
        with open(path, encoding="utf-8") as file:
            return parse_config(vmid, file.read(), path)
    except FileNotFoundError:
        origin = f"nodes/{name}/qemu-server/{vmid}.conf"
        raise Failure(f"Configuration file '{origin}' does not exist") from None
    except UnicodeDecodeError as error:
        raise Failure(f"{path}: byte {error.start} is not UTF-8") from None


def write_config(config: GuestConfig) -> None:
    """Write the config into this node's directory atomically, mode 0640."""
    replace_file(paths.guest_config(config.vmid, membership.local_node()), format_config(config))


def move_config(vmid: int, target_node: str) -> None:
    """Hand the guest over: rename its config into the target's directory (P3-05)."""
    source = paths.guest_config(vmid, membership.local_node())
    target = paths.guest_config(vmid, target_node)
    try:
        os.rename(source, target)
    except OSError as error:
        raise Failure(
            f"failed to move config to node '{target_node}' - rename '{source}' to '{target}'"
            f" failed: {error.strerror}"
        ) from None


def check_lock(config: GuestConfig) -> None:
    """Failure if another operation has marked the guest as its own (LOCK-18)."""
    if lock := config.current.get("lock"):
        raise Failure(f"VM is locked ({lock})")


def load_unlocked(vmid: int, skiplock: bool | None, node: str | None = None) -> GuestConfig:
    """Read a guest's config; a locked one is a Failure unless that is to be passed by."""
    config = load_config(vmid, node)
    if not skiplock:
        check_lock(config)
    return config


def guest_ids(node: str) -> list[int]:
    """The guests whose configs lie in the node's directory."""
    try:
        names = os.listdir(paths.guest_config_dir(node))
    except FileNotFoundError:
        return []
    return sorted(int(m[1]) for name in names if (m := re.fullmatch(r"(\d+)\.conf", name)))
