"""Phase 2: start on the target, mirror disks, move RAM; and its cleanup (P2-*, P2C-*)."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import suppress

from reference.cluster import paths
from reference.errors import Failure
from reference.guest.devices import spice_heads
from reference.guest.monitor import Monitor, MonitorFailure
from reference.migration import memory, mirror, phase1
from reference.migration.checklist import Step, work_off
from reference.migration.state import Announced, Migration
from reference.migration.tunnel import Tunnel

_LAST_WORDS = 30.0  # seconds for a start on the target that is not wanted any more
_ENDED = ("none", "completed", "failed", "cancelled")
_HOST = r"localhost|[\d.]+|\[[\d.:a-fA-F]+\]"
_LISTEN_TCP = re.compile(rf"migration listens on (tcp:(?:{_HOST}):\d{{1,5}})", re.ASCII)
_LISTEN_UNIX = re.compile(r"migration listens on unix:(/run/qemu-server/\S+\.migrate)")
_NBD = re.compile(
    rf"storage migration listens on (nbd:(?:(?:{_HOST}):\d{{1,5}}|unix:(/run/qemu-server/\S+)):"
    r"exportname=drive-(\w+)) volume:(\S+)",
    re.ASCII,
)


def phase2(migration: Migration) -> None:
    """The order of a live migration: start, tunnel, mirrors, RAM, mirrors' end."""
    uri, sockets = _start_on_target(migration)
    migration.log.info("start remote tunnel")
    migration.tunnel = Tunnel(migration.remote, sockets)
    _watch_destination(migration)
    online = sum(volume.online for volume in migration.volumes.values())
    if len(migration.announced) != online:
        raise Failure(
            f"number of local disks ({online}) and of target drives "
            f"({len(migration.announced)}) differ"
        )
    with (
        Monitor(paths.qmp_socket(migration.vmid)) as monitor,
        monitor.listen("STOP") as stops,
        monitor.listen(*mirror.EVENTS) as jobs,
    ):
        mirrors = mirror.start_all(migration, monitor, jobs)
        memory.prepare(migration, monitor)
        memory.Transfer(migration, monitor, stops).run(uri)
        memory.confirm_loaded(migration)
        if mirrors.jobs:
            mirrors.finish()
        _require_answer(migration)


def _require_answer(migration: Migration) -> None:
    """Idle mirrors of a newer QEMU end well without a target, and its end is heard of late."""
    migration.check_target()
    if migration.destination:
        try:
            migration.destination.execute("query-status")
        except MonitorFailure as error:
            raise Failure(f"the target does not answer any more - {error}") from None


def _watch_destination(migration: Migration) -> None:
    """Reach the target's own monitor, for its word on the loaded state counts."""
    migration.destination = Monitor(migration.far_monitor)


