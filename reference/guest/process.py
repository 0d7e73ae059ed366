"""A guest's QEMU process on this node: found, started, resumed, ended."""

from __future__ import annotations

import os
import re
import select
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reference.cluster import paths
from reference.errors import Failure
from reference.guest.config import GuestConfig
from reference.guest.drives import Drive, volume_format

if TYPE_CHECKING:
    import subprocess

    from reference.cluster.storages import Storage
    from reference.guest.devices import Image, Launch
    from reference.guest.monitor import Monitor

QUIT_WAIT = 60.0  # seconds for QEMU to end when asked
TERM_WAIT = 10.0  # seconds between TERM and KILL (P3-16)


def running_pid(vmid: int) -> int | None:
    """The pid of the guest's QEMU; a zombie or a process that only took over the pid is none."""
    try:
        with open(paths.pid_file(vmid), encoding="ascii") as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return None
    return pid if paths.pid_file(vmid).encode() in words and state not in "ZX" else None


def _log_file(vmid: int) -> str:
    """Where QEMU writes its complaints."""
    return paths.pid_file(vmid).removesuffix("pid") + "log"


def start_guest(
    config: GuestConfig,
    storages: Mapping[str, Storage],
    launch: Launch,
    migrated_from: str | None = None,
) -> None:
    """Start QEMU; on return its sockets listen. Its output is relayed with `QEMU: ` (P2-13)."""
    from importlib import import_module
    from threading import Thread

    from reference.guest.hooks import before_start
    from reference.guest.machine import qemu_argv

    vmid = config.vmid
    environment = {**os.environ, **({"PVE_MIGRATED_FROM": migrated_from} if migrated_from else {})}
    before_start(config, storages, environment)
    argv = qemu_argv(config, lambda drive: _image(drive, storages), _as_here(config, launch))
    os.makedirs(paths.ROOT + paths.RUN, exist_ok=True)
    cleanup_sockets(vmid)
    if launch.incoming:  # QEMU takes longer to come up than this to load
        Thread(target=import_module, args=("reference.migration.memory",), daemon=True).start()
    done = _run(vmid, argv, environment, launch.timeout or None)
    for line in [*done.stderr.decode(errors="replace").splitlines(), *log_lines(vmid)]:
        print(f"QEMU: {line}", flush=True)
    if done.returncode:
        cleanup_sockets(vmid)
        raise Failure(f"start failed: QEMU exited with code {done.returncode}")


def _as_here(config: GuestConfig, launch: Launch) -> Launch:
    """What the config leaves to the cluster or this node: the processor, the display's place."""
    from reference.guest import cpu
    from reference.guest.devices import spice_heads

    model = config.current.get("cpu", "")
    literal = cpu.literal(model) if not launch.cpu and cpu.is_abstract(model) else launch.cpu
    return launch._replace(cpu=literal, spice=_spice() if spice_heads(config) else None)


def _spice() -> str:
    """A display is served encrypted, on this node's loopback alone."""
    from reference.cluster.membership import local_node
    from reference.ports import next_spice_port

    certificate, key = paths.certificate(local_node())
    places = f"x509-cert-file={certificate},x509-key-file={key},x509-cacert-file={paths.root_ca()}"
    where = f"tls-port={next_spice_port()},addr=127.0.0.1,tls-ciphers=HIGH"
    return f"{where},{places},seamless-migration=on"


