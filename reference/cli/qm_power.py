"""`qm start|stop|suspend|resume|status|list|nbdstop`."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from reference.cli.options import Parser, guest_parser, integer, matching, node_name
from reference.cluster import membership, paths
from reference.errors import Failure, ParameterFailure
from reference.guest import config as configs
from reference.guest import process, schema
from reference.guest.config import GuestConfig, check_lock, load_config
from reference.locks import guest_config_lock


def start(arguments: list[str]) -> int:
    """Start a guest, or the target's side of its migration (P2-04)."""
    options = _start_options(arguments)
    if options.migratedfrom:
        return _start_migrated(options)
    with guest_config_lock(options.vmid):
        config = load_config(options.vmid)
        _check_startable(config, options.skiplock)
        _start(config, options)
    return 0


def _start_options(arguments: list[str]) -> SimpleNamespace:
    parser = guest_parser("start", "skiplock", "with-conntrack-state")
    parser.option("timeout", integer(0))
    parser.option("migratedfrom", node_name)
    parser.option("stateuri", matching("unix|tcp", "unix or tcp"))
    parser.option("migration_type", matching("secure|insecure", "secure or insecure"))
    parser.option("migration_network", _cidr)
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


def _cidr(text: str) -> str:
    """A network with its prefix length, 8-32 or 8-128 (CLI-14)."""
    from ipaddress import ip_network

    if "/" in text and ip_network(text, strict=False).prefixlen >= 8:
        return text
    raise ValueError(f"'{text}' is not valid (expected <address>/<prefix length of 8 or more>)")


def _check_startable(config: GuestConfig, skiplock: bool | None) -> None:
    if configs.flag(config.current.get("template", "0")):
        raise Failure(f"you can't start VM {config.vmid} as it's a template")
    if not skiplock:
        check_lock(config)
    if process.running_pid(config.vmid) is not None:
        raise Failure(f"VM {config.vmid} already running")


def _start(config: GuestConfig, options: SimpleNamespace) -> None:
    from reference.cluster.storages import load_storages
    from reference.guest.changes import apply_pending
    from reference.guest.devices import Launch

    unknown = [key for key in sorted(config.current) if not schema.is_known(key)]
    if unknown:
        print(f"WARN: VM {config.vmid}: ignoring unknown {', '.join(unknown)}", file=sys.stderr)
    if apply_pending(config):
        configs.write_config(config)
    launch = Launch(machine=options.machine, cpu=options.force_cpu)
    process.start_guest(config, load_storages(), launch)


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
    arrival = Arrival(
        options.migratedfrom,
        options.migration_type or "secure",
        options.migration_network,
        id_map,
        read_facts(sys.stdin),
        launch,
    )
    with guest_config_lock(options.vmid):
        config = load_config(options.vmid, options.migratedfrom)
        _check_startable(config, options.skiplock)
        start_incoming(config, load_storages(), arrival)
    return 0


def stop(arguments: list[str]) -> int:
    """End a guest; with --migratedfrom the incoming process of a failed migration (P2C-09)."""
    parser = guest_parser("stop", "skiplock")
    parser.option("migratedfrom", node_name)
    parser.option("timeout", integer(0))
    options = parser.parse_args(arguments)
    if options.migratedfrom:
        for line in process.log_lines(options.vmid):
            print(f"QEMU: {line}")
        process.stop_guest(options.vmid, ask=False)
        return 0
    with guest_config_lock(options.vmid):
        _check(options.vmid, options.skiplock)
        timeout = 60 if options.timeout is None else options.timeout
        process.stop_guest(options.vmid, timeout=timeout)
    return 0


def _check(guest: int, skiplock: bool | None) -> None:
    config = load_config(guest)
    if not skiplock:
        check_lock(config)


def suspend(arguments: list[str]) -> int:
    """Pause a guest's CPUs."""
    options = guest_parser("suspend", "skiplock").parse_args(arguments)
    with guest_config_lock(options.vmid):
        _check(options.vmid, options.skiplock)
        process.check_running(options.vmid)
        from reference.guest.monitor import Monitor

        with Monitor(paths.qmp_socket(options.vmid)) as monitor:
            monitor.execute("stop")
    return 0


def resume(arguments: list[str]) -> int:
    """Let a guest run again; --nocheck asks nothing of its config (P3-10)."""
    options = guest_parser("resume", "skiplock", "nocheck").parse_args(arguments)
    with guest_config_lock(options.vmid):
        if not options.nocheck:
            _check(options.vmid, options.skiplock)
        process.resume_guest(options.vmid, nocheck=bool(options.nocheck))
    return 0


def status(arguments: list[str]) -> int:
    """Whether the guest runs; --verbose also what QEMU says."""
    options = guest_parser("status", "verbose").parse_args(arguments)
    config = load_config(options.vmid)
    pid = process.running_pid(options.vmid)
    facts = {"status": "running" if pid else "stopped"}
    if options.verbose:
        name = config.current.get("name", f"VM {options.vmid}")
        facts |= {"name": name, "vmid": str(options.vmid)}
        facts |= {"maxmem": str(configs.memory_mib(config) << 20), "qmpstatus": "stopped"}
        facts |= {"lock": config.current["lock"]} if "lock" in config.current else {}
        if pid:
            facts |= {"pid": str(pid), "qmpstatus": _qmp_status(options.vmid)}
    for key, value in sorted(facts.items()):
        print(f"{key}: {value}")
    return 0


def _qmp_status(guest: int) -> str:
    from reference.guest.monitor import Monitor

    try:
        with Monitor(paths.qmp_socket(guest)) as monitor:
            return str(monitor.execute("query-status")["status"])
    except Failure as error:  # another client has the monitor, such as a migration
        print(f"WARN: {error}", file=sys.stderr)
        return "running"


def list_guests(arguments: list[str]) -> int:
    """This node's guests as a table."""
    Parser("qm list").parse_args(arguments)
    header = ("VMID", "NAME", "STATUS", "MEM(MB)", "BOOTDISK(GB)", "PID")
    rows = [header]
    for guest in configs.guest_ids(membership.local_node()):
        try:
            rows.append(_row(load_config(guest)))
        except Failure as error:
            print(f"WARN: {error}", file=sys.stderr)
    if len(rows) > 1:
        for row in rows:
            print("{:>10} {:<20} {:<10} {:<10} {:>12} {:<10}".format(*row).rstrip())
    return 0


def _row(config: GuestConfig) -> tuple[str, str, str, str, str, str]:
    from reference.guest.devices import boot_order
    from reference.guest.drives import drives, parse_size

    found = drives(config.current)
    size = next((found[key].options.get("size") for key in boot_order(config) if key in found), "0")
    pid = process.running_pid(config.vmid)
    gib = f"{parse_size(size or '0') / (1 << 30):.2f}"
    state = "running" if pid else "stopped"
    name = config.current.get("name", f"VM {config.vmid}")
    return str(config.vmid), name, state, str(configs.memory_mib(config)), gib, str(pid or 0)


def nbdstop(arguments: list[str]) -> int:
    """Stop the guest's NBD server; a failure is only a warning (CLI-18)."""
    options = guest_parser("nbdstop").parse_args(arguments)
    from reference.guest.monitor import Monitor

    try:
        process.check_running(options.vmid)
        with Monitor(paths.qmp_socket(options.vmid)) as monitor:
            monitor.execute("nbd-server-stop", timeout=25)
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
