"""Lock files that others hold, and commands that wait for them."""

from __future__ import annotations

import shlex
from typing import NamedTuple

import pytest
from pytest_bdd import given, then, when

from fixtures.labs.process import RemoteProcess
from fixtures.observe import configs, locks
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

KINDS = ("migration", "config")
STORAGE_LOCK = "/var/lock/pve-manager/pve-storage-{}"
LIVE = ("--online", "--with-local-disks")


@pytest.fixture
def others() -> list[RemoteProcess]:
    """Commands that were started beside a migration."""
    return []


class Waiter(NamedTuple):
    """A command that waits for a lock file, at most for so long."""

    process: RemoteProcess
    path: str
    seconds: int


@pytest.fixture
def waiters() -> list[Waiter]:
    """Commands that wait at the same time."""
    return []


@pytest.fixture
def lock_files() -> dict[str, str]:
    """What the lock files were, by path."""
    return {}


@given(Sentence('two other processes on "{node}" share the {which:migration|config} lock'
                ' of guest {vmid}'))  # fmt: skip
def lock_shared(world: World, node: str, which: str, vmid: int) -> None:
    for _ in range(2):
        world.holders.hold(world.node(node), world.lock_path(which, vmid), shared=True)


@then("one of them has given its lock back")
def one_released(world: World) -> None:
    world.holders.release(1)


@given(Sentence('a migration of guest {vmid} to "{node}" waits for its'
                ' {which:migration|config} lock'))  # fmt: skip
def migration_waits(world: World, vmid: int, node: str, which: str) -> None:
    world.begin(vmid, node)
    still_waits(world, which)


@given(Sentence('a migration of guest {vmid} to "{node}" with "{options}" waits for its'
                ' {which:migration|config} lock'))  # fmt: skip
def migration_with_waits(world: World, vmid: int, node: str, options: str, which: str) -> None:
    world.begin(vmid, node, shlex.split(options))
    still_waits(world, which)


def still_waits(world: World, which: str) -> None:
    run = world.run
    path = world.lock_path(which, run.vmid)
    assert locks.waits(world.node(run.source), path, run.process.pid), run.log


@given(
    Sentence('"{command}" on "{node}" waits for the {which:migration|config} lock of guest {vmid}')
)
def command_waits(
    world: World, others: list[RemoteProcess], command: str, node: str, which: str, vmid: int
) -> None:
    other = world.node(node).start(f"exec {command}")
    others.append(other)
    assert locks.waits(world.node(node), world.lock_path(which, vmid), other.pid), other.tail()


@given(Sentence('another process on "{node}" holds the lock of storage "{storage}"'))
def storage_held(world: World, node: str, storage: str) -> None:
    world.holders.hold(world.node(node), STORAGE_LOCK.format(storage))


@given(Sentence('a live migration of guest {vmid} to "{node}" with "{options}" waits for the lock'
                ' of storage "{storage}"'))  # fmt: skip
def waits_for_storage(world: World, vmid: int, node: str, options: str, storage: str) -> None:
    run = world.begin(vmid, node, [*LIVE, *shlex.split(options)])
    run.reach("memory complete")
    path = STORAGE_LOCK.format(storage)
    assert locks.waits(world.node(run.source), path, run.process.pid), run.log


@given(Sentence('"{node}" has no folder of lock files'))
def no_folders(world: World, node: str) -> None:
    folders = [world.lock_path(which, 0).rpartition("/")[0] for which in KINDS]
    world.node(node).run(["rm", "-r", *folders])
    world.on_end(lambda: world.node(node).run(["mkdir", "-p", *folders]))


@given(Sentence('the lock files of guest {vmid} on "{node}" have been there for long'))
def old_lock_files(world: World, lock_files: dict[str, str], vmid: int, node: str) -> None:
    for which in KINDS:
        path = world.lock_path(which, vmid)
        world.node(node).put(path, b"not empty\n")
        lock_files[path] = locks.identity(world.node(node), path)


@then(Sentence('the migration holds the {which:migration|config} lock of guest {vmid}'))
def migration_holds(world: World, which: str, vmid: int) -> None:
    run = world.run
    node, path = world.node(run.source), world.lock_path(which, vmid)
    assert locks.has(node, path, run.process.pid), run.log
    assert locks.owners(node, path) == 1


