"""The target's side of a live migration: `qm start --migratedfrom` (P2-04..14, P2-17..19)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from reference.cluster import datacenter, membership, paths
from reference.cluster.storages import Storage, check_storage
from reference.errors import Failure
from reference.guest import drives as drive_strings
from reference.guest.config import GuestConfig
from reference.guest.devices import Launch, drive_node, spice_heads
from reference.guest.drives import Drive, drives, format_drive
from reference.idmap import IdMap, map_id
from reference.notice import warn

if TYPE_CHECKING:
    from reference.guest.monitor import Monitor


class Facts(NamedTuple):
    """What the source tells on standard input (API-31); `offline` maps drives to new ids."""

    nbd_protocol_version: int = 0
    replicated: frozenset[str] = frozenset()
    offline: Mapping[str, str] = {}
    spice_ticket: str | None = None


class Arrival(NamedTuple):
    """One migration start as asked for on the command line."""

    migrated_from: str
    migration_type: str
    network: str | None
    id_map: IdMap | None
    facts: Facts
    launch: Launch  # its `incoming` is the transport of the state: unix or tcp


def read_facts(lines: Iterable[str]) -> Facts:
    """Read the source's lines; the first unknown one is the SPICE ticket, others only warn."""
    facts, replicated, offline = Facts(), set[str](), dict[str, str]()
    for line in (raw.rstrip("\n") for raw in lines):
        if match := re.fullmatch(r"nbd_protocol_version: ([0-9]{1,9})", line):
            facts = facts._replace(nbd_protocol_version=int(match[1]))
        elif match := re.fullmatch(r"replicated_volume: (\S+)", line):
            replicated.add(match[1])
        elif match := re.fullmatch(r"offline_volume: ([^:\s]+): (\S+)", line):
            offline[match[1]] = match[2]
        elif match := re.fullmatch(r"tpmstate0: (\S+)", line):
            offline["tpmstate0"] = match[1]
        elif match := re.fullmatch(r"spice_ticket: (.+)", line):
            facts = facts._replace(spice_ticket=match[1])
        elif facts.spice_ticket is None:
            facts = facts._replace(spice_ticket=line)
        else:
            print(f"unknown 'start' parameter on STDIN: '{line}'", file=sys.stderr)
    return facts._replace(replicated=frozenset(replicated), offline=offline)


def nbd_drives(config: GuestConfig, storages: Mapping[str, Storage]) -> list[Drive]:
    """The drives to be received: non-shared, no CD drives, no TPM state (P2-09)."""
    received = []
    for drive in drives(config.current).values():
        if drive.key == "tpmstate0" or drive.cdrom or ":" not in drive.volume:
            continue
        storeid = drive.volume.partition(":")[0]
        if storeid not in storages:
            raise Failure(f"{drive.key}: storage '{storeid}' does not exist")
        if not (storages[storeid].shared or drive.enabled("shared")):
            received.append(drive)
    return received


def _prepare_drive(
    vmid: int, drive: Drive, storages: Mapping[str, Storage], id_map: IdMap
) -> Drive:
    """Allocate the volume one drive is received into (P2-10)."""
    from reference import storage

    target = map_id(id_map, drive.volume.partition(":")[0])
    definition = check_storage(storages, target, membership.local_node(), "images")
    fmt = drive_strings.volume_format(drive.volume)
    if fmt not in storage.allowed_formats(definition):
        fmt = storage.default_format(definition)
    if "size" not in drive.options:
        raise Failure(f"{drive.key}: '{format_drive(drive)}' has no size (expected size=<size>)")
    size = drive_strings.parse_size(drive.options["size"])
    volume = storage.alloc_volume(storages, target, vmid, fmt, None, size)
    options = {**drive.options, "format": fmt, "size": drive_strings.format_size(size)}
    return drive._replace(volume=volume, options=options)


