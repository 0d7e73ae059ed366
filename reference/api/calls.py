"""What each API method does, once its parameters are known to be good; no lock is taken here."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from reference import task
from reference.api import worker
from reference.api.permissions import allowed, require
from reference.api.schema import Method, refuse_root_only
from reference.caller import Caller
from reference.cluster import membership, paths
from reference.cluster.storages import load_storages
from reference.errors import Failure, ParameterFailure, PermissionFailure
from reference.files import read_file
from reference.guest import config as configs
from reference.guest import process
from reference.guest.drives import is_drive_key

LOG_LINES = 50  # what a log answers when nobody says how many
# Which privilege an option needs; whatever is not here is root's alone.
_PRIVILEGES = (
    (r"cpu|cpulimit|cpuunits|sockets|cores|vcpus|numa\d*", "VM.Config.CPU"),
    (r"memory|balloon|shares", "VM.Config.Memory"),
    (r"net\d+", "VM.Config.Network"),
    (r"(scsi|virtio|ide|sata|efidisk|tpmstate|unused)\d+|boot|bootdisk", "VM.Config.Disk"),
    (r"acpi|bios|hotplug|kvm|machine|scsihw|smbios1|tablet|vga|watchdog|rng0", "VM.Config.HWType"),
    (r"agent|autostart|description|keyboard|localtime|name|onboot|ostype|protection|startdate"
     r"|startup|tags|template|vmgenid|migrate_\w+", "VM.Config.Options"),
)  # fmt: skip


class Call(NamedTuple):
    """One request: the method, who asks, and the verified values, those of the path included."""

    method: Method
    caller: Caller
    values: dict[str, Any]


def _migrate(call: Call) -> str:
    from reference.api.migrate import arguments, asked, check, kind

    request = check(asked(call.values, call.caller))
    return worker.start(kind(request), str(request.vmid), call.caller, arguments(request))


def _preconditions(call: Call) -> dict[str, Any]:
    from reference.api.preconditions import preconditions

    return preconditions(call.values["vmid"])


def _command(call: Call) -> str:
    """The `qm` command of the same name, in a task; what root alone may say, it alone says."""
    if not call.caller.is_root:
        refuse_root_only(call.method, call.values)
    kind = {"set": "config"}.get(name := call.method.name.removeprefix("qm "), name)
    words = {"command": call.method.name, "values": call.values}
    return worker.start(f"qm{kind}", str(call.values["vmid"]), call.caller, words)


def _set(call: Call) -> None:
    """Changed by a task that is waited for; its error is the answer's."""
    values = {key: value for key, value in call.values.items() if key not in ("vmid", "skiplock")}
    removed = re.findall(r"[^,;\s]+", values.pop("delete", ""))
    if not values and not removed:
        raise Failure("no options specified")
    for key in (*values, *removed):
        _may_set(call, key, str(values.get(key, "")))
    upid = task.parse_upid(_command(call))
    if upid.running:
        task.wait(upid.pid)
    if task.is_error(status := upid.status()):
        if match := re.fullmatch(r"400 Parameter verification failed\. ([\w-]+): (.*)", status):
            raise ParameterFailure(match[1], match[2])
        raise Failure(status)


def _may_set(call: Call, key: str, value: str) -> None:
    if call.caller.is_root:
        return
    needed = next((right for names, right in _PRIVILEGES if re.fullmatch(names, key)), None)
    storeid, colon, _ = value.partition(",")[0].partition(":")
    if needed is None or (is_drive_key(key) and value.startswith("/")):
        raise PermissionFailure(f"only root can set '{key}' to that")
    require(call.caller, f"/vms/{call.values['vmid']}", needed)
    if is_drive_key(key) and colon:
        require(call.caller, f"/storage/{storeid}", "Datastore.AllocateSpace")


def _config(call: Call) -> dict[str, Any]:
    from hashlib import sha1

    from reference.guest.changes import apply_pending

    vmid = call.values["vmid"]
    config = configs.load_config(vmid)
    if not call.values.get("current"):
        apply_pending(config)
    text = read_file(paths.guest_config(vmid, membership.local_node()))
    return {**config.current, "digest": sha1(text.encode(), usedforsecurity=False).hexdigest()}


def _guest(vmid: int, node: str) -> dict[str, Any]:
    """A guest as seen from here: of other nodes' processes nothing is known."""
    config = configs.load_config(vmid, node)
    local = node == membership.local_node()
    pid = process.running_pid(vmid) if local else None
    status = ("running" if pid else "stopped") if local else "unknown"
    facts = {
        "vmid": vmid, "name": config.current.get("name", f"VM {vmid}"), "status": status,
        "maxmem": config.memory_mib << 20, "template": int(config.flag("template")),
        "lock": config.current.get("lock"), "pid": pid,
    }  # fmt: skip
    return {key: value for key, value in facts.items() if value is not None}


def _resources(call: Call) -> list[dict[str, Any]]:
    wanted = call.values.get("type")
    return [
        row
        for kind, needs, row in _rows()
        if wanted in (None, kind) and allowed(call.caller, *needs)
    ]


