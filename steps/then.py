"""What must be true of the world afterwards."""

from __future__ import annotations

import re

from pytest_bdd import then

from fixtures.labs.patience import patient
from fixtures.observe import configs
from fixtures.world import networks, oracle
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

REFUSED = 'the request is refused because of "{fragment}"'


@then("the migration finishes successfully")
def success(world: World) -> None:
    assert world.ending == "success"


@then("the migration is aborted")
def aborted(world: World) -> None:
    assert world.ending == "aborted"


@then(Sentence('the migration is aborted because of "{fragment}"'))
def aborted_because(world: World, fragment: str) -> None:
    assert world.ending == "aborted"
    assert networks.fill_in(world, fragment) in world.run.log


@then("the migration ends with problems")
def problems(world: World) -> None:
    assert world.ending == "problems"


@then(Sentence(REFUSED))
def refused(world: World, fragment: str) -> None:
    assert world.ending == "refused"
    assert fragment in world.run.log
    assert "Traceback" not in world.run.log


@then(Sentence('the request is refused on parameter "{name}" because of "{fragment}"'))
def refused_parameter(world: World, name: str, fragment: str) -> None:
    assert world.ending == "refused"
    assert re.search(rf"^{re.escape(name)}: .*{re.escape(fragment)}", world.run.log, re.MULTILINE)
    assert "Traceback" not in world.run.log


@then(Sentence('the log says "{text}"'))
def log_says(world: World, text: str) -> None:
    assert world.run.says(re.escape(networks.fill_in(world, text)))


@then(Sentence('the log does not say "{text}"'))
def log_says_not(world: World, text: str) -> None:
    assert not world.run.says(re.escape(text))


@then(Sentence('the log has a line like "{regex}"'))
def log_line(world: World, regex: str) -> None:
    assert world.run.says(networks.fill_in(world, regex))


@then(Sentence('the log says "{first}" before "{second}"'))
def log_order(world: World, first: str, second: str) -> None:
    first = networks.fill_in(world, first)
    assert world.run.says(re.escape(first))
    assert 0 <= world.run.log.find(first) < world.run.log.rfind(second)


@then("nothing has changed on any node")
def unchanged(world: World) -> None:
    assert world.changes() == []


@then(Sentence('guest {vmid} is {state:running|paused} on "{node}"'))
def in_state(world: World, vmid: int, state: str, node: str) -> None:
    """Its only process is there, in that state, and so is its config."""
    found = world.look()
    statuses = {name: [g.status for g in there] for name, there in found.guests(vmid).items()}
    assert statuses == {node: [state]}
    assert found.owners(vmid) == [node]


@then(Sentence('guest {vmid} is stopped on "{node}"'))
def is_stopped(world: World, vmid: int, node: str) -> None:
    """It has no process anywhere; its config is there."""
    found = world.look()
    assert found.guests(vmid) == {}
    assert found.owners(vmid) == [node]


@then(Sentence('the config of guest {vmid} is on "{node}" only'))
def config_on(world: World, vmid: int, node: str) -> None:
    assert world.look().owners(vmid) == [node]


@then(Sentence("guest {vmid} has no lock property"))
def no_lock(world: World, vmid: int) -> None:
    assert configs.value(world.look().config(vmid), "lock") is None


@then(Sentence('guest {vmid} has the lock property "{value}"'))
def has_lock(world: World, vmid: int, value: str) -> None:
    assert configs.value(world.look().config(vmid), "lock") == value


@then(Sentence('the config of guest {vmid} has "{key}: {value}"'))
def has_key(world: World, vmid: int, key: str, value: str) -> None:
    assert configs.value(world.look().config(vmid), key) == value


@then(Sentence('the config of guest {vmid} has no "{key}"'))
def has_no_key(world: World, vmid: int, key: str) -> None:
    assert configs.value(world.look().config(vmid), key) is None


@then(Sentence('drive {drive:word} of guest {vmid} is volume "{volume}"'))
def drive_is(world: World, drive: str, vmid: int, volume: str) -> None:
    value = configs.value(world.look().config(vmid), drive)
    assert configs.drive_options(value or "")[0] == volume


@then(Sentence('drive {drive:word} of guest {vmid} has the option "{name}={value}"'))
def drive_option(world: World, drive: str, vmid: int, name: str, value: str) -> None:
    entry = configs.value(world.look().config(vmid), drive)
    assert configs.drive_options(entry or "")[1].get(name) == value


@then(Sentence('volume "{volume}" exists on "{node}"'))
def volume_there(world: World, volume: str, node: str) -> None:
    assert volume in world.look().nodes[node].volumes


@then(Sentence('volume "{volume}" does not exist on "{node}"'))
def volume_gone(world: World, volume: str, node: str) -> None:
    assert volume not in world.look().nodes[node].volumes


@then(Sentence('volume "{new}" on "{target}" has the content that "{old}" on "{source}" had'))
def same_content(world: World, new: str, target: str, old: str, source: str) -> None:
    """Compared by content; for volumes no guest has written to since the request."""
    assert world.before is not None
    was = world.before.nodes[source].volumes[old]
    now = world.look(digest=True).nodes[target].volumes[new]
    assert (now.size, now.digest) == (was.size, was.digest)


@then(Sentence("guest {vmid} has lost no beat, no page and no record"))
def lost_nothing(world: World, vmid: int) -> None:
    """All three oracles, over all nodes."""
    assert oracle.losses(world, vmid) == []


@then(Sentence("guest {vmid} never ran on two nodes at once"))
def ran_once(world: World, vmid: int) -> None:
    heard = oracle.timeline(world, vmid)
    assert heard.beating
    assert heard.uniqueness() == []


@then(Sentence("the pause that guest {vmid} saw is at most {ms} ms"))
def short_pause(world: World, vmid: int, ms: int) -> None:
    pause = oracle.timeline(world, vmid).pause_ms()
    world.measured["guest-visible pause in ms"] = pause
    assert 0 < pause <= patient(ms)


@then("the command succeeds")
def command_succeeds(world: World) -> None:
    assert world.asked[-1].rc == 0, world.asked[-1].output


@then(Sentence('the command fails because of "{fragment}"'))
def command_fails(world: World, fragment: str) -> None:
    assert world.asked[-1].rc != 0
    assert networks.fill_in(world, fragment) in world.asked[-1].output
    assert "Traceback" not in world.asked[-1].output


@then(Sentence('the command prints "{text}"'))
def command_prints(world: World, text: str) -> None:
    assert networks.fill_in(world, text) in world.asked[-1].output


@then(Sentence('the {which:migration|config} lock of guest {vmid} is held on "{node}"'))
def lock_is_held(world: World, which: str, vmid: int, node: str) -> None:
    assert world.look().lock_holders(node, world.lock_path(which, vmid))


@then(Sentence('the {which:migration|config} lock of guest {vmid} is free on "{node}"'))
def lock_is_free(world: World, which: str, vmid: int, node: str) -> None:
    assert world.look().lock_holders(node, world.lock_path(which, vmid)) == []