def _receive(
    config: GuestConfig, storages: Mapping[str, Storage], arrival: Arrival
) -> dict[str, Drive]:
    """Give every drive to be received a volume here; what is allocated stays (P2-11)."""
    received: dict[str, Drive] = {}
    if arrival.id_map is None:
        return received
    for drive in nbd_drives(config, storages):
        if drive.volume in arrival.facts.replicated:
            print(f"re-using replicated volume: {drive.key} - {drive.volume}", flush=True)
            received[drive.key] = drive
        elif drive.key not in arrival.facts.offline:
            received[drive.key] = _prepare_drive(config.vmid, drive, storages, arrival.id_map)
            config.current[drive.key] = format_drive(received[drive.key])
    return received


def start_incoming(config: GuestConfig, storages: Mapping[str, Storage], arrival: Arrival) -> None:
    """Start the guest paused, ready for its state and disks, and announce where."""
    from reference.guest.process import start_guest, stop_guest

    received = _receive(config, storages, arrival)
    for key, volume in arrival.facts.offline.items():
        if (old := drives(config.current).get(key)) is not None:
            config.current[key] = format_drive(old._replace(volume=volume))
    start_guest(config, storages, arrival.launch, migrated_from=arrival.migrated_from)
    try:
        from reference.guest.monitor import Monitor

        with Monitor(paths.qmp_socket(config.vmid)) as monitor:
            _announce(config.vmid, monitor, received, arrival)
            if spice_heads(config):
                _announce_display(monitor, arrival.facts.spice_ticket)
    except BaseException:
        stop_guest(config.vmid, ask=False)
        raise


def _announce(vmid: int, monitor: Monitor, received: Mapping[str, Drive], arrival: Arrival) -> None:
    """Listen for the state and serve the disks; the lines are those of P2-14."""
    from reference.migration.memory import set_capabilities

    try:
        set_capabilities(monitor)
    except Failure as error:
        warn(error)
    uri = f"unix:{paths.migrate_socket(vmid)}"
    if arrival.launch.incoming == "tcp":
        host, port = _listen_place(arrival)
        uri = f"tcp:[{host}]:{port}" if ":" in host else f"tcp:{host}:{port}"
        monitor.execute("migrate-incoming", {"uri": uri})
    print(f"migration listens on {uri}", flush=True)
    nbd = _serve(vmid, monitor, arrival) if received else ""
    for key, drive in received.items():
        export = {"id": f"export-{key}", "type": "nbd", "node-name": drive_node(key)}
        monitor.execute("block-export-add", {**export, "name": f"drive-{key}", "writable": True})
        where = f"{nbd}:exportname=drive-{key}"
        print(f"storage migration listens on {where} volume:{format_drive(drive)}", flush=True)


def _announce_display(monitor: Monitor, ticket: str | None) -> None:
    """Clients come with the ticket that they had on the source, and soon (P2-14, P2-19)."""
    if ticket:
        monitor.execute("set_password", {"protocol": "spice", "password": ticket})
        monitor.execute("expire_password", {"protocol": "spice", "time": "+30"})
    print(f"spice listens on port {monitor.execute('query-spice')['tls-port']}", flush=True)


def _serve(vmid: int, monitor: Monitor, arrival: Arrival) -> str:
    """Start the NBD server; unix for a secure source that knows how (P2-17)."""
    place: dict[str, object]
    if arrival.migration_type == "secure" and arrival.facts.nbd_protocol_version > 0:
        path = paths.nbd_socket(vmid)
        uri, place = f"nbd:unix:{path}", {"type": "unix", "data": {"path": path}}
    else:
        host, port = _listen_place(arrival)
        uri = f"nbd:[{host}]:{port}" if ":" in host else f"nbd:{host}:{port}"
        place = {"type": "inet", "data": {"host": host, "port": str(port)}}
    monitor.execute("nbd-server-start", {"addr": place})
    return uri


def _listen_place(arrival: Arrival) -> tuple[str, int]:
    """Where plain TCP listens: loopback for secure, else the migration network's address."""
    from reference.ports import next_migrate_port

    if arrival.migration_type == "secure":
        return "localhost", next_migrate_port("127.0.0.1")
    address = datacenter.migration_ip(arrival.network)
    address = address or membership.node_ip(membership.local_node())
    return address, next_migrate_port(address)