def _rows() -> Iterator[tuple[str, tuple[str, str], dict[str, Any]]]:
    """Everything there is: its kind, the privilege it takes to look at it, what is shown."""
    storages = [known for known in load_storages().values() if not known.disabled]
    for node in membership.nodes():
        where = {"id": f"node/{node}", "type": "node", "node": node}
        yield "node", (f"/nodes/{node}", "Sys.Audit"), where
        for vmid in configs.guest_ids(node):
            row = {**where, "id": f"qemu/{vmid}", "type": "qemu", "vmid": vmid}
            with suppress(Failure):  # what cannot be read is there, and no more is known of it
                row |= _guest(vmid, node)
            yield "vm", (f"/vms/{vmid}", "VM.Audit"), row
        for known in storages:
            if known.nodes is None or node in known.nodes:
                row = {**where, "id": f"storage/{node}/{known.id}", "type": "storage"}
                row |= {"storage": known.id, "plugintype": known.type, "shared": int(known.shared)}
                row["content"] = ",".join(sorted(known.content))
                yield "storage", (f"/storage/{known.id}", "Datastore.Audit"), row


def _own(caller: Caller, upid: task.Upid) -> bool:
    """A user's tasks are its own and those of its tokens."""
    user = upid.user if caller.token else upid.user.partition("!")[0]
    return user == caller.authid


def _task(call: Call, privilege: str = "Sys.Audit") -> task.Upid:
    """The task asked about; others than its user need a privilege on the node."""
    upid = task.parse_upid(call.values["upid"])
    if not _own(call.caller, upid):
        require(call.caller, f"/nodes/{membership.local_node()}", privilege)
    if not os.path.exists(upid.path):
        raise ParameterFailure("upid", "no such task")
    return upid


def _task_row(upid: task.Upid) -> dict[str, Any]:
    user, _, token = upid.user.partition("!")
    return {
        "upid": str(upid), "node": upid.node, "pid": upid.pid, "pstart": upid.pstart,
        "starttime": upid.starttime, "type": upid.kind, "id": upid.ident, "user": user,
        **({"tokenid": token} if token else {}),
    }  # fmt: skip


def _task_status(call: Call) -> dict[str, Any]:
    upid = _task(call)
    if upid.running:
        return {**_task_row(upid), "status": "running"}
    return {**_task_row(upid), "status": "stopped", "exitstatus": upid.status()}


def _task_log(call: Call) -> list[dict[str, Any]]:
    start, limit = call.values.get("start", 0), call.values.get("limit", LOG_LINES)
    lines = read_file(_task(call).path).splitlines() or ["no content"]
    shown = lines[start : start + limit] if limit else lines[start:]
    return [{"n": number, "t": text} for number, text in enumerate(shown, start + 1)]


def _task_stop(call: Call) -> None:
    task.stop(_task(call, "Sys.Modify"))


def _tasks(call: Call) -> list[dict[str, Any]]:
    get = call.values.get
    every = allowed(call.caller, f"/nodes/{membership.local_node()}", "Sys.Audit")
    found = []
    for upid, ended, status in task.listing():
        running = status is None
        if (
            (every or _own(call.caller, upid))
            and get("vmid") in (None, int(upid.ident) if upid.ident.isdecimal() else 0)
            and upid.kind.startswith(get("typefilter") or "")
            and not (get("errors") and not task.is_error(status or "OK"))
            and get("source", "archive") in ("all", "active" if running else "archive")
        ):
            ending = {} if running else {"endtime": ended, "status": status}
            found.append({**_task_row(upid), **ending})
    start = get("start", 0)
    return found[start : start + get("limit", LOG_LINES)]


def _ticket(call: Call) -> dict[str, str]:
    from reference.api.tickets import login

    userid = call.values["username"]
    if "@" not in userid:
        userid = f"{userid}@{call.values.get('realm', 'pam')}"
    return login(userid, call.values["password"])


_QEMU, _TASKS = "/nodes/{node}/qemu/{vmid}", "/nodes/{node}/tasks"
CALLS: dict[tuple[str, str], Callable[[Call], Any]] = {
    ("POST", f"{_QEMU}/migrate"): _migrate,
    ("GET", f"{_QEMU}/migrate"): _preconditions,
    ("GET", f"{_QEMU}/status/current"): lambda call: _guest(
        call.values["vmid"], membership.local_node()
    ),
    ("GET", f"{_QEMU}/config"): _config,
    ("PUT", f"{_QEMU}/config"): _set,
    ("GET", _TASKS): _tasks,
    ("GET", f"{_TASKS}/{{upid}}/status"): _task_status,
    ("GET", f"{_TASKS}/{{upid}}/log"): _task_log,
    ("DELETE", f"{_TASKS}/{{upid}}"): _task_stop,
    ("GET", "/cluster/resources"): _resources,
    ("POST", "/access/ticket"): _ticket,
    ("GET", "/version"): lambda _: {"release": "0.1", "version": "0.1.0", "repoid": "reference"},
}


def implemented(method: Method) -> bool:
    """Whether there is something behind the declaration."""
    return bool(method.run) or (method.verb, method.path) in CALLS


def perform(call: Call) -> Any:
    """Do what is asked; the methods not listed run the command of their name."""
    function: Callable[[Call], Any] = CALLS.get((call.method.verb, call.method.path), _command)
    return function(call)
