"""Drives and NICs as QEMU arguments. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from reference.cluster.sections import parse_property_string
from reference.guest.config import GuestConfig
from reference.guest.drives import Drive, drives

_DISK_BUSES = ("ide", "sata", "scsi", "virtio")


class Image(NamedTuple):
    """A drive's image on this node; `direct` tells whether it can be opened past the cache."""

    path: str
    format: str
    direct: bool


class Launch(NamedTuple):
    """What the config does not say: forced types, the incoming transport, facts of the node."""

    machine: str | None = None
    cpu: str | None = None
    incoming: str | None = None  # unix, tcp or None
    uring: bool = True


def drive_node(key: str) -> str:
    """The node name of a drive's image."""
    return f"drive-{key}-image"


def escape(text: str) -> str:
    """A comma doubled, as QEMU's option parser wants it."""
    return text.replace(",", ",,")


def boot_order(config: GuestConfig) -> list[str]:
    """Device keys in boot order; without a list the first disk (CD drives come after disks)."""
    order = re.search(r"order=([\w;]*)", config.current.get("boot", ""))
    if order:
        return [key for key in order[1].split(";") if key]
    if "bootdisk" in config.current:
        return [config.current["bootdisk"]]
    disks = [d for d in drives(config.current).values() if _bus(d.key)[0] in _DISK_BUSES]
    return [d.key for d in sorted(disks, key=lambda d: (d.cdrom, _bus(d.key)))][:1]


def _bus(key: str) -> tuple[str, int]:
    name = key.rstrip("0123456789")
    return name, int(key[len(name) :])


def _boot_index(config: GuestConfig, key: str) -> str:
    order = boot_order(config)
    return f",bootindex={100 + order.index(key)}" if key in order else ""


def disk_arguments(
    config: GuestConfig, images: Callable[[Drive], Image], launch: Launch
) -> Iterator[str]:
    """Every drive with its controller, in string order of the keys."""
    ovmf = config.current.get("bios") == "ovmf"
    controllers: set[str] = set()
    for key, drive in drives(config.current).items():
        bus, number = _bus(key)
        if bus == "tpmstate":
            continue
        image = None if drive.volume == "none" else images(drive)
        interface = "pflash,unit=1" if bus == "efidisk" and ovmf else "none"
        yield from ("-drive", _backend(drive, image, launch, interface))
        if bus == "efidisk":
            continue
        controller, device = _frontend(config, drive, bus, number)
        if _has_thread(config, drive):
            yield from ("-object", f"iothread,id=iothread-{key}")
        if controller and controller not in controllers:
            controllers.add(controller)
            yield from ("-device", controller)
        yield from ("-device", device + _boot_index(config, key))


def _has_thread(config: GuestConfig, drive: Drive) -> bool:
    single = config.current.get("scsihw") == "virtio-scsi-single"
    bus = _bus(drive.key)[0]
    return drive.enabled("iothread") and (bus == "virtio" or (bus == "scsi" and single))


def _backend(drive: Drive, image: Image | None, launch: Launch, interface: str) -> str:
    options = [f"if={interface},id=drive-{drive.key}"]
    if drive.cdrom:
        options.append("media=cdrom")
    if image is None:
        return ",".join(options)
    options = [f"file={escape(image.path)}", *options, f"node-name={drive_node(drive.key)}"]
    options += [f"format={image.format}", *_tuning(drive, image, launch)]
    if drive.cdrom or drive.enabled("ro"):
        options.append("readonly=on")
    if drive.enabled("snapshot"):
        options.append("snapshot=on")
    return ",".join(options)


def _tuning(drive: Drive, image: Image, launch: Launch) -> Iterator[str]:
    cache = drive.options.get("cache", "none")
    if cache in ("none", "directsync") and not image.direct:
        cache = "writeback" if cache == "none" else "writethrough"
    direct = cache in ("none", "directsync")
    fallback = "native" if direct else "threads"
    yield f"cache={cache}"
    yield f"aio={drive.options.get('aio', 'io_uring' if launch.uring else fallback)}"
    discard = drive.options.get("discard") == "on"
    if discard:
        yield "discard=on"
    if not drive.cdrom and drive.enabled("detect_zeroes", True):
        yield f"detect-zeroes={'unmap' if discard else 'on'}"
    for key, value in sorted(drive.options.items()):
        if key in ("werror", "rerror"):
            yield f"{key}={value}"
        elif match := re.fullmatch(r"(m?)(bps|iops)(_rd|_wr)?((?:_max)?(?:_length)?)", key):
            side = {"_rd": "read", "_wr": "write"}.get(match[3], "total")
            number = float(value) * (1e6 if match[1] and "length" not in key else 1)
            yield f"throttling.{match[2]}-{side}{match[4].replace('_', '-')}={int(number)}"


def _frontend(config: GuestConfig, drive: Drive, bus: str, number: int) -> tuple[str, str]:
    """The controller a drive needs ("" if the board has it) and the drive's own device."""
    kind, tail = "cd" if drive.cdrom else "hd", f"drive=drive-{drive.key},id={drive.key}"
    if "serial" in drive.options:
        tail += f",serial={escape(drive.options['serial'])}"
    if "wwn" in drive.options and bus != "virtio":
        tail += f",wwn={drive.options['wwn']}"
    if drive.enabled("ssd") and kind == "hd" and bus != "virtio":
        tail += ",rotation_rate=1"
    thread = f",iothread=iothread-{drive.key}" if _has_thread(config, drive) else ""
    if bus == "virtio":
        return "", f"virtio-blk-pci,{tail}{thread}"
    if bus == "scsi":
        controller, place = _scsi(config.current.get("scsihw", "lsi"), number)
        return controller + thread, f"scsi-{kind},{place},{tail}"
    if bus == "sata":
        return "ahci,id=ahci0", f"ide-{kind},bus=ahci0.{number},{tail}"
    if "q35" in config.current.get("machine", ""):
        return "", f"ide-{kind},bus=ide.{number},unit=0,{tail}"
    return "", f"ide-{kind},bus=ide.{number // 2},unit={number % 2},{tail}"


def _scsi(hardware: str, number: int) -> tuple[str, str]:
    if hardware == "virtio-scsi-single":
        name = f"virtioscsi{number}"
        return f"virtio-scsi-pci,id={name}", f"bus={name}.0,channel=0,scsi-id=0,lun={number}"
    if hardware in ("virtio-scsi-pci", "megasas"):
        return f"{hardware},id=scsihw0", f"bus=scsihw0.0,channel=0,scsi-id=0,lun={number}"
    name = f"scsihw{number // 7}"
    return f"{hardware},id={name}", f"bus={name}.0,scsi-id={number % 7}"


def network_arguments(config: GuestConfig) -> Iterator[str]:
    """Every NIC, on QEMU's user network."""
    for key in sorted(config.current):
        if not re.fullmatch(r"net\d+", key):
            continue
        model, mac, _ = parse_net(config.current[key])
        device = "virtio-net-pci" if model == "virtio" else model
        address = f",mac={mac}" if mac else ""
        yield from ("-netdev", f"user,id={key}", "-device")
        yield f"{device}{address},netdev={key},id={key}{_boot_index(config, key)}"


def parse_net(text: str) -> tuple[str, str | None, dict[str, str]]:
    """Model, MAC address and the other options of a `netN` value."""
    options = parse_property_string(text, "model")
    if "model" in options:
        return options.pop("model"), options.pop("macaddr", None), options
    model = next(iter(options))
    return model, options.pop(model), options
