"""Every command and API method, declared once."""

from reference.api.operations import OPERATIONS
from reference.api.schema import (
    BOOLEAN,
    CIDR,
    GUEST,
    NODE,
    SKIPLOCK,
    STORAGE_PAIRS,
    TEXT,
    VMID,
    Kind,
    Method,
    Parameter,
    integer,
    matching,
    one_of,
)
from reference.errors import Failure

_QEMU = "/nodes/{node}/qemu/{vmid}"
_WORD = matching(r"[^\s-]\S*", "a word")
_SNAPSHOT = matching(r"[A-Za-z_][A-Za-z0-9_-]*", "a snapshot name")
_TASK = r"UPID:[A-Za-z0-9][A-Za-z0-9-]*(:[0-9A-Fa-f]{8,9}){3}:[^:/\s]+:[^:/\s]*:[^:/\s]+:"
_UPID = Parameter("upid", matching(_TASK, "a task id"), "The task.", required=True)
_TARGETSTORAGE = Parameter(
    "targetstorage", STORAGE_PAIRS, "Where volumes go: pairs and a default, or 1 for equal names.",
    many=True, candidates="storages",
)  # fmt: skip
_TYPE = Parameter(
    "migration_type", one_of("secure", "insecure"), "Through ssh, or in the clear.", root_only=True
)
_NETWORK = Parameter("migration_network", CIDR, "The network it goes over.", root_only=True)
_MIGRATED_FROM = Parameter("migratedfrom", NODE, "The node the guest comes from.", root_only=True)
_CONNTRACK = Parameter("with-conntrack-state", BOOLEAN, "Take connection tracking along.")


def _config_value(name: str) -> Kind:
    """What a guest config's option may have; its rules are loaded when they are asked."""

    def read(text: str) -> str:
        from reference.guest.schema import check_value

        try:
            check_value(name, text)
        except Failure as error:
            raise ValueError(str(error).removeprefix(f"{name}: ")) from None
        return text

    return Kind(read, f"<{name}>")


def _config_option(name: str) -> Parameter | None:
    """Any option of a guest's config."""
    from reference.guest.schema import is_known

    settable = is_known(name) and name != "vmstate"
    return Parameter(name, _config_value(name)) if settable else None


def _power(action: str, text: str, *more: Parameter) -> Method:
    """What changes whether a guest runs: `qm <action>`, and its task in the API."""
    return Method(
        f"qm {action}", text, (VMID, SKIPLOCK, *more), run=f"qm_power:{action}", verb="POST",
        path=f"{_QEMU}/status/{action}", permission=("/vms/{vmid}", "VM.PowerMgmt"),
    )  # fmt: skip


def _api(call: str, text: str, *parameters: Parameter) -> Method:
    """What only the API has, such as "GET /version"."""
    verb, path = call.split()
    return Method("", text, parameters, (), verb=verb, path=path)


_AUDIT = ("/vms/{vmid}", "VM.Audit")

