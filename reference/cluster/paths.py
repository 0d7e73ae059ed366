"""Every absolute path of a node, in one place; ROOT is empty except in unit tests."""

ROOT = ""
RUN = "/run/qemu-server"
TASKS = "/var/log/pve/tasks"
QEMU = "/usr/bin/qemu-system-x86_64"
QEMU_IMG = "/usr/bin/qemu-img"
SSH = "/usr/bin/ssh"
QM = "/usr/sbin/qm"
PVESM = "/usr/sbin/pvesm"


def storage_cfg() -> str:
    return f"{ROOT}/etc/pve/storage.cfg"


def datacenter_cfg() -> str:
    return f"{ROOT}/etc/pve/datacenter.cfg"


def members() -> str:
    """The cluster's membership as JSON."""
    return f"{ROOT}/etc/pve/.members"


def node_dir(node: str) -> str:
    return f"{ROOT}/etc/pve/nodes/{node}"


def guest_config_dir(node: str) -> str:
    return f"{node_dir(node)}/qemu-server"


def guest_config(vmid: int, node: str) -> str:
    """The guest's config; the node directory it lies in is the guest's owner."""
    return f"{guest_config_dir(node)}/{vmid}.conf"


def migration_lock(vmid: int) -> str:
    return f"{ROOT}/var/lock/pve-manager/pve-migrate-{vmid}"


def config_lock(vmid: int) -> str:
    return f"{ROOT}/var/lock/qemu-server/lock-{vmid}.conf"


def storage_lock(storeid: str) -> str:
    return f"{ROOT}/var/lock/pve-manager/pve-storage-{storeid}"


def ports_lock() -> str:
    return f"{ROOT}/var/lock/pve-ports.lck"


def reserved_ports() -> str:
    """Ports given out a moment ago, one `<port> <unix time>` a line."""
    return f"{ROOT}/run/pve-reserved-ports"


def qmp_socket(vmid: int) -> str:
    return f"{ROOT}{RUN}/{vmid}.qmp"


def pid_file(vmid: int) -> str:
    return f"{ROOT}{RUN}/{vmid}.pid"


def serial_socket(vmid: int, number: int) -> str:
    return f"{ROOT}{RUN}/{vmid}.serial{number}"


def migrate_socket(vmid: int) -> str:
    """Where the incoming process takes the RAM stream in secure mode."""
    return f"{ROOT}{RUN}/{vmid}.migrate"


def nbd_socket(vmid: int) -> str:
    """Where the incoming process serves its disks in secure mode."""
    return f"{ROOT}{RUN}/{vmid}_nbd.migrate"
