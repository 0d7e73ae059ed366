"""What may stand where the cursor is, for bash's `complete -C` (CLI-16)."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from reference.api.schema import BOOLEAN, Method
from reference.errors import Failure


def offer(commands: Mapping[str, Method]) -> None:
    """Print the words that complete the line bash tells in its variables."""
    line = os.environ.get("COMP_LINE", "")
    line = line.encode()[: int(os.environ.get("COMP_POINT", len(line.encode())))].decode()
    *done, current = line.split()[1:] + [""] * line.endswith(" ") or [""]
    with suppress(Failure, OSError):
        found = [word for word in _words(commands, done, current) if word.startswith(current)]
        print("".join(f"{word}\n" for word in found), end="")


def _words(commands: Mapping[str, Method], done: Sequence[str], current: str) -> Iterable[str]:
    if not done or done[0] not in commands:
        return () if done else commands
    method, given = commands[done[0]], done[1:]
    options = {f"--{p.name}": p for p in method.parameters if p.name not in method.positionals}
    if given and (asked := options.get(given[-1])) and asked.kind is not BOOLEAN:
        return _values(asked.candidates, given)
    if current.startswith("-"):
        return options
    name = method.positionals[len(given)] if len(given) < len(method.positionals) else ""
    return _values(place.candidates, given) if (place := method.parameter(name)) else ()


def _values(kind: str, given: Sequence[str]) -> Iterable[str]:
    from reference.cluster import membership, storages

    nodes = membership.nodes()
    if kind == "nodes":
        return [node for node in nodes if node != membership.local_node()]
    targets = [word for word in given if word in nodes] or nodes
    known = storages.load_storages().values() if kind == "storages" else ()
    return [s.id for s in known if "images" in s.content and all(map(s.serves, targets))]