GUESTS = (
    Method(
        "qm migrate", "Move a guest to another node.",
        (
            VMID,
            Parameter("target", NODE, "The node it goes to.", candidates="nodes"),
            Parameter("online", BOOLEAN, "Migrate a running guest, live."),
            Parameter("force", BOOLEAN, "Allow local devices.", root_only=True),
            _TYPE,
            _NETWORK,
            Parameter("with-local-disks", BOOLEAN, "Take a running guest's local disks along."),
            _TARGETSTORAGE,
            Parameter("bwlimit", integer(0), "The most KiB/s; 0 is unlimited."),
            _CONNTRACK,
        ),
        ("vmid", "target"), "migrate:migrate", "POST", f"{_QEMU}/migrate",
        ("/vms/{vmid}", "VM.Migrate"),
    ),
    Method(
        "", "What stands in the way.", (VMID, Parameter("target", NODE)), verb="GET",
        path=f"{_QEMU}/migrate", permission=("/vms/{vmid}", "VM.Migrate"),
    ),
    _power(
        "start", "Start a guest, or the target's side of its migration.",
        _MIGRATED_FROM,
        Parameter("stateuri", one_of("unix", "tcp"), "How its state comes.", root_only=True),
        _TYPE,
        _NETWORK,
        _TARGETSTORAGE._replace(root_only=True),
        Parameter("machine", _config_value("machine"), "The machine type."),
        Parameter("force-cpu", _WORD, "Use this -cpu.", root_only=True),
        Parameter("nets-host-mtu", _WORD, "MTUs of the network devices.", root_only=True),
        _CONNTRACK._replace(root_only=True),
        Parameter("timeout", integer(0), "Seconds it may take to run; 0 is any time."),
    ),
    _power("stop", "End a guest at once.", _MIGRATED_FROM),
    _power("suspend", "Pause a guest's CPUs."),
    _power(
        "resume", "Let a guest run again.",
        Parameter("nocheck", BOOLEAN, "Ask nothing of its config.", root_only=True),
    ),
    _power(
        "shutdown", "Ask the guest to end itself.",
        Parameter("timeout", integer(0), "Seconds until it has to."),
        Parameter("forceStop", BOOLEAN, "End it after them all the same."),
    ),
    _power("reset", "Start the guest's machine anew."),
    Method(
        "qm config", "Show a guest's options as they will be at its next start.",
        (VMID, Parameter("current", BOOLEAN, "Show them as they are now.")),
        run="qm_config:show", verb="GET", path=f"{_QEMU}/config", permission=_AUDIT,
    ),
    Method(
        "qm set", "Change options.",
        (VMID, SKIPLOCK, Parameter("delete", TEXT, "Options to remove.", many=True)),
        run="qm_config:set_options", verb="PUT", path=f"{_QEMU}/config", further=_config_option,
    ),
    Method(
        "qm status", "Show whether a guest runs.", (VMID,),
        run="qm_power:status", verb="GET", path=f"{_QEMU}/status/current", permission=_AUDIT,
    ),
    Method("qm create", "Make a guest.", (VMID,), run="qm_config:create", further=_config_option),
    Method(
        "qm destroy", "Remove a guest and its volumes.", (VMID, SKIPLOCK), run="qm_config:destroy"
    ),
    Method("qm unlock", "Remove a guest's lock.", (VMID,), run="qm_config:unlock"),
    Method("qm list", "Show this node's guests.", (), (), run="qm_power:list_guests"),
    Method("qm nbdstop", "Stop a guest's NBD server.", (VMID,), run="qm_power:nbdstop"),
    Method(
        "qm guest", "Ask the agent inside a guest.",
        (
            Parameter("action", one_of("cmd")),
            VMID,
            Parameter("command", one_of("fstrim", "ping")),
        ),
        ("action", "vmid", "command"), "qm_power:guest",
    ),
    Method("qm mtunnel", "The target's end of a migration (internal).", (), (), "migrate:tunnel"),
)  # fmt: skip

_TASKS = "/nodes/{node}/tasks"
_PAGE = (Parameter("start", integer(0)), Parameter("limit", integer(0)))
_RESOURCE = Parameter("type", one_of("vm", "node", "storage"))
CLUSTER = (
    _api(
        f"GET {_TASKS}", "The node's tasks.", Parameter("vmid", GUEST), *_PAGE,
        Parameter("errors", BOOLEAN), Parameter("typefilter"),
        Parameter("source", one_of("archive", "active", "all")),
    ),
    _api(f"GET {_TASKS}/{{upid}}/status", "How a task is.", _UPID),
    _api(f"GET {_TASKS}/{{upid}}/log", "What a task said.", _UPID, *_PAGE),
    _api(f"DELETE {_TASKS}/{{upid}}", "Stop a task.", _UPID),
    _api("GET /cluster/resources", "Guests, nodes and storages.", _RESOURCE),
    _api("GET /version", "What answers here."),
    _api(
        "POST /access/ticket", "A ticket for a user and a password.",
        Parameter("username", matching(r"[^\s:/]{1,64}", "a user name"), required=True),
        Parameter("password", required=True),
        Parameter("realm", matching(r"[A-Za-z][\w.-]+", "a realm")),
    ),
    Method("pveproxy start", "Serve the API on port 8006.", (), (), "pveproxy:start"),
    Method("pveproxy stop", "End the server.", (), (), "pveproxy:stop"),
)  # fmt: skip

