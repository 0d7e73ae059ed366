"""What can be done with guests beside migrating and running them: HA, snapshots, disks."""

from reference.api.schema import (
    BOOLEAN,
    GUEST,
    NODE,
    SKIPLOCK,
    TEXT,
    VMID,
    Kind,
    Method,
    Parameter,
    integer,
    matching,
    one_of,
)
from reference.guest.drives import is_drive_key

_SNAPSHOT_NAME = matching(r"[A-Za-z][A-Za-z0-9_-]{1,39}", "a snapshot name, 2 to 40 characters")
_NAME = Parameter("snapname", _SNAPSHOT_NAME, "The snapshot.")
_FORCE = Parameter("force", BOOLEAN, "Forget it even if an image does not give it up.")


def _sid(text: str) -> str:
    kind, _, vmid = text.rpartition(":")
    if kind not in ("", "vm", "ct"):
        raise ValueError(f"{text!r} is not valid (expected vm:<vmid>, ct:<vmid> or <vmid>)")
    return f"{kind or 'vm'}:{GUEST.read(vmid)}"


def _drive(text: str) -> str:
    if not is_drive_key(text):
        raise ValueError(f"{text!r} is not a drive (expected scsi0 or its like)")
    return text


_SID = Parameter("sid", Kind(_sid, "<vm:vmid>"), "The resource.")
_NODE = Parameter("node", NODE, "The node it goes to.", candidates="nodes")
_STATE = one_of("started", "stopped", "enabled", "disabled", "ignored")
_RESOURCE = (
    _SID,
    Parameter("state", _STATE, "What HA is to keep it at."),
    Parameter("comment", matching(r".*", "one line"), "A note."),
    Parameter("max_restart", integer(0), "How often it is started again on its node."),
    Parameter("max_relocate", integer(0), "How often it is then tried on another one."),
)
_DISK = Parameter("disk", Kind(_drive, "<drive>"), "The drive.")
_SIZE = matching(r"\+?[0-9]{1,12}(\.[0-9]{1,6})?[KMGT]?", "[+]<number>[K|M|G|T]")

_MOVE, _TO = (_SID, _NODE), ("sid", "node")
_SNAPSHOT = ("vmid", "snapname")
_NOTE = Parameter("description", TEXT, "A note.")

OPERATIONS = (
    Method("ha-manager migrate", "Have it migrated live.", _MOVE, _TO, "ha_manager:migrate"),
    Method("ha-manager relocate", "Have it moved, shut down.", _MOVE, _TO, "ha_manager:relocate"),
    Method("ha-manager status", "Show how resources are.", (), (), "ha_manager:status"),
    Method("ha-manager add", "Let HA look after a guest.", _RESOURCE, ("sid",), "ha_manager:add"),
    Method("ha-manager set", "Change how.", _RESOURCE, ("sid",), "ha_manager:set_options"),
    Method("ha-manager remove", "And no more.", (_SID,), ("sid",), "ha_manager:remove"),
    Method("pve-ha-lrm once", "Do what HA is asked for here.", (), (), "pve_ha_lrm:once"),
    Method("pve-ha-lrm run", "Do so whenever HA is asked.", (), (), "pve_ha_lrm:run"),
    Method(
        "qm snapshot", "Remember a guest's disks and config.",
        (VMID, _NAME, _NOTE), _SNAPSHOT, "qm_snapshot:create",
    ),
    Method("qm rollback", "Go back to it.", (VMID, _NAME), _SNAPSHOT, "qm_snapshot:rollback"),
    Method(
        "qm delsnapshot", "Forget it.", (VMID, _NAME, _FORCE), _SNAPSHOT, "qm_snapshot:delete"
    ),
    Method("qm listsnapshot", "Show a guest's snapshots.", (VMID,), run="qm_snapshot:show"),
    Method(
        "qm resize", "Let a disk grow.",
        (VMID, _DISK, Parameter("size", _SIZE, "To this size, or by it."), SKIPLOCK),
        ("vmid", "disk", "size"), "qm_disk:resize",
    ),
    Method("qm template", "Turn a guest into a template.", (VMID,), run="qm_disk:template"),
    Method(
        "qm rescan", "Find volumes of guests, and the sizes of their disks.",
        (VMID._replace(text="This guest alone."), Parameter("dryrun", BOOLEAN, "Change nothing.")),
        (), "qm_disk:rescan",
    ),
)  # fmt: skip
