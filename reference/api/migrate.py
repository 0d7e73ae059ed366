"""The migrate call: the checks before any task exists, in the order of API-05, and the task."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from reference.api.permissions import require
from reference.caller import Caller
from reference.cluster import membership, storages
from reference.errors import Failure, ParameterFailure
from reference.guest import config as configs
from reference.guest import process, volumes
from reference.guest.drives import on_storage
from reference.migration.request import Request, content_of
from reference.replication.jobs import replication_of
from reference.storage.base import parse_volid
from reference.task import TaskLog


def asked(parameters: Mapping[str, Any], caller: Caller) -> Request:
    """The request that verified parameters make."""
    names = {name: name.replace("-", "_") for name in parameters}
    given = {field: parameters[name] for name, field in names.items() if field in Request._fields}
    return Request(**given, caller=caller)


def arguments(request: Request) -> dict[str, Any]:
    """What a worker is told of the request."""
    return {name: value for name, value in request._asdict().items() if name != "caller"}


def check(request: Request) -> Request:
    """Refuse in the order of API-05; returns the request with `online` made true to the guest."""
    local = membership.local_node()
    if request.target == local:
        raise ParameterFailure("target", f"target '{request.target}' is the local node.")
    membership.check_quorum()
    membership.node_ip(request.target)
    _check_root_only(request)
    config = configs.load_config(request.vmid)
    configs.check_lock(config)
    running = process.running_pid(request.vmid) is not None
    if running and not request.online:
        raise Failure("can't migrate running VM without --online")
    if running:
        replication_of(request.vmid, request.target).check_live(request.force)
    elif request.online:
        print("VM isn't running. Doing offline migration instead.", file=sys.stderr, flush=True)
    _check_storages(request, config, local)
    return request._replace(online=running)


def _check_root_only(request: Request) -> None:
    """API-10: an explicit false is nobody's business."""
    for name in ("force", "migration_type", "migration_network"):
        if getattr(request, name) and not request.caller.is_root:
            raise ParameterFailure(name, f"Only root may use the '{name}' option.")


def _check_storages(request: Request, config: configs.GuestConfig, local: str) -> None:
    id_map = request.id_map()
    known = storages.load_storages()
    if id_map is not None and not id_map.identity:
        require(request.caller, f"/vms/{request.vmid}", "VM.Config.Disk")
        for storeid in (*id_map.entries.values(), *([id_map.default] if id_map.default else [])):
            storages.check_storage(known, storeid, request.target)
            require(request.caller, f"/storage/{storeid}", "Datastore.AllocateSpace")
            storages.check_storage(known, storeid, request.target, "images")
        return
    for ref in volumes.referenced_volumes(config).values():
        if ref.attached and on_storage(ref.volume):
            storeid, volname = parse_volid(ref.volume)
            for node in (local, request.target):
                storages.check_storage(known, storeid, node, content_of(volname))


def kind(request: Request) -> str:
    """The worker that serves the request: a guest that HA manages is HA's to migrate (API-26)."""
    from reference.cluster import ha

    managed = request.caller.environment != "ha" and ha.is_managed(request.vmid)
    return "hamigrate" if managed else "qmigrate"


def work(parameters: Mapping[str, Any], caller: Caller, log: TaskLog) -> None:
    """The worker of a classic migration (API-27)."""
    from reference.migration.spine import run

    run(Request(**parameters, caller=caller), log)


def queue(parameters: Mapping[str, Any], _: Caller, __: TaskLog) -> None:
    """The worker for a guest of HA: it asks for no more than the target (HA-01, HA-03)."""
    from reference.cluster import ha

    vmid, target = parameters["vmid"], parameters["target"]
    print(f"Requesting HA migration for VM {vmid} to node {target}", flush=True)
    ha.request("migrate", f"vm:{vmid}", target)
