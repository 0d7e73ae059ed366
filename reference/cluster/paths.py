"""Every absolute path of a node, in one place; ROOT is empty except in unit tests."""

from collections.abc import Callable

ROOT = ""
RUN = "/run/qemu-server"
TASKS = "/var/log/pve/tasks"
QEMU = "/usr/bin/qemu-system-x86_64"
QEMU_IMG = "/usr/bin/qemu-img"
SSH = "/usr/bin/ssh"
QM = "/usr/sbin/qm"
PVESM = "/usr/sbin/pvesm"
PVESR = "/usr/sbin/pvesr"
PVECM = "/usr/sbin/pvecm"


def _one(path: str) -> Callable[[], str]:
    return lambda: ROOT + path


def _by_guest(pattern: str) -> Callable[[int], str]:
    return lambda vmid: ROOT + pattern.format(vmid)


storage_cfg = _one("/etc/pve/storage.cfg")
cpu_models = _one("/etc/pve/virtual-guest/cpu-models.conf")
datacenter_cfg = _one("/etc/pve/datacenter.cfg")
ha_resources = _one("/etc/pve/ha/resources.cfg")
ha_rules = _one("/etc/pve/ha/rules.cfg")
ha_requests = _one("/etc/pve/ha/crm_commands")  # one `<command> <sid> <node>` a line
ha_status = _one("/etc/pve/ha/manager_status")
ha_lock = _one("/etc/pve/priv/lock/domain-ha")  # one for all nodes
replication_cfg = _one("/etc/pve/replication.cfg")
replication_cfg_lock = _one("/etc/pve/priv/lock/file-replication_cfg")  # one for all nodes
replication_state = _one("/var/lib/pve-manager/pve-replication-state.json")
replication_state_lock = _one("/var/lib/pve-manager/pve-replication-state.lck")
members = _one("/etc/pve/.members")
user_cfg = _one("/etc/pve/user.cfg")
token_cfg = _one("/etc/pve/priv/token.cfg")  # one `<token id> <secret>` a line
shadow_cfg = _one("/etc/pve/priv/shadow.cfg")
shadow = _one("/etc/shadow")
root_ca = _one("/etc/pve/pve-root-ca.pem")  # signs the certificates of all nodes
proxy_pid = _one("/run/pveproxy/pveproxy.pid")
proxy_log = _one("/var/log/pveproxy.log")
auth_key = _one("/etc/pve/priv/authkey.key")
ports_lock = _one("/var/lock/pve-ports.lck")
reserved_ports = _one("/run/pve-reserved-ports")  # one `<port> <unix time>` a line
migration_lock = _by_guest("/var/lock/pve-manager/pve-migrate-{}")
config_lock = _by_guest("/var/lock/qemu-server/lock-{}.conf")
qmp_socket = _by_guest(RUN + "/{}.qmp")
agent_socket = _by_guest(RUN + "/{}.qga")
pid_file = _by_guest(RUN + "/{}.pid")
migrate_socket = _by_guest(RUN + "/{}.migrate")  # takes the RAM stream in secure mode
nbd_socket = _by_guest(RUN + "/{}_nbd.migrate")  # serves the incoming disks in secure mode


def certificate(node: str) -> tuple[str, str]:
    """What a node proves its name with, and the key to it."""
    stem = f"{ROOT}/etc/pve/nodes/{node}/pve-ssl"
    return f"{stem}.pem", f"{stem}.key"


def mapping_cfg(kind: str) -> str:
    """Of kind pci, usb or directory."""
    return f"{ROOT}/etc/pve/mapping/{kind}.cfg"


def serial_socket(vmid: int, number: int) -> str:
    return f"{ROOT}{RUN}/{vmid}.serial{number}"


def known_hosts(node: str) -> str:
    """Where the node's own host keys are, if the cluster has them."""
    return f"{ROOT}/etc/pve/nodes/{node}/ssh_known_hosts"


def storage_lock(storeid: str) -> str:
    return f"{ROOT}/var/lock/pve-manager/pve-storage-{storeid}"


def guest_config_dir(node: str) -> str:
    """The node it names owns the guests whose configs lie there."""
    return f"{ROOT}/etc/pve/nodes/{node}/qemu-server"


def guest_config(vmid: int, node: str) -> str:
    return f"{guest_config_dir(node)}/{vmid}.conf"
