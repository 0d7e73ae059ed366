"""`qm start|stop|suspend|resume|status|list|nbdstop`."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from reference.cli.options import Parser, cidr, guest_parser, matching, node_name
from reference.cluster import membership
from reference.errors import Failure, ParameterFailure
from reference.guest import config as configs
from reference.guest import process, schema
from reference.guest.config import GuestConfig, load_config, load_unlocked
from reference.locks import guest_config_lock


def start(arguments: list[str]) -> int:
    """Start a guest, or the target's side of its migration (P2-04)."""
    options = _start_options(arguments)
    if options.migratedfrom:
        return _start_migrated(options)
    from reference.cluster.storages import load_storages
    from reference.guest.changes import apply_pending
    from reference.guest.devices import Launch

    with guest_config_lock(options.vmid):
        config = load_unlocked(options.vmid, options.skiplock)
        _check_startable(config)
        unknown = [key for key in sorted(config.current) if not schema.is_known(key)]
        if unknown:
            print(f"WARN: VM {config.vmid}: ignoring {', '.join(unknown)}", file=sys.stderr)
        if apply_pending(config):
            configs.write_config(config)
        launch = Launch(machine=options.machine, cpu=options.force_cpu)
        process.start_guest(config, load_storages(), launch)
    return 0


def _start_options(arguments: list[str]) -> SimpleNamespace:
    parser = guest_parser("start", "skiplock", "with-conntrack-state")
    parser.option("migratedfrom", node_name)
    parser.option("stateuri", matching("unix|tcp", "unix or tcp"))
    parser.option("migration_type", matching("secure|insecure", "secure or insecure"))
    parser.option("migration_network", cidr)
    parser.option("targetstorage", append=True)
    parser.option("machine", matching(schema.OPTIONS["machine"][0], "a machine type"))
    for name in ("force-cpu", "nets-host-mtu"):
        parser.option(name, matching(r"[^\s-]\S*", "a word"))
    options = parser.parse_args(arguments)
    if bool(options.migratedfrom) != bool(options.stateuri):
        missing, given = ("stateuri", "migratedfrom")[:: 1 if options.migratedfrom else -1]
        raise ParameterFailure(missing, f"expected a value, as '{given}' is given")
    if options.targetstorage is not None and not options.migratedfrom:
        raise ParameterFailure("targetstorage", "can only be used with 'migratedfrom'")
    return options


def _check_startable(config: GuestConfig) -> None:
    if config.flag("template"):
        raise Failure(f"you can't start VM {config.vmid} as it's a template")
    if process.running_pid(config.vmid) is not None:
        raise Failure(f"VM {config.vmid} already running")


def _start_migrated(options: SimpleNamespace) -> int:
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
    return 0


def stop(arguments: list[str]) -> int:
    """End a guest; with --migratedfrom the incoming process of a failed migration (P2C-09)."""
    parser = guest_parser("stop", "skiplock")
    parser.option("migratedfrom", node_name)
    options = parser.parse_args(arguments)
    if options.migratedfrom:
        for line in process.log_lines(options.vmid):
            print(f"QEMU: {line}")
        process.stop_guest(options.vmid, ask=False)
        return 0
    with guest_config_lock(options.vmid):
        load_unlocked(options.vmid, options.skiplock)
        process.stop_guest(options.vmid)
    return 0


def suspend(arguments: list[str]) -> int:
    """Pause a guest's CPUs."""
    options = guest_parser("suspend", "skiplock").parse_args(arguments)
    with guest_config_lock(options.vmid):
        load_unlocked(options.vmid, options.skiplock)
        process.execute(options.vmid, "stop")
    return 0


def resume(arguments: list[str]) -> int:
    """Let a guest run again; --nocheck asks nothing of its config (P3-10)."""
    options = guest_parser("resume", "skiplock", "nocheck").parse_args(arguments)
    with guest_config_lock(options.vmid):
        if not options.nocheck:
            load_unlocked(options.vmid, options.skiplock)
        process.resume_guest(options.vmid)
    return 0


def status(arguments: list[str]) -> int:
    """Whether the guest runs."""
    options = guest_parser("status").parse_args(arguments)
    load_config(options.vmid)
    print(f"status: {'running' if process.running_pid(options.vmid) else 'stopped'}")
    return 0


def list_guests(arguments: list[str]) -> int:
    """This node's guests as a table."""
    Parser("qm list").parse_args(arguments)
    row = "{:>10} {:<20} {:<10} {:<10} {}"
    print(row.format("VMID", "NAME", "STATUS", "MEM(MB)", "PID"))
    for vmid in configs.guest_ids(membership.local_node()):
        try:
            config = load_config(vmid)
        except Failure as error:
            print(f"WARN: {error}", file=sys.stderr)
            continue
        pid = process.running_pid(vmid)
        name, state = config.current.get("name", f"VM {vmid}"), "running" if pid else "stopped"
        print(row.format(vmid, name, state, config.memory_mib, pid or 0))
    return 0


def nbdstop(arguments: list[str]) -> int:
    """Stop the guest's NBD server; a failure is only a warning (CLI-18)."""
    options = guest_parser("nbdstop").parse_args(arguments)
    try:
        process.execute(options.vmid, "nbd-server-stop", timeout=25)
    except Failure as error:
        print(f"WARN: {error}", file=sys.stderr)
    return 0


COMMANDS = {
    "list": list_guests,
    "nbdstop": nbdstop,
    "resume": resume,
    "start": start,
    "status": status,
    "stop": stop,
    "suspend": suspend,
}
