"""The world as it is before anything is asked for."""

from __future__ import annotations

from pytest_bdd import given

from fixtures.faults import storage as storages
from fixtures.guests.image import MIB
from fixtures.world import cluster_files, needs, networks
from fixtures.world.guests import pages_at
from fixtures.world.sentence import Sentence
from fixtures.world.world import World


@given(
    Sentence(
        'a {state:running|stopped|paused} guest {vmid} on "{node}"'
        ' with a {mib} MiB {fmt:raw|qcow2} disk {drive:word} on "{storage}"'
    )
)
def guest_with_disk(
    world: World, state: str, vmid: int, node: str, mib: int, fmt: str, drive: str, storage: str
) -> None:
    world.add_guest(vmid, node)
    world.add_disk(vmid, drive, mib, fmt, storage)
    world.bring_to(vmid, state)


@given(Sentence('a {state:running|stopped|paused} guest {vmid} on "{node}"'))
def guest(world: World, state: str, vmid: int, node: str) -> None:
    """The everyday guest: one 16 MiB raw disk on "local"."""
    world.add_guest(vmid, node)
    world.add_disk(vmid, "scsi0", 16, "raw", "local")
    world.bring_to(vmid, state)


@given(Sentence('guest {vmid} on "{node}" without disks and with {mib} MiB of memory'))
def guest_without_disks(world: World, vmid: int, node: str, mib: int) -> None:
    world.add_guest(vmid, node, mib)


@given(
    Sentence('guest {vmid} has a {mib} MiB {fmt:raw|qcow2} disk {drive:word} on "{storage}"')
)
def disk(world: World, vmid: int, mib: int, fmt: str, drive: str, storage: str) -> None:
    world.add_disk(vmid, drive, mib, fmt, storage)


@given(
    Sentence(
        'guest {vmid} has a {mib} MiB {fmt:raw|qcow2} disk {drive:word} full of data on "{storage}"'
    )
)
def full_disk(world: World, vmid: int, mib: int, fmt: str, drive: str, storage: str) -> None:
    world.add_disk(vmid, drive, mib, fmt, storage, full=True)


@given(Sentence("guest {vmid} dirties {mib} MiB of memory per second"))
def dirty_rate(world: World, vmid: int, mib: int) -> None:
    world.change_guest(vmid, pages_per_tick=pages_at(mib * MIB))


@given(Sentence('guest {vmid} has "{key}: {value}" in its config'))
def config_key(world: World, vmid: int, key: str, value: str) -> None:
    world.set_keys(vmid, {key: value})


@given(Sentence("guest {vmid} has this config:"))
def whole_config(world: World, vmid: int, docstring: str) -> None:
    world.write_config(vmid, docstring + "\n")


@given(Sentence("the config of guest {vmid} goes on with:"))
def more_config(world: World, vmid: int, docstring: str) -> None:
    world.write_config(vmid, world.config(vmid) + docstring + "\n")


@given(Sentence("guest {vmid} is {state:running|paused}"))
def brought_to(world: World, vmid: int, state: str) -> None:
    world.bring_to(vmid, state)


@given(
    Sentence('another process on "{node}" holds the {which:migration|config} lock of guest {vmid}')
)
def lock_held(world: World, node: str, which: str, vmid: int) -> None:
    world.holders.hold(world.node(node), world.lock_path(which, vmid))


@given(Sentence('the cluster file "{name}" is:'))
def cluster_file(world: World, name: str, docstring: str) -> None:
    cluster_files.put(world, name, docstring + "\n")


@given(Sentence('the datacenter option "{key}" is "{value}"'))
def datacenter_option(world: World, key: str, value: str) -> None:
    line = f"{key}: {networks.fill_in(world, value)}"
    cluster_files.put(world, "datacenter.cfg", f"keyboard: en-us\n{line}\n")


@given(Sentence('storage "{storage}" has "{option} {value}"'))
def storage_option(world: World, storage: str, option: str, value: str) -> None:
    cluster_files.set_storage_option(world, storage, option, value)


@given(Sentence('storage "{storage}" on "{node}" has {mib} MiB left'))
def storage_full(world: World, storage: str, node: str, mib: int) -> None:
    storages.leave(world, storage, node, mib)


@given(Sentence('volume "{volume}" of {mib} MiB exists on "{node}"'))
def volume(world: World, volume: str, mib: int, node: str) -> None:
    world.add_volume(volume, node, mib)
    world.let_stay(node, volume, "it was there before and belongs to nobody here")


@given(Sentence('the lab can do "{capability}"'))
def lab_can(world: World, capability: str) -> None:
    needs.require("lab", world.stage.capabilities, capability)


@given(Sentence('the migrator can do "{capability}"'))
def subject_can(world: World, capability: str) -> None:
    needs.require("migrator", world.subject.capabilities, capability)


@given(Sentence("QEMU is version {major}.{minor} or newer"))
def qemu_version(world: World, major: int, minor: int) -> None:
    needs.require_qemu(world, major, minor)


@given(Sentence('the lock property "{value}" of guest {vmid} is to stay'))
def lock_stays(world: World, value: str, vmid: int) -> None:
    world.let_lock_stay(vmid, value)
