"""QEMU's command line from a config."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.errors import Failure
from reference.guest.config import parse_config
from reference.guest.devices import Image, Launch, boot_order, spice_heads, trims_clones
from reference.guest.drives import Drive, volume_format
from reference.guest.machine import qemu_argv

DISK = "local:100/vm-100-disk-0.raw"


def image(drive: Drive) -> Image:
    return Image(f"/images/{drive.key}", volume_format(drive.volume), True)


def argv(text: str, launch: Launch | None = None, direct: bool = True) -> list[str]:
    config = parse_config(100, text, "100.conf")
    return qemu_argv(config, lambda d: image(d)._replace(direct=direct), launch)


def values(words: list[str], option: str) -> list[str]:
    return [words[i + 1] for i, word in enumerate(words) if word == option]


def test_the_board() -> None:
    words = argv("memory: 128\ncores: 2\nsockets: 2\nkvm: 0\nname: web")
    assert values(words, "-m") == ["128"]
    assert values(words, "-smp") == ["4,sockets=2,cores=2,maxcpus=4"]
    assert values(words, "-accel") == ["tcg"]
    assert values(words, "-cpu") == ["qemu64"]
    assert values(words, "-machine") == ["pc"]
    assert values(words, "-name") == ["web,debug-threads=on"]
    assert "-S" not in words
    assert "-incoming" not in words


def test_kvm_is_the_default() -> None:
    words = argv("memory: 128")
    assert (values(words, "-accel"), values(words, "-cpu")) == (["kvm"], ["kvm64"])


@pytest.mark.parametrize(
    ("config", "forced", "expected"),
    [
        ("machine: q35", None, "q35"),
        ("machine: pc-q35-7.2+pve0", None, "pc-q35-7.2"),
        ("machine: type=pc,viommu=virtio", None, "pc"),
        ("machine: pc-i440fx-7.2.pxe", None, "pc-i440fx-7.2"),
        ("machine: q35", "pc-q35-7.1", "pc-q35-7.1"),
    ],
)
def test_machine_types(config: str, forced: str | None, expected: str) -> None:
    assert values(argv(config, Launch(machine=forced)), "-machine") == [expected]


@pytest.mark.parametrize(
    ("config", "forced", "expected"),
    [
        ("cpu: host", None, "host"),
        ("cpu: cputype=kvm64,flags=+aes;-sse2,hidden=1", None, "kvm64,+aes,-sse2"),
        ("cpu: host", "qemu64,+aes", "qemu64,+aes"),
    ],
)
def test_cpus(config: str, forced: str | None, expected: str) -> None:
    assert values(argv(config, Launch(cpu=forced)), "-cpu") == [expected]


@pytest.mark.parametrize(
    ("transport", "expected"),
    [("unix", "unix:/run/qemu-server/100.migrate"), ("tcp", "defer")],
)
def test_an_incoming_guest_waits_paused(transport: str, expected: str) -> None:
    words = argv("memory: 128", Launch(incoming=transport))
    assert "-S" in words
    assert values(words, "-incoming") == [expected]


def test_a_scsi_disk() -> None:
    words = argv(f"scsihw: virtio-scsi-pci\nscsi0: {DISK},size=1G")
    assert values(words, "-drive") == [
        "file=/images/scsi0,if=none,id=drive-scsi0,node-name=drive-scsi0-image,format=raw,"
        "cache=none,detect-zeroes=on"
    ]
    assert values(words, "-device") == [
        "virtio-scsi-pci,id=scsihw0",
        "scsi-hd,bus=scsihw0.0,channel=0,scsi-id=0,lun=0,drive=drive-scsi0,id=scsi0,bootindex=100",
    ]


@pytest.mark.parametrize(
    ("config", "devices"),
    [
        (f"virtio3: {DISK}", ["virtio-blk-pci,drive=drive-virtio3,id=virtio3,bootindex=100"]),
        (f"ide1: {DISK}", ["ide-hd,bus=ide.0,unit=1,drive=drive-ide1,id=ide1,bootindex=100"]),
        (f"ide3: {DISK}", ["ide-hd,bus=ide.1,unit=1,drive=drive-ide3,id=ide3,bootindex=100"]),
        (
            f"machine: q35\nide1: {DISK}",
            ["ide-hd,bus=ide.1,unit=0,drive=drive-ide1,id=ide1,bootindex=100"],
        ),
        (
            f"sata2: {DISK}",
            ["ahci,id=ahci0", "ide-hd,bus=ahci0.2,drive=drive-sata2,id=sata2,bootindex=100"],
        ),
        (
            f"scsi8: {DISK}",
            [
                "lsi,id=scsihw1",
                "scsi-hd,bus=scsihw1.0,scsi-id=1,drive=drive-scsi8,id=scsi8,bootindex=100",
            ],
        ),
        (
            f"scsihw: virtio-scsi-single\nscsi1: {DISK}",
            [
                "virtio-scsi-pci,id=virtioscsi1",
                "scsi-hd,bus=virtioscsi1.0,channel=0,scsi-id=0,lun=1,drive=drive-scsi1,id=scsi1"
                ",bootindex=100",
            ],
        ),
    ],
)
def test_disk_buses(config: str, devices: list[str]) -> None:
    assert values(argv(config), "-device") == devices


def test_one_controller_serves_its_disks() -> None:
    words = argv(f"scsihw: virtio-scsi-pci\nscsi0: {DISK}\nscsi1: {DISK}")
    assert values(words, "-device").count("virtio-scsi-pci,id=scsihw0") == 1


def test_cd_drives() -> None:
    words = argv("ide0: none,media=cdrom\nide2: local:iso/a.iso,media=cdrom")
    empty, full = values(words, "-drive")
    assert empty == "if=none,id=drive-ide0,media=cdrom"
    assert "readonly=on" in full
    assert "detect-zeroes" not in full
    assert values(words, "-device")[1].startswith("ide-cd,bus=ide.1,unit=0")


@pytest.mark.parametrize(
    ("options", "direct", "expected"),
    [
        ("", True, "cache=none,"),
        ("", False, "cache=writeback,"),
        (",cache=directsync", False, "cache=writethrough,"),
        (",aio=native,cache=unsafe", True, "cache=unsafe,aio=native,"),
        (",discard=on", True, "discard=on,detect-zeroes=unmap"),
    ],
)
def test_how_an_image_is_opened(options: str, direct: bool, expected: str) -> None:
    words = argv(f"scsi0: {DISK}{options}", direct=direct)
    assert expected in values(words, "-drive")[0] + ","


def test_networks_serial_and_identity() -> None:
    words = argv(
        "net0: virtio=52:54:00:11:22:33,bridge=vmbr0\nnet1: e1000\nserial0: socket\n"
        "smbios1: uuid=a45d057d-c07f-4eb7-83af-465d7d8ee413,serial=a1\n"
        "vmgenid: 16633fb8-5d5b-4a5e-bf47-c656274c2d7d"
    )
    devices = values(words, "-device")
    assert values(words, "-netdev") == ["user,id=net0", "user,id=net1"]
    assert "virtio-net-pci,mac=52:54:00:11:22:33,netdev=net0,id=net0" in devices
    assert "e1000,netdev=net1,id=net1" in devices
    assert "isa-serial,chardev=serial0" in devices
    assert "vmgenid,guid=16633fb8-5d5b-4a5e-bf47-c656274c2d7d" in devices
    assert values(words, "-smbios") == [
        "type=1,uuid=a45d057d-c07f-4eb7-83af-465d7d8ee413,serial=a1"
    ]
    path = "path=/run/qemu-server/100.serial0"
    assert f"socket,id=serial0,{path},server=on,wait=off" in values(words, "-chardev")


def test_own_arguments_come_last() -> None:
    assert argv("args: -device 'x y' -S")[-3:] == ["-device", "x y", "-S"]


def test_a_file_name_with_a_comma() -> None:
    config = parse_config(100, f"scsi0: {DISK}", "100.conf")
    words = qemu_argv(config, lambda _: Image("/a,b", "raw", True))
    assert values(words, "-drive")[0].startswith("file=/a,,b,if=none")


@pytest.mark.parametrize(
    ("config", "order"),
    [
        (f"boot: order=net0;scsi1\nscsi0: {DISK}\nscsi1: {DISK}", ["net0", "scsi1"]),
        (f"ide2: none,media=cdrom\nscsi10: {DISK}\nscsi2: {DISK}", ["scsi2"]),
        ("ide2: local:iso/a.iso,media=cdrom", ["ide2"]),
        ("memory: 128", []),
    ],
)
def test_boot_order(config: str, order: list[str]) -> None:
    assert boot_order(parse_config(100, config, "100.conf")) == order


@pytest.mark.parametrize("line", ["hostpci0: 00:02.0", "usb0: spice"])
def test_what_this_node_cannot_honour_is_refused(line: str) -> None:
    with pytest.raises(Failure, match=f"^{line.split(':')[0]}: .*is not supported here"):
        argv(line)


@given(st.permutations(["scsi0", "scsi1", "scsi10", "virtio0", "ide0", "sata3"]))
def test_devices_do_not_depend_on_the_order_of_lines(keys: list[str]) -> None:
    lines = [f"{key}: local:100/{key}.qcow2" for key in keys]
    assert argv("\n".join(lines)) == argv("\n".join(sorted(lines)))


@pytest.mark.parametrize(
    ("option", "device"),
    [
        ("1", "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0"),
        ("enabled=on,fstrim_cloned_disks=1,type=virtio", "virtserialport,chardev=qga0,"),
        ("1,type=isa", "isa-serial,chardev=qga0"),
    ],
)
def test_the_port_of_an_agent(option: str, device: str) -> None:
    words = argv(f"agent: {option}")
    assert "socket,id=qga0,path=/run/qemu-server/100.qga,server=on,wait=off" in words
    assert values(words, "-device")[-1].startswith(device)


@pytest.mark.parametrize(
    ("option", "trims"),
    [
        ("1,fstrim_cloned_disks=1", True),
        ("enabled=yes,fstrim_cloned_disks=on", True),
        ("1,fstrim_cloned_disks=0", False),
        ("1", False),
        ("0,fstrim_cloned_disks=1", False),
        ("fstrim_cloned_disks=1", False),
    ],
)
def test_who_is_told_that_disks_were_copied(option: str, trims: bool) -> None:
    config = parse_config(100, "", "100.conf")
    config.current["agent"] = option
    assert trims_clones(config) is trims


@pytest.mark.parametrize(
    ("vga", "devices"),
    [("qxl", ["qxl-vga,id=vga"]), ("type=qxl3", ["qxl-vga,id=vga", "qxl,id=vga1", "qxl,id=vga2"])],
)
def test_a_display_for_spice_clients(vga: str, devices: list[str]) -> None:
    words = argv(f"vga: {vga}", Launch(spice="tls-port=61000"))
    assert values(words, "-spice") == ["tls-port=61000"]
    assert values(words, "-device") == devices


@pytest.mark.parametrize(
    ("vga", "heads"), [("qxl", 1), ("qxl4,memory=32", 4), ("qxl5", 0), ("std", 0), ("virtio", 0)]
)
def test_how_many_displays_spice_has(vga: str, heads: int) -> None:
    assert spice_heads(parse_config(100, f"vga: {vga}", "100.conf")) == heads
