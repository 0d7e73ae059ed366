"""The options a guest config knows and what each value must look like; others pass unchecked."""

import re
import shlex

from reference.errors import Failure
from reference.guest.drives import FLAG, is_drive_key, parse_drive

LOCKS = "backup|clone|create|migrate|rollback|snapshot|snapshot-delete|suspending|suspended"
NET_MODELS = "virtio|e1000|e1000e|i82551|ne2k_pci|pcnet|rtl8139|vmxnet3"
_MAC = r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_COUNT, _TEXT = r"[1-9]\d{0,8}", (r".+", "text")
_PROPERTIES = r"[^,=\s]+(?:=[^,]*)?(?:,[^,=\s]+=[^,]*)*"
_MACHINE = r"(?:type=)?(?:pc|q35|pc(?:-i440fx|-q35)?-\d+(?:\.\d+)+)(?:\+pve\d+)?(?:\.pxe)?(?:,.*)?"
_SCSI = r"lsi|lsi53c810|virtio-scsi-pci|virtio-scsi-single|megasas|pvscsi"

# key -> (pattern of the whole value, how to name it in a refusal)
OPTIONS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("kvm", "onboot", "protection", "template"), (FLAG, "a boolean")),
    **dict.fromkeys(("cores", "sockets"), (_COUNT, "an integer, 1 or more")),
    **dict.fromkeys(("args", "hookscript", "ostype", "tags"), _TEXT),
    "agent": (
        rf"(?:enabled=)?{FLAG}(?:,(?:fstrim_cloned_disks|freeze-fs[\w-]*)={FLAG}|,type=(?:virtio|isa))*",
        "[enabled=]<1|0>[,fstrim_cloned_disks=<1|0>][,type=<virtio|isa>]",
    ),
    "balloon": (r"\d{1,9}", "an integer of MiB, 0 or more"),
    "bios": (r"seabios|ovmf", "seabios or ovmf"),
    "boot": (r"order=[\w;]*|[acdn]{1,4}", "order=<dev>[;<dev>...]"),
    "cpu": (_PROPERTIES, "[cputype=]<model>[,flags=<+flag[;-flag...]>][,<key>=<value>...]"),
    "description": (r"(?s:.+)", "text"),
    "lock": (LOCKS, LOCKS.replace("|", ", ")),
    "machine": (_MACHINE, "pc, q35 or a versioned type such as pc-i440fx-7.2"),
    "memory": (rf"(?:current=)?{_COUNT}", "[current=]<MiB>"),
    "migrate_downtime": (r"\d+(?:\.\d+)?", "seconds, 0 or more"),
    "migrate_speed": (r"\d{1,9}", "an integer of MB/s, 0 or more"),
    "name": (rf"{_LABEL}(?:\.{_LABEL})*", "a DNS name"),
    "scsihw": (_SCSI, _SCSI.replace("|", ", ")),
    "smbios1": (_PROPERTIES, "<key>=<value>[,<key>=<value>...]"),
    "vga": (_PROPERTIES, "[type=]<type>[,<key>=<value>...]"),
    "vmgenid": (rf"{_UUID}|0|1", "a UUID, or 0 for none, or 1 for a new one"),
}
# the same for numbered options, how many there can be first
_FAMILIES: dict[str, tuple[int, str, str]] = {
    "net": (
        32,
        rf"(?:{NET_MODELS})(?:={_MAC})?(?:,[\w-]+=[^,]*)*",
        "<model>[=<MAC>][,<key>=<value>...]",
    ),
    "serial": (4, r"/dev/[\w/.-]+|socket", "a device path or socket"),
    "unused": (256, r"[^\s,]+", "a volume id"),
}


def _rule(key: str) -> tuple[str, str] | None:
    match = re.fullmatch(r"([a-z]+)(0|[1-9]\d*)", key)
    if match and match[1] in _FAMILIES and int(match[2]) < _FAMILIES[match[1]][0]:
        return _FAMILIES[match[1]][1:]
    return OPTIONS.get(key)


def is_known(key: str) -> bool:
    """Whether a guest config has this option."""
    return key == "vmstate" or is_drive_key(key) or _rule(key) is not None


def check_value(key: str, value: str) -> None:
    """Failure `<key>: ...` for a value the option can't have; unknown keys pass."""
    if is_drive_key(key) or key == "vmstate":
        parse_drive(key, value)
    elif (rule := _rule(key)) and not re.fullmatch(rule[0], value):
        raise Failure(f"{key}: {value!r} is not valid (expected {rule[1]})")
    elif key == "args":
        try:
            shlex.split(value)
        except ValueError as error:
            raise Failure(f"{key}: {value!r} is not valid ({str(error).lower()})") from None
