"""Verdicts follow from outcomes; the report is the same on one process and on two."""

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.report import table
from fixtures.report.registry import Requirement
from fixtures.report.verdicts import ScenarioResult, as_json, judge

pytest_plugins = "pytester"

ROOT = Path(__file__).parent.parent
KNOWN = {
    name: Requirement(name, tier, f"Text of {name}")
    for name, tier in {"AA-01": 1, "AA-02": 1, "BB-01": 2, "XT-04": 1}.items()
}


def result(tags: str, *phases: tuple[str, str], **more: Any) -> ScenarioResult:
    made = ScenarioResult(f"test_{tags}", "F", None, tags, tags.split(), **more)
    for outcome, reason in phases:
        made.add(outcome, 0.5, reason)
    return made


PASS, FAIL, SKIP = ("passed", ""), ("failed", "it broke"), ("skipped", "no btrfs here")


def verdicts(*results: ScenarioResult) -> dict[str, tuple[str, str]]:
    judged = judge(KNOWN, results)
    return {one.requirement.id: (one.verdict, one.reason) for one in judged}


def test_one_failure_decides() -> None:
    broken = result("AA-01 BB-01", PASS, FAIL)
    found = verdicts(result("AA-01", PASS), broken, result("AA-01", SKIP))
    assert found["AA-01"] == found["BB-01"] == ("fail", "it broke")
    assert found["AA-02"] == ("not run", "")


def test_a_pass_outweighs_a_skip() -> None:
    assert verdicts(result("AA-01", PASS), result("AA-01", SKIP))["AA-01"] == ("pass", "")


def test_only_skips_are_unsupported_with_their_reason() -> None:
    assert verdicts(result("AA-01", SKIP))["AA-01"] == ("unsupported", "no btrfs here")


def test_what_the_whole_run_lacks_leaves_scenarios_not_run_with_that_reason() -> None:
    found = result("AA-01", ("skipped", "not run: no tree of QEMU 10.0"))
    assert verdicts(found)["AA-01"] == ("not run", "no tree of QEMU 10.0")
    lines = list(table.lines({}, judge(KNOWN, [found]), [found]))
    assert lines[-2] == "1 scenarios: 1 not run"


@pytest.mark.parametrize("reason", ["", "unconditional skip"])
def test_a_skip_without_a_reason_is_a_failure(reason: str) -> None:
    found = verdicts(result("AA-01", ("skipped", reason)))
    assert found["AA-01"] == ("fail", "skipped without a reason")


def test_an_error_while_cleaning_up_fails_a_scenario_that_passed() -> None:
    assert verdicts(result("AA-01", PASS, PASS, FAIL))["AA-01"][0] == "fail"


def test_every_scenario_is_a_witness_that_nothing_is_left() -> None:
    assert verdicts(result("AA-01", PASS, leftovers=[]))["XT-04"] == ("pass", "")
    assert verdicts(result("AA-01", FAIL))["XT-04"] == ("not run", "")
    left = result("AA-01", FAIL, leftovers=["pve1: a socket"])
    assert verdicts(result("AA-02", PASS), left)["XT-04"] == ("fail", "it broke")


def test_the_table_counts_per_area_and_tier() -> None:
    results = [result("AA-01", PASS), result("BB-01", SKIP)]
    lines = list(table.lines({"lab": "local"}, judge(KNOWN, results), results))
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    assert rows["AA"] == ["1", "0", "0", "0", "1", "1/2", "-", "-"]
    assert rows["all"] == ["1", "0", "0", "1", "2", "1/3", "0/1", "-"]
    assert "unsupported: BB-01 no btrfs here" in lines
    assert lines[-2:] == ["2 scenarios: 1 pass, 1 unsupported", "lab local"]


def test_the_json_lists_every_requirement_and_scenario() -> None:
    results = [result("BB-01", SKIP), result("AA-01", PASS)]
    whole = as_json({}, judge(KNOWN, results), results)
    assert [one["id"] for one in whole["requirements"]] == list(KNOWN)
    assert whole["requirements"][0]["scenarios"] == ["test_AA-01"]
    assert [one["outcome"] for one in whole["scenarios"]] == ["pass", "unsupported"]


