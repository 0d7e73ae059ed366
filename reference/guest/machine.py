"""A guest config as QEMU's command line. Pure: same config, same devices in the same order."""

import re
import shlex
from collections.abc import Callable

from reference.cluster import paths
from reference.cluster.sections import parse_property_string
from reference.errors import Failure
from reference.guest.config import GuestConfig
from reference.guest.devices import (
    Image,
    Launch,
    agent_arguments,
    disk_arguments,
    display_arguments,
    network_arguments,
)
from reference.guest.drives import Drive

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
_UNSUPPORTED = re.compile(r"arch|hostusb|hugepages|(?:hostpci|numa|parallel|usb|virtiofs)\d+")


def qemu_argv(
    config: GuestConfig, images: Callable[[Drive], Image], launch: Launch | None = None
) -> list[str]:
    """QEMU's argv; Failure for an option this node can't honour."""
    launch = launch or Launch()
    vmid, current = config.vmid, config.current
    for key in sorted(current):
        if _UNSUPPORTED.fullmatch(key):
            raise Failure(f"{key}: '{current[key]}' is not supported here")
    name = current.get("name", f"vm{vmid}")
    argv = [paths.QEMU, "-name", f"{name},debug-threads=on", "-no-user-config", "-nodefaults"]
    argv += ["-display", "none", "-daemonize", "-pidfile", paths.pid_file(vmid)]
    argv += ["-chardev", f"socket,id=qmp,path={paths.qmp_socket(vmid)},server=on,wait=off"]
    argv += ["-mon", "chardev=qmp,mode=control"]
    argv += [*_board(config, launch), *_identity(config), *_serials(config)]
    argv += agent_arguments(config)
    argv += disk_arguments(config, images)
    argv += network_arguments(config)
    argv += display_arguments(config, launch)
    if launch.incoming:
        unix = f"unix:{paths.migrate_socket(vmid)}"
        argv += ["-S", "-incoming", unix if launch.incoming == "unix" else "defer"]
    return argv + shlex.split(current.get("args", ""))


def _board(config: GuestConfig, launch: Launch) -> list[str]:
    current, kvm = config.current, config.flag("kvm", True)
    cores, sockets = int(current.get("cores", 1)), int(current.get("sockets", 1))
    kind = parse_property_string(launch.machine or current.get("machine", "pc"), "type")["type"]
    machine = re.sub(r"\+pve\d+|\.pxe", "", kind)  # suffixes that only Proxmox's QEMU knows
    cpu = launch.cpu or _cpu(current.get("cpu", "kvm64" if kvm else "qemu64"))
    topology = f"{cores * sockets},sockets={sockets},cores={cores},maxcpus={cores * sockets}"
    argv = ["-machine", machine, "-accel", "kvm" if kvm else "tcg", "-cpu", cpu]
    return [*argv, "-m", str(config.memory_mib), "-smp", topology]


def machine_version(machine: str | None) -> tuple[int, int]:
    """`pc-i440fx-7.2` -> (7, 2); (0, 0) if the name carries no version."""
    match = re.search(r"-(\d+)\.(\d+)(?:\+|\.pxe|$)", machine or "")
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _cpu(text: str) -> str:
    options = parse_property_string(text, "cputype")
    flags = [name for name in options.get("flags", "").split(";") if name]
    return ",".join([options.get("cputype", "kvm64"), *flags])


def _identity(config: GuestConfig) -> list[str]:
    argv: list[str] = []
    if smbios := config.current.get("smbios1"):
        argv += ["-smbios", f"type=1,{smbios}"]
    generation = config.current.get("vmgenid", "0")
    if generation not in ("0", "1"):
        argv += ["-device", f"vmgenid,guid={generation}"]
    if config.current.get("bios") == "ovmf":
        argv += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF_CODE}"]
    return argv


def _serials(config: GuestConfig) -> list[str]:
    argv: list[str] = []
    for key, value in sorted(config.current.items()):
        if re.fullmatch(r"serial\d+", key):
            backend = f"serial,id={key},path={value}"
            if value == "socket":
                path = paths.serial_socket(config.vmid, int(key.removeprefix("serial")))
                backend = f"socket,id={key},path={path},server=on,wait=off"
            argv += ["-chardev", backend, "-device", f"isa-serial,chardev={key}"]
    return argv
