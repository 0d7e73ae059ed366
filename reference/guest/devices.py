"""Drives and NICs as QEMU arguments. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from reference.cluster import paths
from reference.cluster.sections import FLAGS, parse_property_string
from reference.guest.config import GuestConfig
from reference.guest.drives import Drive, drives

_DISK_BUSES = ("ide", "sata", "scsi", "virtio")


class Image(NamedTuple):
    """A drive's image on this node; `direct` tells whether it can be opened past the cache."""

    path: str
    format: str
    direct: bool


class Launch(NamedTuple):
    """What the config does not say: forced types and the incoming transport."""

    machine: str | None = None
    cpu: str | None = None
    incoming: str | None = None  # unix, tcp or None
    timeout: int | None = None  # seconds for QEMU to be ready; without, it takes its time
    spice: str | None = None  # how a SPICE display is served


def drive_node(key: str) -> str:
    """The node name of a drive's image."""
    return f"drive-{key}-image"


def boot_order(config: GuestConfig) -> list[str]:
    """Device keys in boot order; without a list the first disk (CD drives come after disks)."""
    if order := re.search(r"order=([\w;]*)", config.current.get("boot", "")):
        return [key for key in order[1].split(";") if key]
    disks = [drive for drive in drives(config.current).values() if drive.bus in _DISK_BUSES]
    return [d.key for d in sorted(disks, key=lambda d: (d.cdrom, d.bus, d.number))][:1]


def _boot_index(config: GuestConfig, key: str) -> str:
    order = boot_order(config)
    return f",bootindex={100 + order.index(key)}" if key in order else ""


def disk_arguments(config: GuestConfig, images: Callable[[Drive], Image]) -> Iterator[str]:
    """Every drive with its controller, in string order of the keys."""
    ovmf = config.current.get("bios") == "ovmf"
    controllers = {""}
    for key, drive in drives(config.current).items():
        if drive.bus == "tpmstate":
            continue
        image = None if drive.volume == "none" else images(drive)
        interface = "pflash,unit=1" if drive.bus == "efidisk" and ovmf else "none"
        yield from ("-drive", _backend(drive, image, interface))
        if drive.bus == "efidisk":
            continue
        controller, device = _frontend(config, drive)
        if controller not in controllers:
            controllers.add(controller)
            yield from ("-device", controller)
        ends = f",drive=drive-{key},id={key}{_looks(drive)}{_boot_index(config, key)}"
        yield from ("-device", device + ends)


def _looks(drive: Drive) -> str:
    """What the guest is told of the disk beside its size."""
    serial = f",serial={drive.options['serial']}" if "serial" in drive.options else ""
    solid = drive.enabled("ssd") and not drive.cdrom and drive.bus != "virtio"
    return serial + (",rotation_rate=1" if solid else "")


def _backend(drive: Drive, image: Image | None, interface: str) -> str:
    options = [f"if={interface},id=drive-{drive.key}"]
    if drive.cdrom:
        options.append("media=cdrom")
    if image is None:
        return ",".join(options)
    cache = drive.options.get("cache", "none")
    if not image.direct:
        cache = {"none": "writeback", "directsync": "writethrough"}.get(cache, cache)
    path = image.path.replace(",", ",,")  # as QEMU's option parser wants it
    options = [f"file={path}", *options, f"node-name={drive_node(drive.key)}"]
    options += [f"format={image.format}", f"cache={cache}"]
    options += [f"aio={drive.options['aio']}"] if "aio" in drive.options else []
    discard = drive.options.get("discard") == "on"
    if discard:
        options.append("discard=on")
    if not drive.cdrom and drive.enabled("detect_zeroes", True):
        options.append(f"detect-zeroes={'unmap' if discard else 'on'}")
    if drive.cdrom or drive.enabled("ro"):
        options.append("readonly=on")
    return ",".join(options)


def _frontend(config: GuestConfig, drive: Drive) -> tuple[str, str]:
    """The controller a drive needs ("" if the board has it) and the device there."""
    kind, number = "cd" if drive.cdrom else "hd", drive.number
    if drive.bus == "virtio":
        return "", "virtio-blk-pci"
    if drive.bus == "sata":
        return "ahci,id=ahci0", f"ide-{kind},bus=ahci0.{number}"
    if drive.bus == "ide":
        q35 = "q35" in config.current.get("machine", "")
        channel, unit = (number, 0) if q35 else divmod(number, 2)
        return "", f"ide-{kind},bus=ide.{channel},unit={unit}"
    hardware = config.current.get("scsihw", "lsi")
    if hardware in ("virtio-scsi-pci", "virtio-scsi-single", "megasas"):
        single = hardware == "virtio-scsi-single"
        name = f"virtioscsi{number}" if single else "scsihw0"
        place = f"bus={name}.0,channel=0,scsi-id=0,lun={number}"
        return f"{hardware.replace('single', 'pci')},id={name}", f"scsi-{kind},{place}"
    name = f"scsihw{number // 7}"
    return f"{hardware},id={name}", f"scsi-{kind},bus={name}.0,scsi-id={number % 7}"


def network_arguments(config: GuestConfig) -> Iterator[str]:
    """Every NIC, on QEMU's user network."""
    for key, value in sorted(config.current.items()):
        if re.fullmatch(r"net\d+", key):
            model, _, mac = value.partition(",")[0].partition("=")
            device = "virtio-net-pci" if model == "virtio" else model
            address = f",mac={mac}" if mac else ""
            yield from ("-netdev", f"user,id={key}", "-device")
            yield f"{device}{address},netdev={key},id={key}{_boot_index(config, key)}"


def _agent_options(config: GuestConfig) -> dict[str, str]:
    """The agent option by name; empty if the guest has none."""
    found = parse_property_string(config.current.get("agent", "0"), "enabled")
    return found if FLAGS.get(found.get("enabled", "0").lower()) else {}


def trims_clones(config: GuestConfig) -> bool:
    """Whether the guest's agent is to be told when its disks were copied (P3-12)."""
    return FLAGS.get(_agent_options(config).get("fstrim_cloned_disks", "0").lower(), False)


def agent_arguments(config: GuestConfig) -> Iterator[str]:
    """The serial port at which the guest's agent answers."""
    if not (options := _agent_options(config)):
        return
    path = paths.agent_socket(config.vmid)
    yield from ("-chardev", f"socket,id=qga0,path={path},server=on,wait=off", "-device")
    if options.get("type") == "isa":
        yield "isa-serial,chardev=qga0"
        return
    port = "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0"
    yield from ("virtio-serial,id=qga0", "-device", port)


def spice_heads(config: GuestConfig) -> int:
    """How many displays for SPICE clients the guest has (P2-02)."""
    kind = parse_property_string(config.current.get("vga", ""), "type").get("type", "")
    match = re.fullmatch(r"qxl([2-4]?)", kind)
    return int(match[1] or 1) if match else 0


def display_arguments(config: GuestConfig, launch: Launch) -> Iterator[str]:
    """Its displays, if SPICE serves them."""
    if launch.spice:
        yield from ("-spice", launch.spice, "-device", "qxl-vga,id=vga")
        for number in range(1, spice_heads(config)):
            yield from ("-device", f"qxl,id=vga{number}")
