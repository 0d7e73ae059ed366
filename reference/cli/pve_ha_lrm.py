"""`pve-ha-lrm`: the agent of one node, which does what HA is asked for with the node's guests."""

import os
import sys
from functools import partial
from types import SimpleNamespace

from reference.caller import Caller
from reference.cli.options import program
from reference.cluster import ha, membership, paths
from reference.errors import Failure
from reference.guest import process

main = partial(program, "pve-ha-lrm")
LOOK_AGAIN = 10.0  # seconds between looks at the queue if nothing tells of a change
SHUTDOWN_WAIT = 60.0  # seconds for a guest to end by itself before it is relocated (HA-05)


def run(options: SimpleNamespace) -> None:
    """Work off the queue whenever a file of HA is replaced."""
    import ctypes
    import select

    libc, folder = ctypes.CDLL(None), os.path.dirname(paths.ha_requests())
    os.makedirs(folder, exist_ok=True)
    changes = libc.inotify_init1(os.O_CLOEXEC)
    libc.inotify_add_watch(changes, folder.encode(), 0x80)  # a file was renamed to a name in it
    print("waiting for requests", flush=True)
    while True:
        once(options)
        if select.select([changes], [], [], LOOK_AGAIN)[0]:
            os.read(changes, 1 << 16)


def once(_: SimpleNamespace) -> None:
    """Work off what is queued for this node's guests; nothing while HA is disarmed."""
    for words in ha.take_requests(_mine) if not ha.status().get("disarm") else ():
        try:
            command, sid, target = words
            _move(command, sid, target)
        except (Failure, ValueError) as error:
            print(f"crm command error - '{' '.join(words)}': {error}", file=sys.stderr, flush=True)


def _mine(words: list[str]) -> bool:
    """What no agent could do is for whoever comes first, so that it does not stay."""
    known = len(words) == 3 and ha.cares_for(words[1])
    return (ha.place_of(words[1]) if known else None) in (None, membership.local_node())


def _move(command: str, sid: str, target: str) -> None:
    """Bring a guest to its target; whether it got there is told by its config (HA-06, HA-08)."""
    if command not in ("migrate", "relocate") or not ha.cares_for(sid):
        raise Failure("no such command, or no such service")
    local, vmid = membership.local_node(), int(sid.partition(":")[2])
    facts = {"state": ha.resources()[str(vmid)].options.get("state", "started")}
    if target != local:
        ha.record(sid, node=local, state=command, target=target)
        outcome = _tried(command == "migrate", vmid, target)
        if os.path.exists(paths.guest_config(vmid, local)):
            facts["error"] = f"migration to '{target}' failed: {outcome}"
    ha.record(sid, node=local if "error" in facts else target, **facts)


def _tried(online: bool, vmid: int, target: str) -> str:
    """Migrate as the API does, by a task of its own; how that ended (HA-04)."""
    from reference import task
    from reference.api import migrate, worker
    from reference.migration.request import Request

    caller = Caller(environment="ha")
    asked = Request(vmid, target, online, force=True, with_local_disks=True, caller=caller)
    try:
        if not online and process.running_pid(vmid):
            process.shutdown_guest(vmid, SHUTDOWN_WAIT, force=True)
        request = migrate.check(asked)
        kind, arguments = migrate.kind(request), migrate.arguments(request)
        upid = task.parse_upid(worker.start(kind, str(vmid), caller, arguments))
    except Failure as failure:
        return str(failure)
    upid.wait()
    return upid.status()