@then(Sentence('the migration waits for the {which:migration|config} lock of guest {vmid}'))
def migration_is_waiting(world: World, which: str, vmid: int) -> None:
    assert world.run.vmid == vmid
    still_waits(world, which)


@then(Sentence('the migration finishes successfully once the locks are given back'))
def finishes_after_release(world: World) -> None:
    world.holders.release()
    assert world.ending == "success"


@then(Sentence('nobody holds a lock of guest {vmid} on "{node}"'))
def nobody_holds(world: World, vmid: int, node: str) -> None:
    _ = world.run.result
    for which in KINDS:
        assert locks.owners(world.node(node), world.lock_path(which, vmid)) == 0


@then(Sentence('both lock files of guest {vmid} are there on "{node}"'))
def lock_files_there(world: World, vmid: int, node: str) -> None:
    for which in KINDS:
        kind = locks.identity(world.node(node), world.lock_path(which, vmid)).partition(" ")[2]
        assert kind.startswith("regular")


@then(Sentence('the lock files of guest {vmid} on "{node}" are the same files with the same'
               ' content'))  # fmt: skip
def same_lock_files(world: World, lock_files: dict[str, str], vmid: int, node: str) -> None:
    paths = [world.lock_path(which, vmid) for which in KINDS]
    assert {path: locks.identity(world.node(node), path) for path in paths} == lock_files


@then(Sentence('the command that waited fails because of "{fragment}"'))
def waiter_fails(others: list[RemoteProcess], fragment: str) -> None:
    result = others[-1].wait(30.0)
    assert result.rc not in (0, -1)
    assert fragment in result.stderr
    assert "Traceback" not in result.stderr


@then(Sentence('the command that waited succeeds and the config of guest {vmid} has'
               ' "{key}: {value}"'))  # fmt: skip
def waiter_succeeds(
    world: World, others: list[RemoteProcess], vmid: int, key: str, value: str
) -> None:
    result = others[-1].wait(30.0)
    assert result.rc == 0, result.stderr
    assert configs.value(world.look().config(vmid), key) == value


def waited_s(process: RemoteProcess) -> float:
    """Seconds from the notice that it waits to its last line, as they arrived."""
    said = process.output()
    assert len(said) > 1, process.tail()
    return said[-1].time - said[0].time


@given(Sentence('guest {vmid} is locked by "{value}"'))
def locked(world: World, vmid: int, value: str) -> None:
    """By an operation that has not ended and does not in this scenario."""
    world.set_keys(vmid, {"lock": value})
    world.let_lock_stay(vmid, value)


@given(Sentence('guests {one} and {other} are locked by "{value}"'))
def both_locked(world: World, one: int, other: int, value: str) -> None:
    locked(world, one, value)
    locked(world, other, value)


@given(Sentence('stopped guests {one} and {other} on "{node}"'))
def two_guests(world: World, one: int, other: int, node: str) -> None:
    for vmid in (one, other):
        world.add_guest(vmid, node)
        world.add_disk(vmid, "scsi0", 16, "raw", "local")


@when(Sentence('these commands on "{node}" have waited for their locks to the end:'))
def all_waited(
    world: World, waiters: list[Waiter], node: str, datatable: list[list[str]]
) -> None:
    """All at once."""
    world.before = world.look()
    for command, which, vmid, seconds in datatable[1:]:
        process, path = world.node(node).start(f"exec {command}"), world.lock_path(which, int(vmid))
        waiters.append(Waiter(process, path, int(seconds)))
        assert locks.waits(world.node(node), path, process.pid), process.tail()
    for waiter in waiters:
        waiter.process.wait(30.0)


@then("each of them has given up after its time because of its lock file")
def all_gave_up(waiters: list[Waiter]) -> None:
    assert waiters
    for process, path, seconds in waiters:
        result = process.wait(1.0)
        assert result.rc not in (0, -1), process.title
        assert f"can't lock file '{path}' - got timeout" in result.stdout + result.stderr
        assert seconds - 1 < waited_s(process) < seconds + 5, process.title


@then(Sentence("the configs of guests {one} and {other} are as they were"))
def configs_kept(world: World, one: int, other: int) -> None:
    assert world.before is not None
    now = world.look()
    for vmid in (one, other):
        assert now.config(vmid) == world.before.config(vmid)
