"""The task log of a migration, and signals to the migrator."""

from __future__ import annotations

import re
from datetime import datetime

from pytest_bdd import given, then, when

from fixtures.faults.gates import Gate
from fixtures.observe import tasks
from fixtures.world.sentence import Sentence
from fixtures.world.sight import await_sight
from fixtures.world.world import World

# Who listens for logins, whatever started it.
LISTENER = "ss -Hltnp 'sport = 22' | grep -o -m 1 '\"sshd\",pid=[0-9]*' | cut -d= -f2"
DATED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \S.*")


def task_log(world: World, vmid: int, node: str) -> list[str]:
    """The whole log; waits for the migration's end."""
    _ = world.run.result
    return tasks.log(world.node(node), vmid)


@then(Sentence('the task log of guest {vmid} on "{node}" ends with "{line}"'))
def log_ends(world: World, vmid: int, node: str, line: str) -> None:
    assert task_log(world, vmid, node)[-1] == line


@then(Sentence('the last line before that is like "{regex}"'))
def log_last_but_one(world: World, regex: str) -> None:
    line = task_log(world, world.run.vmid, world.run.source)[-2]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d " + regex, line), line


@then(Sentence('every other line of the task log of guest {vmid} on "{node}" begins with its time'))
def lines_dated(world: World, vmid: int, node: str) -> None:
    """In order, and not outside the time of the scenario."""
    lines = task_log(world, vmid, node)[:-1]
    found = [DATED.fullmatch(line) for line in lines]
    assert [line for line, match in zip(lines, found, strict=True) if not match] == []
    now, zone = world.node(node).run(["date", "+%s %z"]).stdout.split()
    times = [datetime.fromisoformat(match[1] + zone).timestamp() for match in found if match]
    assert times == sorted(times)
    assert world.began_by(node) - 1 <= times[0] <= times[-1] <= int(now)


@then("the task log says what the command printed")
def log_as_printed(world: World) -> None:
    lines = task_log(world, world.run.vmid, world.run.source)[:-1]
    printed = [line.text for line in world.run.process.output()]
    assert [line for line in printed if DATED.fullmatch(line)] == lines


@then(Sentence('the task log has the lines "{first}" and "{second}" of their own'))
def log_lines(world: World, first: str, second: str) -> None:
    lines = task_log(world, world.run.vmid, world.run.source)
    assert sum(line.endswith(first) for line in lines) == 1
    assert sum(line.endswith(second) for line in lines) == 1


@then("no line of the task log is an error")
def log_no_error(world: World) -> None:
    lines = task_log(world, world.run.vmid, world.run.source)
    assert [line for line in lines if "ERROR:" in line] == []


@then(Sentence('the error "{text}" comes before "{later}"'))
def error_before(world: World, text: str, later: str) -> None:
    lines = task_log(world, world.run.vmid, world.run.source)
    where = [n for n, line in enumerate(lines) if text in line and line[20:26] == "ERROR:"]
    others = [n for n, line in enumerate(lines) if later in line]
    assert where
    assert others
    assert where[0] < others[0]


@then(Sentence('no QEMU was ever started on "{node}"'))
def never_started(world: World, node: str) -> None:
    """The recorder keeps a file of every QEMU of a test guest that ever came up on the node."""
    _ = world.run.result
    assert world.node(node).run(["ls", "/run/observer/beats"]).stdout == ""


@given(Sentence('"{node}" takes no new login'))
def no_login(world: World, node: str) -> None:
    """Its sshd answers nobody any more; connections that are there stay."""
    pid = world.node(node).run(LISTENER).stdout.strip()
    world.node(node).run(["kill", "-STOP", pid])
    world.on_end(lambda: world.node(node).run(["kill", "-CONT", pid]))


@given(Sentence('a migration of guest {vmid} to "{node}" has come to its first login there'))
def at_login(world: World, vmid: int, node: str) -> None:
    run = world.begin(vmid, node)
    address = world.node(node).address
    await_sight(
        world,
        f"a login to {node}",
        lambda found: any(
            argv[0].endswith("ssh") and any(address in word for word in argv)
            for _, argv in found.nodes[run.source].helpers
        ),
    )


@given(Sentence('a migration of guest {vmid} to "{node}" has copied a part of volume "{volume}"'))
def at_partial_copy(world: World, vmid: int, node: str, volume: str) -> None:
    """Slowly, so that the rest takes longer than anything else in the scenario."""
    world.begin(vmid, node, ["--bwlimit", "2048"])
    await_sight(world, f"a part of {volume}", lambda found: volume in found.nodes[node].volumes)


@given(Sentence('a live migration of guest {vmid} to "{node}" with "{options}" has come to'
                ' "{checkpoint}"'))  # fmt: skip
def live_has_come(world: World, vmid: int, node: str, options: str, checkpoint: str) -> None:
    words = ["--online", "--with-local-disks", *options.split()]
    world.begin(vmid, node, words).reach(checkpoint)


@given(Sentence("the migrator has got the signal {name:TERM|INT|QUIT|HUP|PIPE}"))
def got_signal(world: World, name: str) -> None:
    world.run.process.signal(name)


@given(Sentence("the migrator has noted the signal {name:TERM|INT|QUIT|HUP|PIPE}"))
@when(Sentence("the migrator has noted the signal {name:TERM|INT|QUIT|HUP|PIPE}"))
def noted_signal(world: World, name: str) -> None:
    world.run.process.signal(name)
    world.run.reach("interrupt noted")


@when("somebody at the terminal interrupts the migration")
def interrupted_at_terminal(world: World) -> None:
    """The terminal sends the signal to the whole process group."""
    world.run.process.signal("INT", group=True)


@given(Sentence('the migrator has got the signal {name:TERM|INT}, has come to "{command}" and has'
                ' noted another'))  # fmt: skip
def signalled_twice(world: World, gates: dict[str, Gate], name: str, command: str) -> None:
    """The first ends the phase, the second comes in its cleanup."""
    world.run.process.signal(name)
    gates[command].wait_until_reached()
    noted_signal(world, name)