_VOLUME = Parameter("volume", TEXT, "<storage>:<volume>")
_FORMAT = one_of("raw+size", "tar+size", "qcow2+size", "vmdk+size", "zfs", "btrfs")
_STREAM = (
    _VOLUME,
    Parameter("format", _FORMAT, "What the stream is."),
    Parameter("filename", matching("-", "- for standard output")),
    Parameter("with-snapshots", BOOLEAN, "The whole chain of snapshots."),
    Parameter("snapshot", _SNAPSHOT, "The state at this snapshot."),
    Parameter("base", _SNAPSHOT, "What differs from this snapshot."),
)  # fmt: skip
_SOURCE = matching(r"-|tcp://\S+", "- for standard input, or tcp://<ip or network>")
_JOB = matching(r"[1-9][0-9]{2,8}-[0-9]{1,9}", "<vmid>-<number>")
_STORAGE = Parameter("storage", TEXT, "The storage.")
_OWNER = Parameter("vmid", integer(100, 999999999), "The guest it belongs to.")
_SIZE = matching(r"[0-9]{1,15}[MG]?", "a size in KiB, or with unit M or G")

VOLUMES = (
    Method("pvesm status", "Show this node's storages, in KiB.", (), (), "pvesm:status"),
    Method(
        "pvesm list", "Show a storage's volumes.", (_STORAGE, _OWNER), ("storage",), "pvesm:list_"
    ),
    Method("pvesm path", "Show where a volume lies.", (_VOLUME,), ("volume",), "pvesm:path"),
    Method(
        "pvesm alloc", "Make an empty volume; an empty name asks for the next free one.",
        (
            _STORAGE,
            _OWNER,
            Parameter("filename", TEXT, "Its name."),
            Parameter("size", _SIZE),
            Parameter("format", one_of("raw", "qcow2", "vmdk", "subvol"), "What it is."),
        ),
        ("storage", "vmid", "filename", "size"), "pvesm:alloc",
    ),
    Method("pvesm free", "Delete a volume.", (_VOLUME,), ("volume",), "pvesm:free"),
    Method(
        "pvesm export", "Write a volume as a stream (internal).",
        _STREAM, ("volume", "format", "filename"), "pvesm:export",
    ),
    Method(
        "pvesm import", "Make a volume of a stream (internal).",
        (
            *(p._replace(kind=_SOURCE) if p.name == "filename" else p for p in _STREAM),
            Parameter("allow-rename", BOOLEAN, "Take a free name if it exists."),
        ),
        ("volume", "format", "filename"), "pvesm:import_",
    ),
    Method(
        "pvecm mtunnel", "Tell this node's address for migrations (internal).",
        (_NETWORK, Parameter("get_migration_ip", BOOLEAN, "Tell it.", required=True)),
        (), "pvecm:tunnel",
    ),
    Method(
        "pvesr run", "Run a replication job now.",
        (
            Parameter("id", _JOB, "The job.", required=True),
            Parameter("verbose", BOOLEAN, "Say what is done."),
        ),
        (), "pvesr:run",
    ),
    Method(
        "pvesr set-state", "Take over a guest's replication states (internal).",
        (VMID, Parameter("state", TEXT, "Them, as JSON.")), ("vmid", "state"), "pvesr:set_state",
    ),
)  # fmt: skip

METHODS = (*GUESTS, *CLUSTER, *VOLUMES, *OPERATIONS)
