"""`qm start|stop|shutdown|reset|suspend|resume|status|list|nbdstop|guest cmd`."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from reference.cluster import membership
from reference.errors import Failure, ParameterFailure
from reference.guest import config as configs
from reference.guest import process, schema
from reference.guest.config import GuestConfig, load_config, load_unlocked
from reference.locks import guest_config_lock
from reference.notice import warn


def start(options: SimpleNamespace) -> None:
    """Start a guest, or the target's side of its migration (P2-04)."""
    if bool(options.migratedfrom) != bool(options.stateuri):
        missing, given = ("stateuri", "migratedfrom")[:: 1 if options.migratedfrom else -1]
        raise ParameterFailure(missing, f"expected a value, as '{given}' is given")
    if options.targetstorage is not None and not options.migratedfrom:
        raise ParameterFailure("targetstorage", "can only be used with 'migratedfrom'")
    if options.migratedfrom:
        _start_migrated(options)
        return
    from reference.cluster.storages import load_storages
    from reference.guest.changes import apply_pending
    from reference.guest.devices import Launch

    with guest_config_lock(options.vmid):
        config = load_unlocked(options.vmid, options.skiplock)
        _check_startable(config)
        unknown = [key for key in sorted(config.current) if not schema.is_known(key)]
        if unknown:
            warn(f"VM {config.vmid}: ignoring {', '.join(unknown)}")
        if apply_pending(config):
            configs.write_config(config)
        launch = Launch(options.machine, options.force_cpu, timeout=options.timeout)
        process.start_guest(config, load_storages(), launch)


def _check_startable(config: GuestConfig) -> None:
    if config.flag("template"):
        raise Failure(f"you can't start VM {config.vmid} as it's a template")
    if process.running_pid(config.vmid) is not None:
        raise Failure(f"VM {config.vmid} already running")


def _start_migrated(options: SimpleNamespace) -> None:
    from reference.cluster.storages import load_storages
    from reference.guest.devices import Launch
    from reference.guest.incoming import Arrival, read_facts, start_incoming
    from reference.idmap import IdMapError, parse_idmap

    try:
        id_map = parse_idmap(options.targetstorage, "pve-storage-id")
    except IdMapError as error:
        raise ParameterFailure("targetstorage", f"failed to parse storage map - {error}") from None
    launch = Launch(options.machine, options.force_cpu, incoming=options.stateuri)
    kind, network = options.migration_type or "secure", options.migration_network
    arrival = Arrival(options.migratedfrom, kind, network, id_map, read_facts(sys.stdin), launch)
    with guest_config_lock(options.vmid):
        config = load_unlocked(options.vmid, options.skiplock, options.migratedfrom)
        _check_startable(config)
        start_incoming(config, load_storages(), arrival)


def stop(options: SimpleNamespace) -> None:
    """End a guest; with --migratedfrom the incoming process of a failed migration (P2C-09)."""
    if options.migratedfrom:
        for line in process.log_lines(options.vmid):
            print(f"QEMU: {line}")
        process.stop_guest(options.vmid, ask=False)
        return
    with guest_config_lock(options.vmid):
        load_unlocked(options.vmid, options.skiplock)
        process.stop_guest(options.vmid)


def shutdown(options: SimpleNamespace) -> None:
    """Ask the guest's system to end it."""
    timeout = 180.0 if options.timeout is None else float(options.timeout)
    with guest_config_lock(options.vmid):
        load_unlocked(options.vmid, options.skiplock)
        process.shutdown_guest(options.vmid, timeout, force=bool(options.forceStop))


def reset(options: SimpleNamespace) -> None:
    """Start the guest's machine anew."""
    with guest_config_lock(options.vmid):
        load_unlocked(options.vmid, options.skiplock)
        process.execute(options.vmid, "system_reset")


def suspend(options: SimpleNamespace) -> None:
    """Pause a guest's CPUs."""
    with guest_config_lock(options.vmid):
        load_unlocked(options.vmid, options.skiplock)
        process.execute(options.vmid, "stop")


def resume(options: SimpleNamespace) -> None:
    """Let a guest run again; --nocheck asks nothing of its config (P3-10)."""
    with guest_config_lock(options.vmid):
        if not options.nocheck:
            load_unlocked(options.vmid, options.skiplock)
        process.resume_guest(options.vmid)


def status(options: SimpleNamespace) -> None:
    """Whether the guest runs."""
    load_config(options.vmid)
    print(f"status: {'running' if process.running_pid(options.vmid) else 'stopped'}")


def list_guests(_: SimpleNamespace) -> None:
    """This node's guests as a table."""
    row = "{:>10} {:<20} {:<10} {:<10} {}"
    print(row.format("VMID", "NAME", "STATUS", "MEM(MB)", "PID"))
    for vmid in configs.guest_ids(membership.local_node()):
        try:
            config = load_config(vmid)
        except Failure as error:
            warn(error)
            continue
        pid = process.running_pid(vmid)
        name, state = config.current.get("name", f"VM {vmid}"), "running" if pid else "stopped"
        print(row.format(vmid, name, state, config.memory_mib, pid or 0))


def nbdstop(options: SimpleNamespace) -> None:
    """Stop the guest's NBD server; a failure is only a warning (CLI-18)."""
    try:
        process.execute(options.vmid, "nbd-server-stop", timeout=25)
    except Failure as error:
        warn(error)


def guest(options: SimpleNamespace) -> None:
    """Ask the guest's agent, and tell what it answers."""
    import json

    from reference.guest import agent

    load_config(options.vmid)
    process.check_running(options.vmid)
    print(json.dumps(agent.execute(options.vmid, options.command)))
