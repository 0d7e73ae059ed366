"""A guest config as QEMU's command line. Pure: same config, same devices in the same order."""

import re
import shlex
from collections.abc import Callable

from reference.cluster import paths
from reference.cluster.sections import parse_property_string
from reference.errors import Failure
from reference.guest.config import GuestConfig
from reference.guest.devices import Image, Launch, disk_arguments, escape, network_arguments
from reference.guest.drives import Drive
from reference.guest.schema import flag, memory_mib

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
_UNSUPPORTED = re.compile(
    r"(?:arch|audio0|cdrom|hugepages|amd-sev|intel-tdx|rng0|watchdog|(?:hostpci|numa|virtiofs)\d+)"
)
_V2 = "+cx16,+lahf-lm,+popcnt,+sse3,+sse4.1,+sse4.2,+ssse3"
_V3 = f"{_V2},+aes,+abm,+avx,+avx2,+bmi1,+bmi2,+f16c,+fma,+movbe,+xsave"
_LEVELS = {
    "x86-64-v2": _V2,
    "x86-64-v2-AES": f"{_V2},+aes",
    "x86-64-v3": _V3,
    "x86-64-v4": f"{_V3},+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl",
}


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
    argv += ["-display", "none", "-vga", _vga(config), "-daemonize"]
    argv += ["-pidfile", paths.pid_file(vmid)]
    argv += ["-chardev", f"socket,id=qmp,path={paths.qmp_socket(vmid)},server=on,wait=off"]
    argv += ["-mon", "chardev=qmp,mode=control"]
    argv += _board(config, launch)
    argv += _identity(config)
    argv += _consoles(config)
    argv += disk_arguments(config, images, launch)
    argv += network_arguments(config)
    if launch.incoming:
        unix = f"unix:{paths.migrate_socket(vmid)}"
        argv += ["-S", "-incoming", unix if launch.incoming == "unix" else "defer"]
    elif _enabled(config, "freeze"):
        argv += ["-S"]
    return argv + shlex.split(current.get("args", ""))


def _enabled(config: GuestConfig, key: str, default: bool = False) -> bool:
    return flag(config.current[key]) if key in config.current else default


def _vga(config: GuestConfig) -> str:
    kind = parse_property_string(config.current.get("vga", "none"), "type")["type"]
    return "none" if kind.startswith("serial") else kind


def machine_type(config: GuestConfig, launch: Launch) -> str:
    """The machine type to ask QEMU for, without suffixes that only Proxmox's QEMU knows."""
    text = launch.machine or config.current.get("machine", "pc")
    kind = parse_property_string(text, "type").get("type", "pc")
    return re.sub(r"\+pve\d+|\.pxe", "", kind)


def _board(config: GuestConfig, launch: Launch) -> list[str]:
    current = config.current
    kvm = _enabled(config, "kvm", True)
    cores, sockets = int(current.get("cores", 1)), int(current.get("sockets", 1))
    cpus = int(current.get("vcpus", cores * sockets))
    acpi = "" if _enabled(config, "acpi", True) else ",acpi=off"
    argv = ["-machine", machine_type(config, launch) + acpi, "-accel", "kvm" if kvm else "tcg"]
    argv += ["-cpu", launch.cpu or _cpu(current.get("cpu"), kvm), "-m", str(memory_mib(current))]
    argv += ["-smp", f"{cpus},sockets={sockets},cores={cores},maxcpus={cores * sockets}"]
    if _enabled(config, "localtime"):
        argv += ["-rtc", "base=localtime"]
    if not _enabled(config, "reboot", True):
        argv += ["-no-reboot"]
    if current.get("balloon", "0") != "0":
        argv += ["-device", "virtio-balloon-pci,id=balloon0"]
    return argv


def _cpu(text: str | None, kvm: bool) -> str:
    options = parse_property_string(text or ("kvm64" if kvm else "qemu64"), "cputype")
    model = options.get("cputype", "kvm64")
    if model.startswith("custom-"):
        raise Failure(f"cpu: '{model}' is not supported here (expected a built-in model)")
    parts = [f"qemu64,{_LEVELS[model]}" if model in _LEVELS else model]
    parts += [name for name in options.get("flags", "").split(";") if name]
    if flag(options.get("hidden", "0")):
        parts.append("kvm=off")
    return ",".join(parts)


def _identity(config: GuestConfig) -> list[str]:
    argv: list[str] = []
    if smbios := config.current.get("smbios1"):
        values = parse_property_string(smbios)
        encoded = flag(values.pop("base64", "0"))
        if encoded:
            values = {k: v if k == "uuid" else _decode(v) for k, v in values.items()}
        fields = [f"{key}={escape(value)}" for key, value in sorted(values.items())]
        argv += ["-smbios", ",".join(["type=1", *fields])]
    generation = config.current.get("vmgenid", "0")
    if generation not in ("0", "1"):
        argv += ["-device", f"vmgenid,guid={generation}"]
    if config.current.get("bios") == "ovmf":
        argv += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF_CODE}"]
    return argv


def _decode(text: str) -> str:
    from base64 import b64decode

    try:
        return b64decode(text, validate=True).decode()
    except ValueError:
        raise Failure(f"smbios1: '{text}' is not valid (expected base64)") from None


def _consoles(config: GuestConfig) -> list[str]:
    vmid, argv = config.vmid, list[str]()
    for key, value in sorted(config.current.items()):
        kind = re.fullmatch(r"(serial|parallel|usb)(\d+)", key)
        if not kind:
            continue
        if kind[1] == "usb":
            argv += _usb(key, value, first="qemu-xhci,id=xhci" not in argv)
            continue
        backend = f"{kind[1]},id={key},path={value}"
        if value == "socket":
            path = paths.serial_socket(vmid, int(kind[2]))
            backend = f"socket,id={key},path={path},server=on,wait=off"
        argv += ["-chardev", backend, "-device", f"isa-{kind[1]},chardev={key}"]
    if flag(parse_property_string(config.current.get("agent", "0"), "enabled").get("enabled", "0")):
        path = paths.qmp_socket(vmid).removesuffix(".qmp") + ".qga"
        argv += ["-chardev", f"socket,id=qga0,path={path},server=on,wait=off"]
        argv += ["-device", "virtio-serial,id=qga0"]
        argv += ["-device", "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0"]
    return argv


def _usb(key: str, value: str, first: bool) -> list[str]:
    ids = r"(?i:(?:host=)?(?:0x)?([0-9a-f]{4}):(?:0x)?([0-9a-f]{4})(?:,.*)?)"
    match = re.fullmatch(ids, value)
    if not match:
        raise Failure(f"{key}: '{value}' is not supported here (expected host=<vendor>:<product>)")
    device = f"vendorid=0x{match[1]},productid=0x{match[2]}"
    controller = ["-device", "qemu-xhci,id=xhci"] if first else []
    return [*controller, "-device", f"usb-host,bus=xhci.0,{device},id={key}"]
