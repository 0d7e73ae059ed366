"""libvirt on the nodes: `virsh migrate --live --copy-storage-all`, nothing encrypted.

Only where it is installed already; each node has a libvirtd of its own, and nothing of it is seen
outside the lab.
"""

from __future__ import annotations

import re
import shutil

from benchmarks.bed import SOURCE, TARGET, VMID, Bed
from benchmarks.figures import Shape, Told
from fixtures.world.guests import OBSERVER_ARGS
from fixtures.world.world import World

PACKAGES = "libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients"
NAME = f"guest{VMID}"
# With a /dev/kvm of other rights libvirt probes QEMU anew for each guest, 8 s each.
PREPARE = """\
set -e
if [ -e /dev/kvm ]; then
    mknod -m 660 /run/kvm c 10 232 && chgrp kvm /run/kvm && mount --bind /run/kvm /dev/kvm
fi
hostname | md5sum | head -c 32 >/etc/machine-id
cat >/etc/libvirt/libvirtd.conf <<END
listen_tls = 0
listen_tcp = 1
auth_tcp = "none"
host_uuid = "$(cat /proc/sys/kernel/random/uuid)"
END
cat >/etc/libvirt/qemu.conf <<END
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
END
virtlogd -d
libvirtd -d --listen
virsh -q -c qemu:///system capabilities >/dev/null  # probes QEMU now, not in the first turn
"""
DOMAIN = """\
<domain type="{accelerator}" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>{name}</name>
  <memory unit="MiB">{memory}</memory>
  <vcpu>1</vcpu>
  <os><type arch="x86_64" machine="pc-i440fx-{version}">hvm</type><boot dev="hd"/></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type="scsi" model="virtio-scsi"/>
    {disks}
    <memballoon model="none"/>
  </devices>
  <qemu:commandline>{words}</qemu:commandline>
</domain>
"""
DISK = """<disk type="file" device="disk">
      <driver name="qemu" type="raw" cache="none" detect_zeroes="on"/>
      <source file="{path}"/><target dev="sd{letter}" bus="scsi"/>
    </disk>"""


def missing() -> str:
    """Why it can't be measured here; empty if it can."""
    there = all(shutil.which(name) for name in ("libvirtd", "virtlogd", "virsh"))
    return "" if there else f"apt-get install --no-install-recommends {PACKAGES}"


class VirshWay:
    """libvirt's own guest on the same image, moved by libvirt."""

    name = "virsh"

    def prepare(self, bed: Bed) -> None:
        """A libvirtd on either node."""
        for node in (SOURCE, TARGET):
            bed.node(node).run(PREPARE, timeout=60.0)

    def make(self, bed: Bed, shape: Shape) -> World:
        """The same image and RAM; empty volumes on the target, which libvirt does not make."""
        world = bed.guest(shape)
        source, target = bed.node(SOURCE), bed.node(TARGET)
        paths = [_path(world, number) for number in range(shape.disks + 1)]
        target.run(["mkdir", "-p", paths[0].rpartition("/")[0]])
        for path in paths:
            size = source.run(["stat", "-L", "-c", "%s", path]).stdout.strip()
            target.run(["truncate", "-s", size, path])
        source.put("/run/domain.xml", domain(world, shape, bed.stage.qemu[SOURCE]).encode())
        source.run(["virsh", "-q", "-c", "qemu:///system", "create", "/run/domain.xml"])
        bed.stage.first_beat(SOURCE, VMID)
        bed.filled(shape)
        return world

    def migrate(self, world: World, shape: Shape) -> Told:
        """The one command."""
        where = [f"qemu+tcp://{TARGET}/system", f"tcp://{TARGET}"]
        words = ["migrate", "--live", "--copy-storage-all", NAME, *where]
        world.node(SOURCE).run(["virsh", "-q", "-c", "qemu:///system", *words], timeout=300.0)
        asked = ["virsh", "-c", "qemu:///system", "domjobinfo", "--completed", NAME]
        told = world.node(TARGET).run(asked, check=False).stdout
        downtime = re.search(r"Total downtime: +(\d+)", told)
        return Told(float(downtime[1]) if downtime else None, {})

    def clean(self, world: World) -> None:
        """Its guests end through libvirt, which would miss them otherwise."""
        for node in (SOURCE, TARGET):
            words = ["virsh", "-q", "-c", "qemu:///system", "destroy", NAME]
            world.node(node).run(words, check=False)
        world.close()


def _path(world: World, number: int) -> str:
    return world.path_of(f"local:{VMID}/vm-{VMID}-disk-{number}.raw")


def domain(world: World, shape: Shape, version: str) -> str:
    """The guest as libvirt describes it, with the suite's own monitor and serial line."""
    args = OBSERVER_ARGS.format(vmid=VMID).split()
    disks = [
        DISK.format(path=_path(world, number), letter="abcdefgh"[number])
        for number in range(shape.disks + 1)
    ]
    return DOMAIN.format(
        name=NAME, memory=shape.memory, version=".".join(version.split(".")[:2]),
        accelerator="kvm" if world.lab.accelerator == "kvm" else "qemu",
        disks="\n    ".join(disks), words="".join(f'<qemu:arg value="{word}"/>' for word in args),
    )  # fmt: skip
