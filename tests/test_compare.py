"""Runs on several labs are compared: what a lab has not explains, anything else is a difference."""

import json
from pathlib import Path

import pytest

from fixtures.report.compare import main

NO_IPV6 = "the lab has no 'ipv6' (has: crash, partition)"
Outcomes = dict[str, tuple[str, str]]
PASS = ("pass", "")


def saved(path: Path, lab: str, outcomes: Outcomes) -> str:
    scenarios = [{"id": name, "outcome": o, "reason": why} for name, (o, why) in outcomes.items()]
    path.write_text(json.dumps({"about": {"lab": lab}, "scenarios": scenarios}))
    return str(path)


def compared(tmp_path: Path, one: Outcomes, two: Outcomes, *words: str) -> int:
    reports = [saved(tmp_path / "1", "local", one), saved(tmp_path / "2", "vagrant", two)]
    return main([*reports, *words])


def test_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(tmp_path, {"a": PASS, "b": PASS}, {"a": PASS, "b": PASS}) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "the same verdicts"


def test_what_a_lab_has_not_explains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = {"a": PASS, "b": ("unsupported", NO_IPV6), "c": ("unsupported", NO_IPV6)}
    assert compared(tmp_path, {"a": PASS, "b": PASS, "c": PASS}, there) == 0
    out = capsys.readouterr().out
    assert f"explained: vagrant ({tmp_path}/2): 2 left out: {NO_IPV6}" in out
    assert "the same verdicts, but for what is explained" in out


@pytest.mark.parametrize(
    "said",
    [
        ("fail", "it broke"),
        ("unsupported", "the migrator has no 'api' (has: secure)"),
        ("not run", "no tree of QEMU 10.0"),
    ],
)
def test_anything_else_is_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: tuple[str, str]
) -> None:
    assert compared(tmp_path, {"a": PASS}, {"a": said}) == 1
    out = capsys.readouterr().out
    assert f"different: a: local ({tmp_path}/1) pass; vagrant ({tmp_path}/2) {said[0]}" in out
    assert said[1] in out


def test_a_failure_is_not_explained_by_another_lab(tmp_path: Path) -> None:
    assert compared(tmp_path, {"a": ("fail", "no")}, {"a": ("unsupported", NO_IPV6)}) == 1
    assert compared(tmp_path, {"a": ("fail", "no")}, {"a": ("fail", "other")}) == 0


def test_a_selection_is_compared_by_what_both_had(tmp_path: Path) -> None:
    one, two = {"a": PASS, "b": PASS}, {"a": PASS}
    assert compared(tmp_path, one, two) == 1
    assert compared(tmp_path, one, two, "--common") == 0
    assert compared(tmp_path, one, {"c": PASS}, "--common") == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"scenarios": [{}], "about": {}}', None])
def test_what_is_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    bad = tmp_path / "bad.json"
    if text is not None:
        bad.write_text(text)
    assert main([saved(tmp_path / "1", "local", {"a": PASS}), str(bad)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert str(bad) in told[0]
    assert "expected" in told[0]


def test_one_report_is_not_enough(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["only.json"])
    assert "only.json: one report, expected two or more" in capsys.readouterr().err