FEATURE = """\
Feature: Trial
  @LOCK-01
  Rule: first
    Scenario: passes
      Given all is well
    Scenario: fails
      Given all is lost
  @LOCK-02
  Rule: second
    Scenario Outline: told <why>
      Given it is skipped because of "<why>"
      Examples:
        | why   |
        | a bus |
        |       |
    Scenario: breaks before its first step
      Given a step that fails to set up
"""
TEST_FILE = """\
from pathlib import Path
import pytest
from pytest_bdd import given, parsers, scenarios
from fixtures.report.guards import checked_features

@given("all is well")
def _(): pass

@given("all is lost")
def _(): assert 1 == 2

@given(parsers.re('it is skipped because of "(?P<why>.*)"'))
def _(why): pytest.skip(why)

@pytest.fixture
def broken(): raise RuntimeError("no lab")

@given("a step that fails to set up")
def _(broken): pass

scenarios(*checked_features(Path(__file__).parent))
"""


def run(pytester: pytest.Pytester, *options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
    pytester.makefile(".feature", trial=FEATURE)
    pytester.makepyfile(test_trial=TEST_FILE)
    pytester.makeini(f"[pytest]\naddopts = --strict-markers\npythonpath = {ROOT}\n")
    ran = pytester.runpytest_subprocess("-p", "fixtures.report.plugin", *options)
    return ran, json.loads((pytester.path / ".report" / "report.json").read_text())


def test_one_process_and_two_report_the_same(pytester: pytest.Pytester) -> None:
    """Also a skip with an empty reason and an error outside every step are counted."""
    ran, alone = run(pytester, "-n0")
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = {one["id"]: (one["outcome"], one["reason"]) for one in alone["scenarios"]}
    assert outcomes["test_passes"] == ("pass", "")
    assert outcomes["test_fails"] == ("fail", "Given all is lost: assert 1 == 2")
    assert outcomes["test_told_why[a bus]"] == ("unsupported", "a bus")
    assert outcomes["test_told_why[]"] == ("fail", "skipped without a reason")
    assert outcomes["test_breaks_before_its_first_step"][0] == "fail"
    _, shared = run(pytester, "-n2")
    for one in alone["scenarios"] + shared["scenarios"]:
        del one["seconds"]
    assert shared == alone


def test_a_skip_without_a_reason_alone_fails_the_session(pytester: pytest.Pytester) -> None:
    ran, _ = run(pytester, "-n0", "-k", "told")
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    ran.stdout.fnmatch_lines(["failed: LOCK-02 skipped without a reason"])


def test_a_scenario_that_was_interrupted_has_not_passed(pytester: pytest.Pytester) -> None:
    text = "Feature: x\n  @LOCK-05\n  Rule: y\n    Scenario: goes on and on\n      Given no end\n"
    pytester.makefile(".feature", endless=text)
    pytester.makeconftest(
        "from pytest_bdd import given\n@given('no end')\ndef _(): raise KeyboardInterrupt\n"
    )
    ran, whole = run(pytester, "-n0", "-k", "goes_on")
    assert ran.ret == pytest.ExitCode.INTERRUPTED
    assert [one["outcome"] for one in whole["scenarios"]] == ["not run"]


UNIT_FILE = """\
import pytest

@pytest.mark.requirement("LOCK-03", reason="no world shows it")
def test_shown(): pass

@pytest.mark.requirement("LOCK-05", reason="nor this")
@pytest.mark.parametrize("right", [True, False])
def test_broken(right): assert right
"""
CONFTEST = """\
import pytest

@pytest.fixture(autouse=True)
def _about(request):
    request.node.user_properties.append(("about", {"subject": "reference"}))
"""


def test_what_unit_tests_judge_is_listed_as_such(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_unit=UNIT_FILE, conftest=CONFTEST)
    _, whole = run(pytester, "test_unit.py", "test_trial.py", "-n0")
    found = {one["id"]: (one["verdict"], one["reason"]) for one in whole["requirements"]}
    assert found["LOCK-03"] == ("unit test", "no world shows it (test_unit.py::test_shown)")
    assert found["LOCK-05"] == ("fail", "nor this (test_unit.py::test_broken[False])")


def test_a_wrong_mark_is_an_error(pytester: pytest.Pytester) -> None:
    marks = ('"LOCK-99", reason="x"', '"LOCK-03"', 'reason="x"')
    made = [f"@pytest.mark.requirement({m})\ndef test_{n}(): pass\n" for n, m in enumerate(marks)]
    pytester.makepyfile(test_unit="".join(["import pytest\n", *made]))
    pytester.makeini(f"[pytest]\npythonpath = {ROOT}\n")
    ran = pytester.runpytest_subprocess("-p", "fixtures.report.plugin", "-n0", "test_unit.py")
    assert ran.ret != 0
    ran.stdout.fnmatch_lines(["*expected an id of the catalogue and a reason*"] * len(marks))
