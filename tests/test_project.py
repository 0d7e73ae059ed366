"""What the documents and the set-up say of the checkout is true of it."""

import re
import tomllib
from pathlib import Path

import pytest

from fixtures.labs.machine import PACKAGES

ROOT = Path(__file__).parent.parent
ROOMS = ("reference", "features", "steps", "fixtures", "tests", "benchmarks", "tools")
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.md"), *ROOT.glob("vagrant/*.md"), *ROOT.glob("fixtures/**/*.md")]
)


def read(path: str) -> str:
    return (ROOT / path).read_text()


def targets() -> set[str]:
    return set(" ".join(re.findall(r"^([a-z -]+):", read("Makefile"), re.MULTILINE)).split())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", read(document))
    missing = [link for link in links if not ((ROOT / document).parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_in_documents_exist(document: str) -> None:
    named = set(re.findall(r"(?:`|^|sudo )make ([a-z-]+)", read(document), re.MULTILINE))
    assert named <= targets()


def test_files_named_by_the_architecture_exist() -> None:
    """A name may be short: `migration/spine.py`, or `spine.py` after its room was named."""
    names = re.findall(r"`([\w./]+\.(?:py|sh|md|asm)|[\w/]+/)`", read("ARCHITECTURE.md"))
    there = [ROOT / "conftest.py", *(ROOT / room for room in ROOMS)]
    there += [file for room in ROOMS for file in (ROOT / room).rglob("*")]
    missing = [name for name in names if not any(file.match(name) for file in there)]
    assert names
    assert not missing


def test_the_architecture_is_short() -> None:
    assert len(read("ARCHITECTURE.md").splitlines()) <= 120


def test_ci_runs_what_make_runs() -> None:
    workflow = re.search(r"env: \[(.*)\]", read(".github/workflows/conformance.yml"))
    in_test = re.search(r"run -e ([a-z]+(?:,[a-z]+)+)", read("Makefile"))
    assert workflow is not None
    assert in_test is not None
    assert set(in_test[1].split(",")) <= set(workflow[1].split(", ")) <= targets()


def test_set_up_installs_what_the_lab_asks_for() -> None:
    asked = {f"{tool}:{package}" for tool, package in PACKAGES.items()}
    assert asked <= set(re.findall(r"[\w/.-]+:[\w.-]+", read("tools/bootstrap")))


def test_every_dependency_has_a_lower_bound_and_a_reason() -> None:
    text = read("pyproject.toml")
    project = tomllib.loads(text)
    dependencies, groups = project["project"]["dependencies"], project["dependency-groups"]
    for requirement in sum(groups.values(), dependencies):
        assert re.search(rf'"{re.escape(requirement)}".*  # \w', text), requirement
        assert ">=" in requirement
