"""The options a guest config knows and what each value must look like."""

import re
import shlex
from collections.abc import Callable, Mapping
from functools import cache

from reference.errors import Failure
from reference.guest.drives import is_drive_key, parse_drive

LOCKS = "backup|clone|create|migrate|rollback|snapshot|snapshot-delete|suspending|suspended"
FLAG = r"(?i:0|1|on|off|yes|no|true|false)"
MAC = r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}"
UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
NET_MODELS = (
    "virtio|e1000|e1000e|e1000-82540em|e1000-82544gc|e1000-82545em|i82551|i82557b|i82559er|"
    "ne2k_isa|ne2k_pci|pcnet|rtl8139|vmxnet3"
)
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
_COUNT, _ANY = r"[1-9]\d{0,8}", r".+"
_PROPERTIES = r"[^,=\s]+(?:=[^,]*)?(?:,[^,=\s]+=[^,]*)*"
_MACHINE = r"(?:type=)?(?:pc|q35|pc(?:-i440fx|-q35)?-\d+(?:\.\d+)+|virt(?:-[\d.]+)?)"
_BOOT = r"[acdn]{1,4}|order=[\w;]*|legacy=[acdn]{1,4}(?:,order=[\w;]*)?"
_OS = r"other|wxp|w2k|w2k3|w2k8|wvista|win7|win8|win10|win11|l24|l26|solaris"
_SCSI = r"lsi|lsi53c810|virtio-scsi-pci|virtio-scsi-single|megasas|pvscsi"
_VGA = r"(?:type=)?(?:none|std|cirrus|qxl[234]?|virtio|virtio-gl|vmware|serial[0-3])"

