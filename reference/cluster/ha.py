"""High availability: which guests it manages, requests to its agents, what became of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from reference.cluster import membership, paths
from reference.cluster.sections import FLAGS, Section, format_section, parse_sections
from reference.errors import Failure
from reference.files import read_file, replace_file
from reference.locks import lock_file


def is_managed(vmid: int) -> bool:
    """Whether HA looks after the guest, whatever kind of guest it is (HA-02)."""
    return cares_for(f"vm:{vmid}") or cares_for(f"ct:{vmid}")


def cares_for(sid: str) -> bool:
    """Whether the resource is configured and not ignored, and HA not disarmed in that mode."""
    resource = resources().get(sid.partition(":")[2])
    if resource is None or f"{resource.type}:{resource.id}" != sid:
        return False
    # The manager keeps {"mode": freeze|ignore, "state": disarming|disarmed}; its own status shows
    # resources as ignored from the request on, so the state does not matter here either.
    ignoring = status().get("disarm", {}).get("mode") == "ignore"
    return resource.options.get("state") != "ignored" and not ignoring


def resources() -> dict[str, Section]:
    """What is configured, by guest id."""
    path = paths.ha_resources()
    return parse_sections(read_file(path), path)


def affine(sid: str, affinity: str) -> list[str]:
    """The resources that rules keep together with one (`positive`) or apart (`negative`)."""
    path = paths.ha_rules()
    found = set()
    for rule in parse_sections(read_file(path), path).values():
        members = re.findall(r"(?:vm|ct):[1-9]\d{2,8}", rule.options.get("resources", ""))
        off = FLAGS.get(rule.options.get("disable", "0").lower(), False)
        if sid in members and rule.options.get("affinity") == affinity and not off:
            found |= {*members} - {sid}
    return sorted(found)


@contextmanager
def changing_resources() -> Iterator[dict[str, Section]]:
    """The resources, written back after the block."""
    membership.check_quorum()
    with lock_file(paths.ha_lock()):
        known = resources()
        yield known
        text = "".join(format_section(r.type, r.id, r.options) for r in known.values())
        replace_file(paths.ha_resources(), text)


def place_of(sid: str) -> str | None:
    """The node whose directory has the guest's config."""
    _, _, vmid = sid.partition(":")
    nodes = membership.nodes() if vmid.isdecimal() else []
    return next((n for n in nodes if os.path.exists(paths.guest_config(int(vmid), n))), None)


def request(command: str, sid: str, node: str) -> None:
    """Queue `migrate` or `relocate` for the agents, with nothing but the target (HA-03)."""
    membership.check_quorum()
    if not cares_for(sid):
        raise Failure(f"resource '{sid}' is not HA managed")
    membership.node_ip(node)
    for other in affine(sid, "negative"):
        if place_of(other) == node:
            raise Failure(
                f"can't {command} '{sid}': '{other}' is to be kept apart, and on '{node}'"
            )
    with lock_file(paths.ha_lock()):
        path = paths.ha_requests()
        replace_file(path, f"{read_file(path)}{command} {sid} {node}\n")


def take_requests(mine: Callable[[list[str]], bool]) -> list[list[str]]:
    """Remove from the queue what concerns the asker, each request as its words."""
    with lock_file(paths.ha_lock()):
        path = paths.ha_requests()
        lines = [line.split() for line in read_file(path).splitlines() if line.strip()]
        taken = [words for words in lines if mine(words)]
        if taken:
            kept = [words for words in lines if words not in taken]
            replace_file(path, "".join(" ".join(words) + "\n" for words in kept))
    return taken


def status() -> dict[str, Any]:
    """What the HA stack knows: `service_status` by resource, `disarm` while it is."""
    import json

    path, parts = paths.ha_status(), ("disarm", "service_status")
    try:
        found = json.loads(read_file(path) or "{}")
    except ValueError as error:
        raise Failure(f"{path}: expected JSON: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(found.get(p, {}), dict) for p in parts):
        raise Failure(f"{path}: expected a JSON object with objects as {' and '.join(parts)}")
    return found


def record(sid: str, **facts: str) -> None:
    """Remember how a resource is."""
    import json

    with lock_file(paths.ha_lock()):
        known = status()
        known.setdefault("service_status", {})[sid] = facts
        replace_file(paths.ha_status(), json.dumps(known) + "\n")