def _run(
    vmid: int, argv: list[str], environment: Mapping[str, str], timeout: float | None
) -> subprocess.CompletedProcess[bytes]:
    """Run QEMU until it has become a daemon."""
    import subprocess

    # It goes on writing to the log then: a failed load is told there.
    argv = [*argv, "-D", _log_file(vmid)]
    quiet = subprocess.DEVNULL
    try:
        return subprocess.run(
            argv, env=environment, cwd="/", check=False, timeout=timeout,
            stdin=quiet, stdout=quiet, stderr=subprocess.PIPE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        stop_guest(vmid, ask=False)
        raise Failure(f"start failed: QEMU was not ready within {timeout} s") from None


def _image(drive: Drive, storages: Mapping[str, Storage]) -> Image:
    """The image behind a drive; Failure if this node does not have the volume."""
    from reference import storage
    from reference.guest.devices import Image

    if drive.volume == "cdrom":
        return Image("/dev/cdrom", "raw", False)
    path, fmt = drive.volume, drive.options.get("format", "raw")
    if not path.startswith("/"):
        storage.volume_info(storages, drive.volume)
        path, fmt = storage.volume_path(storages, drive.volume), volume_format(drive.volume)
    elif not os.path.exists(path):
        raise Failure(f"{drive.key}: '{path}' does not exist")
    return Image(path, fmt, _opens_direct(path, fmt))


def _opens_direct(path: str, fmt: str) -> bool:
    """Past the page cache; QEMU refuses to write a raw image whose last block is not whole."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECT))
    except OSError:
        return False
    return fmt != "raw" or os.stat(path).st_size % 4096 == 0


def log_lines(vmid: int) -> list[str]:
    """What QEMU has written since its start."""
    try:
        with open(_log_file(vmid), encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def running_machine(monitor: Monitor) -> str:
    """The versioned machine type of the live process, such as `pc-i440fx-7.2` (CPU-01)."""
    answer = monitor.execute("qom-get", {"path": "/machine", "property": "type"})
    return str(answer).removesuffix("-machine")


def execute(
    vmid: int, command: str, arguments: Mapping[str, Any] | None = None, timeout: float = 10.0
) -> None:
    """One QMP command for a guest that must run here."""
    from reference.guest.monitor import Monitor

    check_running(vmid)
    with Monitor(paths.qmp_socket(vmid)) as monitor:
        monitor.execute(command, arguments, timeout=timeout)


def resume_guest(vmid: int) -> None:
    """Let the guest run, whatever held it (P3-10)."""
    from reference.guest.monitor import Monitor

    check_running(vmid)
    with Monitor(paths.qmp_socket(vmid)) as monitor:
        status = monitor.execute("query-status", timeout=60)["status"]
        if status == "shutdown":
            monitor.execute("system_reset")
        if status != "running":
            monitor.execute("system_wakeup" if status == "suspended" else "cont")


def check_running(vmid: int) -> None:
    """Failure if the guest does not run here."""
    if running_pid(vmid) is None:
        raise Failure(f"VM {vmid} not running")


def shutdown_guest(vmid: int, timeout: float, *, force: bool) -> None:
    """Press the guest's power button and wait for its end; with `force` it ends all the same."""
    pid = running_pid(vmid)
    if pid is not None:
        handle = os.pidfd_open(pid)
        try:
            execute(vmid, "system_powerdown")
            ended = bool(select.select([handle], [], [], timeout)[0])
        finally:
            os.close(handle)
        if not (ended or force):
            raise Failure("VM quit/powerdown failed - got timeout")
    stop_guest(vmid)


def stop_guest(vmid: int, *, ask: bool = True) -> None:
    """End the process: `quit`, after a minute TERM, then KILL (P3-16).

    Without `ask` it begins with TERM, as for an incoming process (P2C-09).
    """
    pid = running_pid(vmid)
    if pid is not None:
        with suppress(ProcessLookupError):
            _end(vmid, pid, ask)
        if running_pid(vmid) == pid:
            raise Failure(f"VM {vmid}: process {pid} did not end after KILL")
    cleanup_sockets(vmid)


def _end(vmid: int, pid: int, ask: bool) -> None:
    handle = os.pidfd_open(pid)

    def ended(seconds: float) -> bool:
        return bool(select.select([handle], [], [], seconds)[0])

    try:
        with suppress(Failure):
            if ask:
                execute(vmid, "quit")
                if ended(QUIT_WAIT):
                    return
        for number in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(handle, number)
            if ended(TERM_WAIT):
                return
    finally:
        os.close(handle)


def cleanup_sockets(vmid: int) -> None:
    """Remove the runtime files of a guest that has ended (P3-17)."""
    own = re.compile(rf"{vmid}(?:\.(?:qmp|qga|pid|migrate|log|serial\d+)|_nbd\.migrate)")
    folder = paths.ROOT + paths.RUN
    for name in filter(own.fullmatch, os.listdir(folder) if os.path.isdir(folder) else ()):
        with suppress(FileNotFoundError):
            os.unlink(f"{folder}/{name}")