_FLAGS = "acpi autostart kvm localtime numa onboot protection reboot tablet template tdf freeze"
_FREE = (
    "affinity amd-sev args audio0 cicustom cipassword ciuser cpulimit cpuunits delete description"
    " digest hookscript hostusb intel-tdx ipconfig meta nameserver numa0 parallel"
    " rng0 runningcpu searchdomain snapstate spice_enhancements sshkeys startdate startup watchdog"
)
# key -> (pattern of the whole value, how to name it in a refusal)
OPTIONS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_FLAGS.split(), (FLAG, "a boolean")),
    **dict.fromkeys(_FREE.split(), (_ANY, "text")),
    "agent": (_PROPERTIES, "[enabled=]<boolean>[,<key>=<value>...]"),
    "arch": (r"x86_64|aarch64", "x86_64 or aarch64"),
    "balloon": (r"\d{1,9}", "an integer of MiB, 0 or more"),
    "bios": (r"seabios|ovmf", "seabios or ovmf"),
    "boot": (_BOOT, "order=<dev>[;<dev>...]"),
    "bootdisk": (r"(?:ide|sata|scsi|virtio)\d+", "a drive"),
    "cdrom": (_ANY, "a volume"),
    "citype": (r"configdrive2|nocloud|opennebula", "configdrive2, nocloud or opennebula"),
    "cores": (_COUNT, "an integer, 1 or more"),
    "cpu": (_PROPERTIES, "[cputype=]<model>[,flags=<+flag[;-flag...]>][,<key>=<value>...]"),
    "hotplug": (r"[\w,]+", "a list of features or a boolean"),
    "hugepages": (r"any|2|1024", "any, 2 or 1024"),
    "keephugepages": (FLAG, "a boolean"),
    "keyboard": (r"[a-z]{2}(?:-[a-z]{2})?", "a keyboard layout"),
    "lock": (LOCKS, LOCKS.replace("|", ", ")),
    "machine": (
        _MACHINE + r"(?:\+pve\d+)?(?:\.pxe)?(?:,.*)?",
        "pc, q35 or a versioned type such as pc-i440fx-7.2",
    ),
    "memory": (rf"(?:current=)?{_COUNT}", "[current=]<MiB>"),
    "migrate_downtime": (r"\d+(?:\.\d+)?", "seconds, 0 or more"),
    "migrate_speed": (r"\d{1,9}", "an integer of MB/s, 0 or more"),
    "name": (NAME, "a DNS name"),
    "ostype": (_OS, "an OS type such as l26 or other"),
    "parent": (r"[A-Za-z][\w-]{1,39}", "a snapshot name"),
    "runningmachine": (_MACHINE + r"(?:\+pve\d+)?(?:\.pxe)?", "a machine type"),
    "scsihw": (_SCSI, _SCSI.replace("|", ", ")),
    "shares": (r"\d{1,5}", "an integer"),
    "smbios1": (_PROPERTIES, "<key>=<value>[,<key>=<value>...]"),
    "smp": (_COUNT, "an integer, 1 or more"),
    "snaptime": (r"\d+", "seconds since the epoch"),
    "sockets": (_COUNT, "an integer, 1 or more"),
    "tags": (r"[\w+.-]+(?:[;, ][\w+.-]+)*", "tags separated by ;"),
    "vcpus": (_COUNT, "an integer, 1 or more"),
    "vga": (_VGA + r"(?:,.*)?", "a display type such as std, or none"),
    "vmgenid": (rf"{UUID}|0|1", "a UUID, or 0 for none, or 1 for a new one"),
    "vmstatestorage": (r"[A-Za-z][\w.-]*", "a storage id"),
}
_FAMILIES: dict[str, tuple[int, str, str]] = {
    "hostpci": (16, _ANY, "a device"),
    "ipconfig": (32, _PROPERTIES, "<key>=<value>[,<key>=<value>...]"),
    "net": (
        32,
        rf"(?:(?:{NET_MODELS})(?:={MAC})?|model=(?:{NET_MODELS})|macaddr={MAC})(?:,[\w-]+=[^,]*)*",
        "<model>[=<MAC>][,<key>=<value>...]",
    ),
    "numa": (8, _PROPERTIES, "<key>=<value>[,<key>=<value>...]"),
    "parallel": (3, r"/dev/[\w/.-]+", "a device path"),
    "serial": (4, r"/dev/[\w/.-]+|socket", "a device path or socket"),
    "unused": (256, r"[^\s,]+", "a volume id"),
    "usb": (14, _ANY, "a device"),
    "virtiofs": (10, _ANY, "a directory mapping"),
}


@cache
def _rule(key: str) -> tuple[str, str] | None:
    if key in OPTIONS:
        return OPTIONS[key]
    match = re.fullmatch(r"([a-z]+)(0|[1-9]\d*)", key)
    if match and match[1] in _FAMILIES and int(match[2]) < _FAMILIES[match[1]][0]:
        return _FAMILIES[match[1]][1:]
    return None


def is_known(key: str) -> bool:
    """Whether a guest config has this option."""
    return key == "vmstate" or is_drive_key(key) or _rule(key) is not None


def check_value(key: str, value: str) -> None:
    """Failure `<key>: ...` for a value the option can't have; unknown keys pass."""
    special: dict[str, Callable[[str], object]] = {"args": shlex.split, "description": str}
    if key in special:
        try:
            special[key](value)
        except ValueError as error:
            raise Failure(f"{key}: '{value}' is not valid ({str(error).lower()})") from None
    elif is_drive_key(key) or key == "vmstate":
        parse_drive(key, value)
    elif (rule := _rule(key)) and not re.fullmatch(rule[0], value):
        raise Failure(f"{key}: '{value}' is not valid (expected {rule[1]})")


def flag(text: str) -> bool:
    """A boolean of a config file; Failure for anything that is none."""
    if not re.fullmatch(FLAG, text):
        raise Failure(f"'{text}' is not a boolean")
    return text.lower() in ("1", "on", "yes", "true")


def memory_mib(section: Mapping[str, str]) -> int:
    """The current memory of a guest in MiB, by default 512 (CPU-06)."""
    return int(section.get("memory", "512").removeprefix("current="))