def _start_on_target(migration: Migration) -> tuple[str, list[str]]:
    """Run `qm start` there; returns the stream's uri and the sockets to forward (P2-04..16)."""
    target = migration.request.target
    migration.log.info(f"starting VM {migration.vmid} on remote node '{target}'")
    told = _start_input(migration)
    child = migration.remote.popen(
        _start_command(migration),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        output, errors = child.communicate(told)
    except BaseException:
        _hear_out(migration, child)
        raise
    lines = output.decode(errors="replace").splitlines()
    relayed = [line for line in lines if line.startswith("QEMU: ")]
    for line in relayed + errors.decode(errors="replace").splitlines():
        migration.log.info(f"[{target}] {line}")
    listening = parse_announcements(migration, lines)
    if child.returncode:
        raise Failure(f"remote command failed with exit code {child.returncode}")
    if listening is None:
        raise Failure("unable to detect remote migration address")
    return listening


def _hear_out(migration: Migration, child: subprocess.Popen[bytes]) -> None:
    """Hanging up would not undo what it does there: what it makes is to be stopped and freed."""
    try:
        output, _ = child.communicate(timeout=_LAST_WORDS)
        with suppress(Failure):
            parse_announcements(migration, output.decode(errors="replace").splitlines())
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()


def _start_command(migration: Migration) -> list[str]:
    kind, transport = ("secure", "unix") if migration.secure else ("insecure", "tcp")
    command = [paths.QM, "start", str(migration.vmid), "--skiplock"]
    command += ["--migratedfrom", migration.source, "--migration_type", kind]
    if migration.network:
        command += ["--migration_network", migration.network]
    command += ["--stateuri", transport]
    if migration.machine:
        command += ["--machine", migration.machine]
    if migration.cpu:
        command += ["--force-cpu", migration.cpu]
    if any(volume.online for volume in migration.volumes.values()):
        command += ["--targetstorage", migration.request.targetstorage or "1"]
    return command


def _spice_ticket(migration: Migration) -> str | None:
    """What the display's clients came with; only Proxmox's own QEMU tells it (P2-02)."""
    if not spice_heads(migration.config):
        return None
    with Monitor(paths.qmp_socket(migration.vmid)) as monitor:
        ticket: str | None = monitor.execute("query-spice").get("ticket")
        return ticket


def _start_input(migration: Migration) -> bytes:
    """The lines on standard input, in the catalogue's order (P2-06)."""
    lines = ["nbd_protocol_version: 1"]
    for drive, volid in phase1.current_drives(migration):
        new = migration.transferred.get(volid, volid)
        if new != volid:
            lines.append(f"offline_volume: {drive}: {new}")
    if ticket := _spice_ticket(migration):
        lines.append(f"spice_ticket: {ticket}")
    return "".join(f"{line}\n" for line in lines).encode()


def parse_announcements(migration: Migration, lines: list[str]) -> tuple[str, list[str]] | None:
    """Read what the target prints; records drives, refuses foreign sockets (P2-14, P2-15)."""
    uri: str | None = None
    sockets: list[str] = []
    offers = [offer.groups() for offer in map(_NBD.fullmatch, lines) if offer]
    for nbd, _, drive, drivestring in offers:  # first, so that the cleanup frees every one
        _record(migration, nbd, drive, drivestring)
    for line in lines:
        if match := _LISTEN_UNIX.fullmatch(line):
            _own_socket(migration, match[1], paths.migrate_socket(migration.vmid))
            uri, sockets = f"unix:{match[1]}", [*sockets, match[1]]
        elif match := _LISTEN_TCP.fullmatch(line):
            uri = match[1]
    for path in dict.fromkeys(path for _, path, _, _ in offers if path):
        _own_socket(migration, path, paths.nbd_socket(migration.vmid))
        sockets.append(path)
    wanted = {volume.drive for volume in migration.volumes.values() if volume.online}
    if foreign := migration.announced.keys() - wanted:
        raise Failure(f"target offers drive '{min(foreign)}', which is not to be mirrored")
    return (uri, sockets) if uri else None


def _record(migration: Migration, nbd: str, drive: str, drivestring: str) -> None:
    """Note where a drive is received, and in which volume."""
    migration.announced[drive] = Announced(drive, nbd, drivestring)
    for volume in migration.volumes.values():
        if volume.online and volume.drive == drive:
            new = drivestring.partition(",")[0]
            migration.transferred[volume.volid] = new
            migration.log.info(f"volume '{volume.volid}' is '{new}' on the target")


def _own_socket(migration: Migration, path: str, expected: str) -> None:
    if path != expected:
        raise Failure(
            f"unexpected socket path '{path}' from the target, expected one of VM {migration.vmid}"
        )


def cleanup(migration: Migration) -> None:
    """Back to a guest that runs here, in the order of P2C-01."""
    migration.log.info("aborting phase 2 - cleanup resources")
    answers = _answers(migration)
    migration.close_destination()
    work_off(
        migration.log,
        [
            *([] if answers else _letting_go(migration)),
            ("migrate_cancel", lambda: _cancel(migration)),
            ("continuing the guest", lambda: _continue(migration)),
            ("unlocking the config", lambda: phase1.unlock(migration)),
            ("cancelling mirror jobs", lambda: _cancel_jobs(migration, force=not answers)),
            ("stopping the VM on the target", lambda: _stop_on_target(migration)),
            *phase1.free_remote_copies(migration),
            ("closing the tunnel", migration.close_tunnel),
        ],
    )


def _letting_go(migration: Migration) -> list[Step]:
    """A target that hangs or is out of reach would hold up this end's QEMU, guest and all.

    Mirrors of a guest that stands still end at once: cut off ones crash QEMU 11 when it writes.
    """

    def yank() -> None:
        with Monitor(paths.qmp_socket(migration.vmid)) as monitor:
            mirror.yank(monitor, migration.announced)
            if monitor.execute("query-status")["status"] == "postmigrate":
                mirror.cancel_all(monitor, force=True)

    return [("cutting the mirrors' connections", yank)] if migration.announced else []


def _answers(migration: Migration) -> bool:
    """Then the mirrors end in their turn.

    Cut off in the middle of a guest's write, QEMU 10.0 and 11.1 were seen to crash.
    """
    try:
        if migration.destination:
            migration.destination.execute("query-status", timeout=1.0)
    except MonitorFailure:
        return False
    return migration.tunnel is None or migration.tunnel.alive()


def _cancel(migration: Migration) -> None:
    """Until it has ended: one that completes all the same leaves a guest to be continued."""
    deadline = time.monotonic() + 10
    with Monitor(paths.qmp_socket(migration.vmid)) as monitor:
        monitor.execute("migrate_cancel")
        while monitor.execute("query-migrate").get("status", "none") not in _ENDED:
            if time.monotonic() > deadline:
                raise Failure("the transfer did not end")
            time.sleep(0.01)


def _stop_on_target(migration: Migration) -> None:
    """What its QEMU had to say may be the reason for it all."""
    command = [paths.QM, "stop", str(migration.vmid), "--skiplock"]
    said = migration.remote.check([*command, "--migratedfrom", migration.source])
    for line in said.splitlines():
        migration.log.info(f"[{migration.request.target}] {line}")


def _cancel_jobs(migration: Migration, *, force: bool) -> None:
    with Monitor(paths.qmp_socket(migration.vmid)) as monitor:
        mirror.cancel_all(monitor, force=force)


def _continue(migration: Migration) -> None:
    """A guest that had stopped for the hand-over runs on here, unless it was paused (P2C-02)."""
    with Monitor(paths.qmp_socket(migration.vmid)) as monitor:
        if monitor.execute("query-status")["status"] != "postmigrate":
            return
        if migration.paused:
            migration.log.error("VM was paused before migration - it stays in postmigrate state")
            return
        monitor.execute("cont")
