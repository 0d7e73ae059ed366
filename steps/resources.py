"""Devices and directories of nodes, their names in the cluster, and guests that use them."""

from __future__ import annotations

import re
import shlex

import pytest
from pytest_bdd import given, then, when

from fixtures.world import cluster_files
from fixtures.world.run import Tried
from fixtures.world.sentence import Sentence
from fixtures.world.world import World

ENTRY = {
    "pci": "id=10de:2204,path=0000:01:00.0",
    "usb": "id=0951:1666",
    "directory": "path=/srv/share",
}


@pytest.fixture
def tried() -> list[Tried]:
    """Migrations asked for one after another."""
    return []


@given("these resource mappings:")
def mappings(world: World, datatable: list[list[str]]) -> None:
    """Each row: kind, name, the nodes that have an entry, a further option or nothing."""
    texts = dict.fromkeys(ENTRY, "")
    for kind, name, nodes, option in datatable:
        entries = [f"\tmap {ENTRY[kind]},node={node}\n" for node in nodes.split()]
        texts[kind] += f"{name}\n\tdescription any\n\t{option}\n{''.join(entries)}\n"
    for kind, text in texts.items():
        cluster_files.put(world, f"mapping/{kind}.cfg", text.replace("\n\t\n", "\n"))


@given(Sentence('guest {vmid} has in its config "{lines}"'))
def config_lines(world: World, vmid: int, lines: str) -> None:
    world.set_keys(vmid, dict(line.split(": ", 1) for line in lines.split(" / ")))


@when(Sentence('guest {vmid} is migrated to "{node}" with "{options}" once for each row:'))
def once_for_each(
    world: World, tried: list[Tried], vmid: int, node: str, options: str,
    datatable: list[list[str]],
) -> None:  # fmt: skip
    """Each row: last lines of its config, further options, the reason why it stays."""
    config, before = world.config(vmid), world.look(digest=True)
    for lines, more, reason in datatable:
        world.write_config(vmid, config + lines.replace(" / ", "\n") + "\n")
        run = world.begin(vmid, node, shlex.split(f"{options} {more}"))
        tried.append(Tried(reason, run.ending, run.log))
    world.write_config(vmid, config)
    world.before = before


@then("each time it is aborted for the reason of the row")
def each_aborted(tried: list[Tried]) -> None:
    """Its last line ends with the reason."""
    assert tried
    for one in tried:
        assert one.ending == "aborted", one
        assert re.search(rf": .*{one.reason}$", one.log, re.MULTILINE), one


@then(Sentence('the migration is aborted over exactly "{keys}" and the words "{words}"'))
def aborted_over(world: World, keys: str, words: str) -> None:
    """These config keys are listed after the words, in any order."""
    assert world.ending == "aborted"
    found = re.search(rf"{re.escape(words)}:? ([\w, -]+)$", world.run.log, re.MULTILINE)
    assert found, world.run.log
    assert sorted(found[1].split(", ")) == sorted(keys.split())
