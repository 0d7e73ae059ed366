"""Faults of feature files end the collection; where no lab can be, one line says so."""

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.report.guards import feature_faults
from fixtures.world.sentence import Sentence

pytest_plugins = "pytester"

ROOT = Path(__file__).parent.parent
STEP = 'Given a stopped guest 100 on "pve1"'
GOOD = f"""\
Feature: F
  @LOCK-01 @live
  Rule: R
    Scenario: S
      {STEP}
"""
FAULTS = {
    "@LOCK-99 is no requirement": GOOD.replace("@live", "@LOCK-99"),
    "@wip is no requirement": GOOD.replace("Scenario: S", "@wip\n    Scenario: S"),
    "rule 'R' has no requirement's tag": GOOD.replace("@LOCK-01 ", ""),
    "scenario 'S' has no requirement's tag": f"Feature: F\n  Scenario: S\n    {STEP}\n",
    "scenario name 'S' is there twice": GOOD + f"\n    Scenario: S\n      {STEP}\n",
    "feature 'F' has no scenario": "Feature: F\n",
    "scenario 'S' has no step": GOOD.replace(STEP, ""),
    "no step definition for given 'a guest made of cheese'": GOOD.replace(
        STEP, "Given a guest made of cheese"
    ),
    "no step definition for when": GOOD.replace("Given a", "When a"),
    "outline 'S' has no example": GOOD.replace("Scenario:", "Scenario Outline:"),
    "has an example twice": GOOD.replace("Scenario:", "Scenario Outline:").replace("100", "<v>")
    + "      Examples:\n        | v   |\n        | 100 |\n        | 100 |\n",
    "no step definition for given 'a stopped guest <x>": GOOD.replace("100", "<x>"),
}


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "trial.feature"
    path.write_text(text)
    return list(feature_faults(path))


def test_a_good_feature_has_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_place(tmp_path: Path, fault: str) -> None:
    found = faults(tmp_path, FAULTS[fault])
    assert len(found) == 1
    assert fault in found[0]
    assert found[0].startswith(f"{tmp_path}/trial.feature:")


TEST_FILE = """\
from pathlib import Path
from pytest_bdd import given, parsers, scenarios
from fixtures.report.guards import checked_features

@given("a stopped guest {more}")
{definition} step(): assert False

{other}
scenarios(*checked_features(Path(__file__).parent))
"""


def collect(
    pytester: pytest.Pytester, definition: str, sentence: str, other: str = ""
) -> pytest.RunResult:
    """Run the good feature with a step of its own, as a session of its own."""
    pytester.makefile(".feature", trial=GOOD)
    text = TEST_FILE.replace("{definition}", definition).replace("{other}", other)
    pytester.makepyfile(test_trial=text.replace('"a stopped guest {more}"', sentence))
    pytester.makeini(f"[pytest]\naddopts = --strict-markers\npythonpath = {ROOT}\n")
    return pytester.runpytest_subprocess("-p", "fixtures.report.plugin")


EXACT = "parsers.parse('a stopped guest {v} on \"pve1\"')"


def test_an_async_step_ends_the_collection(pytester: pytest.Pytester) -> None:
    ran = collect(pytester, "async def", EXACT)
    assert ran.ret == pytest.ExitCode.INTERRUPTED
    ran.stdout.fnmatch_lines(["*test_trial.py:*async, expected a plain function"])


def test_a_step_defined_twice_ends_the_collection(pytester: pytest.Pytester) -> None:
    other = "@given(parsers.parse('a stopped guest {more}'))\ndef another(): pass\n"
    ran = collect(pytester, "def", EXACT, other)
    assert ran.ret == pytest.ExitCode.INTERRUPTED
    ran.stdout.fnmatch_lines(["*trial.feature:5: given*is defined by*and*"])


def test_a_plain_step_is_run(pytester: pytest.Pytester) -> None:
    collect(pytester, "def", EXACT).assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("preparation", "words"),
    [
        ("os.geteuid = lambda: 1000", ["uid 1000", "root"]),
        ("import shutil; shutil.which = lambda *_, **__: None", ["qemu-system-x86", "apt-get"]),
        ("args += ['--qemu', '/no/qemu']", ["'/no/qemu' is not an executable file"]),
    ],
)
def test_where_no_lab_can_be_the_run_ends_with_one_line(preparation: str, words: list[str]) -> None:
    code = (
        "import os, sys, pytest; args = ['features', '-q', '-n2']; "
        f"{preparation}; sys.exit(pytest.main(args))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 3
    said = (ran.stdout + ran.stderr).strip().splitlines()
    assert len(said) == 1
    assert all(word in said[0] for word in words)


def test_a_sentence_matches_whole_steps_only() -> None:
    sentence = Sentence('guest {vmid} is {state:running|stopped} on "{node}" as {drive:word}')
    assert sentence.parse_arguments('guest 100 is stopped on "a b" as scsi0') == {
        "vmid": 100,
        "state": "stopped",
        "node": "a b",
        "drive": "scsi0",
    }
    assert not sentence.is_matching('guest 100 is stopped on "a" with "b" as scsi0')
    assert not sentence.is_matching('guest x is stopped on "a" as scsi0')
    assert not sentence.is_matching('guest 100 is gone on "a" as scsi0')
    assert Sentence('has "{key}: {value}"').parse_arguments('has "args: a: b"') == {
        "key": "args",
        "value": "a: b",
    }
