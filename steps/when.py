"""What is asked for, and what is done to the world meanwhile."""

from __future__ import annotations

import shlex

from pytest_bdd import when

from fixtures.faults import links, processes
from fixtures.world import networks
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

LIVE = ("--online", "--with-local-disks")


@when(Sentence('guest {vmid} is migrated to "{node}"'))
def migrated(world: World, vmid: int, node: str) -> None:
    _ = world.begin(vmid, node).result


@when(Sentence('guest {vmid} is migrated to "{node}" with "{options}"'))
def migrated_with(world: World, vmid: int, node: str, options: str) -> None:
    _ = world.begin(vmid, node, shlex.split(options)).result


@when(Sentence('guest {vmid} is migrated to "{node}" with target storage "{text}"'))
def migrated_with_map(world: World, vmid: int, node: str, text: str) -> None:
    _ = world.begin(vmid, node, ["--targetstorage", text]).result


@when(Sentence('guest {vmid} is live-migrated to "{node}"'))
def live_migrated(world: World, vmid: int, node: str) -> None:
    _ = world.begin(vmid, node, LIVE).result


@when(Sentence('guest {vmid} is live-migrated to "{node}" with "{options}"'))
def live_migrated_with(world: World, vmid: int, node: str, options: str) -> None:
    _ = world.begin(vmid, node, [*LIVE, *shlex.split(options)]).result


@when(Sentence('guest {vmid} is live-migrated to "{node}" with target storage "{text}"'))
def live_migrated_with_map(world: World, vmid: int, node: str, text: str) -> None:
    _ = world.begin(vmid, node, [*LIVE, "--targetstorage", text]).result


@when(Sentence('a migration of guest {vmid} to "{node}" is begun with "{options}"'))
def begun(world: World, vmid: int, node: str, options: str) -> None:
    world.begin(vmid, node, shlex.split(options))


@when(
    Sentence('a live migration of guest {vmid} to "{node}" with "{options}" is at "{checkpoint}"')
)
def live_at(world: World, vmid: int, node: str, options: str, checkpoint: str) -> None:
    world.begin(vmid, node, [*LIVE, *shlex.split(options)]).reach(checkpoint)


@when(Sentence('a migration of guest {vmid} to "{node}" with "{options}" is at "{checkpoint}"'))
def offline_at(world: World, vmid: int, node: str, options: str, checkpoint: str) -> None:
    world.begin(vmid, node, shlex.split(options)).reach(checkpoint)


@when(Sentence('the migration is at "{checkpoint}"'))
def at(world: World, checkpoint: str) -> None:
    world.run.reach(checkpoint)


@when("the migration has ended")
def ended(world: World) -> None:
    _ = world.run.result


@when(Sentence("the migrator gets the signal {name:TERM|INT|QUIT|HUP|PIPE|KILL}"))
def signalled(world: World, name: str) -> None:
    world.run.process.signal(name)


@when(Sentence('the QEMU of guest {vmid} on "{node}" is killed'))
def qemu_killed(world: World, vmid: int, node: str) -> None:
    processes.signal_qemu(world, vmid, node, "KILL")


@when(Sentence('the NBD server of guest {vmid} on "{node}" is stopped'))
def nbd_stopped(world: World, vmid: int, node: str) -> None:
    processes.stop_nbd(world, vmid, node)


@when(Sentence('the command "{path}" on "{node}" is broken'))
def command_broken(world: World, path: str, node: str) -> None:
    processes.break_command(world, path, node)


@when(Sentence('the link between "{one}" and "{other}" is cut'))
def link_cut(world: World, one: str, other: str) -> None:
    links.cut(world, one, other)


@when("all links are whole again")
def link_healed(world: World) -> None:
    world.lab.heal()


@when(Sentence('node "{node}" crashes'))
def node_crashes(world: World, node: str) -> None:
    world.crash(node)


@when("the other process gives its locks back")
def lock_released(world: World) -> None:
    world.holders.release()


@when(Sentence('"{command}" is run on "{node}"'))
def command_run(world: World, command: str, node: str) -> None:
    world.ask(node, networks.fill_in(world, command))
