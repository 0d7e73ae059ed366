"""Prepare: everything that can be refused before anything is changed (PREP-*)."""

from __future__ import annotations

import re

from reference.cluster import membership, paths
from reference.cluster.mappings import load_mappings
from reference.cluster.storages import check_storage
from reference.errors import Failure
from reference.guest import config as configs
from reference.guest import process, volumes
from reference.guest.resources import check_resources, clipboard_stays, local_resources
from reference.migration.request import content_of, target_storage
from reference.migration.state import Migration
from reference.replication.jobs import replication_of
from reference.ssh import Remote
from reference.storage import usable
from reference.storage.base import parse_volid


def prepare(migration: Migration) -> None:
    """Look at the guest, its devices, its storages and the way to the target."""
    request, vmid = migration.request, migration.vmid
    migration.config = configs.load_config(vmid)
    migration.replication = replication_of(vmid, request.target)
    migration.replication.check_removal()
    configs.check_lock(migration.config)
    migration.pid = process.running_pid(vmid) or 0
    if migration.running and not request.online:
        raise Failure("can't migrate running VM without --online")
    if not migration.network:
        _log_in(migration)
    if migration.running:
        if warning := migration.replication.check_live(request.force):
            migration.log.warn(warning)
        _ask_guest(migration)
    _check_resources(migration)
    _check_storages(migration)
    _connect(migration)


def _log_in(migration: Migration) -> None:
    """It takes its time, so it begins early; its end is awaited when all else was looked at."""
    monitor = {migration.far_monitor: paths.qmp_socket(migration.vmid)}
    migration.remote.open(monitor if migration.running else {})


def _connect(migration: Migration) -> None:
    """The way to the target: by its address in the migration network, if there is one (NET-02)."""
    remote, network = migration.remote, migration.network
    if network:
        ask = ["mtunnel", "-migration_network", network, "-get_migration_ip"]
        answer = remote.check([paths.PVECM, *ask])
        found = re.search(r"^ip: '(.*)'$", answer, re.MULTILINE)
        if not found or not membership.is_ip(found[1]):
            said = " ".join(answer.split()) or "nothing"
            raise Failure(f"got no address of {remote.node} in network '{network}', but '{said}'")
        migration.remote = remote = Remote(remote.node, found[1])
        _log_in(migration)
    remote.connect()
    if network:
        what = "use dedicated network address for sending migration traffic"
        migration.log.info(f"{what} ({remote.address})")
        remote.probe()


def _ask_guest(migration: Migration) -> None:
    """Record what the live process is, and whether it is paused (CPU-01, CPU-03, PREP-10)."""
    from reference.guest import cpu
    from reference.guest.monitor import Monitor
    from reference.migration import phase2  # noqa: F401  needed later, loaded while ssh logs in

    if cpu.is_abstract(migration.config.current.get("cpu", "")):
        migration.cpu = cpu.of_process(migration.pid)
    with Monitor(paths.qmp_socket(migration.vmid)) as monitor:
        migration.machine = process.running_machine(monitor) + _pxe(migration)
        migration.paused = monitor.execute("query-status")["status"] in ("paused", "prelaunch")


def _pxe(migration: Migration) -> str:
    """The suffix that the running process does not tell, if the configured type has it."""
    kind = migration.config.current.get("machine", "").partition(",")[0]
    return ".pxe" if kind.endswith(".pxe") else ""


def _check_resources(migration: Migration) -> None:
    nodes, running = membership.nodes(), migration.running
    found = local_resources(migration.config, load_mappings(), nodes, running)
    for note in check_resources(found, migration.request.target, running, migration.request.force):
        migration.log.info(note)
    machine = migration.machine or ""
    if running and clipboard_stays(migration.config, lambda: machine):
        what = f"VM with a VNC clipboard from machine version '{machine}'"
        raise Failure(f"can't live-migrate {what}, expected 10.1 or newer")


def _check_storages(migration: Migration) -> None:
    known, shared = migration.storages, set()
    for ref in volumes.referenced_volumes(migration.config).values():
        if ref.volume in ("none", "cdrom") or ref.volume.startswith("/"):
            continue
        storeid, volname = parse_volid(ref.volume)
        check_storage(known, storeid, migration.source)
        if known[storeid].shared:
            shared.add(storeid)
        target = target_storage(migration.id_map, known, storeid)
        check_storage(known, target, migration.request.target, content_of(volname))
    for storeid in sorted(shared):
        try:
            usable(known, storeid)
        except Failure as error:
            migration.log.warn(f"shared storage is out of reach here - {error}")
