"""What one run knows and shares between its phases."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reference.cluster import datacenter, membership, paths, storages
from reference.errors import Failure
from reference.guest.config import GuestConfig
from reference.migration.request import Request
from reference.replication.jobs import Replication
from reference.ssh import Remote
from reference.task import TaskLog

if TYPE_CHECKING:
    from reference.guest.monitor import Monitor
    from reference.migration.tunnel import Tunnel


class LocalVolume(NamedTuple):
    """A volume that has to move; `size` in bytes, `target` the storage id it goes to."""

    volid: str
    kind: str  # attached, unused, snapshot, pending, generated
    online: bool
    drive: str | None
    size: int
    format: str
    target: str
    with_snapshots: bool
    allow_rename: bool


class Announced(NamedTuple):
    """A drive the target offers over NBD (P2-14)."""

    drive: str
    nbd: str
    drivestring: str


class Migration:
    """One run of one guest from this node to the target."""

    def __init__(self, request: Request, log: TaskLog) -> None:
        defaults = datacenter.load()
        self.request, self.log, self.vmid = request, log, request.vmid
        self.source = membership.local_node()
        self.id_map = request.id_map()
        self.secure = (request.migration_type or defaults.migration_type or "secure") == "secure"
        self.network = request.migration_network or defaults.migration_network
        self.datacenter_bwlimit = defaults.bwlimit
        self.storages = storages.load_storages()
        self.remote = Remote(request.target, membership.node_ip(request.target))
        self.config: GuestConfig = GuestConfig(request.vmid)
        self.replication = Replication()
        self.pid = 0
        self.machine: str | None = None
        self.cpu: str | None = None
        self.paused = False
        self.volumes: dict[str, LocalVolume] = {}
        self.transferred: dict[str, str] = {}
        self.announced: dict[str, Announced] = {}
        self.tunnel: Tunnel | None = None
        self.destination: Monitor | None = None
        self.problems = False

    @property
    def running(self) -> bool:
        """Whether the guest ran when prepare looked: only then phase 2 runs (PREP-17)."""
        return self.pid != 0

    @property
    def far_monitor(self) -> str:
        """The socket here by which the target's monitor is reached."""
        return f"{paths.RUN}/{self.vmid}.destination"

    def check_target(self) -> None:
        """Raise once the target's QEMU or the way to it is gone: an idle mirror would not tell."""
        if self.tunnel and not self.tunnel.alive():
            raise Failure("the tunnel to the target ended")
        if self.destination and not self.destination.alive:
            raise Failure("the target's QEMU process has ended")

    def close_tunnel(self) -> None:
        """End the control tunnel, if it was opened."""
        if self.tunnel:
            self.tunnel.close()

    def close_destination(self) -> None:
        """Give the target's monitor back: QEMU serves one client at a time."""
        if self.destination:
            self.destination.close()
            self.destination = None
