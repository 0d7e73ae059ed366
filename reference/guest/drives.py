"""Drives of a guest: `scsi0: local:100/vm-100-disk-0.raw,size=1G` and what it means."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from reference.errors import Failure

BUSES = {"ide": 4, "sata": 6, "scsi": 31, "virtio": 16, "efidisk": 1, "tpmstate": 1}
_KEY = re.compile(rf"({'|'.join(BUSES)})(0|[1-9]\d*)")
_CLOUDINIT = re.compile(r"[:/](?:vm-\d+-)?cloudinit(?:\.(?:qcow2|raw))?$")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
FLAG, _NUMBER = r"(?i:0|1|on|off|yes|no|true|false)", r"\d+(?:\.\d+)?"
_FLAGS = "backup detect_zeroes iothread pre-enrolled-keys replicate ro shared ssd"
_OPTIONS = {
    **dict.fromkeys(_FLAGS.split(), FLAG),
    "aio": r"native|threads|io_uring",
    "cache": r"none|writethrough|writeback|unsafe|directsync",
    "discard": r"ignore|on",
    "efitype": r"2m|4m",
    "format": r"raw|qcow2|vmdk",
    "media": r"cdrom|disk",
    "serial": r"[\w.-]{1,20}",
    "size": rf"{_NUMBER}[KMGT]?",
    "version": r"v1\.2|v2\.0",
}


def true(text: str) -> bool:
    """Whether a boolean that has been checked against FLAG is set."""
    return text.lower() in ("1", "on", "yes", "true")


class Drive(NamedTuple):
    """One drive; `volume` is a volume id, an absolute path, `none` or `cdrom`."""

    key: str
    volume: str
    options: Mapping[str, str]

    @property
    def bus(self) -> str:
        return self.key.rstrip("0123456789")

    @property
    def number(self) -> int:
        return int(self.key[len(self.bus) :])

    @property
    def cdrom(self) -> bool:
        """Whether the guest sees a CD drive; a cloud-init image counts as one."""
        return self.options.get("media") == "cdrom"

    @property
    def cloudinit(self) -> bool:
        return bool(_CLOUDINIT.search(self.volume))

    def enabled(self, option: str, default: bool = False) -> bool:
        """A boolean option of the drive."""
        return true(self.options[option]) if option in self.options else default


def is_drive_key(key: str) -> bool:
    """Whether the config key names a drive slot (unused entries are none)."""
    match = _KEY.fullmatch(key)
    return match is not None and int(match[2]) < BUSES[match[1]]


def on_storage(volume: str) -> bool:
    """Whether a drive's volume is one of a storage: not `none`, `cdrom` or a path."""
    return ":" in volume and not volume.startswith("/")


def parse_drive(key: str, text: str) -> Drive:
    """Read a drive's value; Failure naming the key, the offending part and what was expected."""
    volume, options = "", dict[str, str]()
    for index, part in enumerate(text.split(",")):
        name, equals, value = part.partition("=")
        if name == "file" or (index == 0 and not equals):
            volume = value if equals else part
        elif name in options:
            raise Failure(f"{key}: option '{name}' is given twice in {text!r}")
        else:
            _check_option(key, name, value, part)
            options[name] = value
    if not volume or re.search(r"\s", volume) or "/../" in f"/{volume.partition(':')[2]}/":
        raise Failure(
            f"{key}: {text!r} does not name a volume"
            " (expected a volume id, an absolute path, none or cdrom first)"
        )
    return Drive(key, volume, options)


def _check_option(key: str, name: str, value: str, part: str) -> None:
    if name not in _OPTIONS:
        raise Failure(f"{key}: unknown drive option in {part!r}")
    if not re.fullmatch(_OPTIONS[name], value):
        readable = _OPTIONS[name].replace(FLAG, "boolean").replace(_NUMBER, "number")
        raise Failure(f"{key}: {part!r} is not valid (expected {name}=<{readable}>)")


def format_drive(drive: Drive) -> str:
    """The drive as the config has it: volume first, options sorted by name."""
    return ",".join([drive.volume, *(f"{k}={v}" for k, v in sorted(drive.options.items()))])


def drives(section: Mapping[str, str]) -> dict[str, Drive]:
    """The drives of a config section in string order of their keys (scsi1, scsi10, scsi2)."""
    return {key: parse_drive(key, section[key]) for key in sorted(section) if is_drive_key(key)}


def disk_volumes(section: Mapping[str, str]) -> list[str]:
    """The volumes of a config section's drives that are no CD drives."""
    return [drive.volume for drive in drives(section).values() if not drive.cdrom]


def fixed_size(drive: Drive) -> int | None:
    """Bytes of firmware variables and of TPM state, whatever holds them; else None (P1-02)."""
    if drive.key == "efidisk0":
        return (528 if drive.options.get("efitype") == "4m" else 128) << 10
    return 4 << 20 if drive.key == "tpmstate0" else None


def volume_format(volume: str) -> str:
    """The image format a volume's name tells; a name without a format is raw."""
    suffix = volume.rpartition(".")[2]
    return suffix if suffix in ("qcow2", "vmdk") else "raw"


def parse_size(text: str) -> int:
    """Bytes of `10G`, `1.5M` or `4096`; Failure for anything else."""
    match = re.fullmatch(rf"({_NUMBER})([KMGT]?)", text)
    if not match:
        raise Failure(f"{text!r} is not a size (expected a number and K, M, G, T or nothing)")
    number = float(match[1]) if "." in match[1] else int(match[1])
    return int(number * _UNITS[match[2]])


def format_size(size: int) -> str:
    """The size in bytes with the largest binary unit that divides it evenly (P1-04)."""
    for unit, factor in reversed(_UNITS.items()):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)
