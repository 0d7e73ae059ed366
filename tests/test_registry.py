"""The registry reads every requirement of the catalogue, and nothing else."""

from collections import Counter

import pytest

from fixtures.report import registry

CATALOGUE = list(registry.parse(registry.SOURCES[0].read_text()))


def test_the_catalogue_has_425_requirements_in_three_tiers() -> None:
    assert len(CATALOGUE) == len({requirement.id for requirement in CATALOGUE}) == 425
    assert Counter(requirement.tier for requirement in CATALOGUE) == {1: 246, 2: 96, 3: 83}


def test_counts_per_area_are_those_of_the_catalogue_itself() -> None:
    text = registry.SOURCES[0].read_text().partition("## 27. Counts")[2]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    stated = {row[0]: int(row[4]) for row in rows if len(row) == 5 and row[4].isdecimal()}
    assert dict(Counter(requirement.area for requirement in CATALOGUE)) == stated


def test_text_is_the_first_sentence() -> None:
    assert registry.requirements()["LOCK-01"].text == (
        "Guest migration lock: file `/var/lock/pve-manager/pve-migrate-<vmid>`"
    )
    assert registry.requirements()["IDMAP-03"].text == "Entry exactly `1` sets the identity flag"
    assert all(requirement.text for requirement in CATALOGUE)


def test_own_requirements_stand_beside_the_catalogue() -> None:
    own = set(registry.requirements()) - {requirement.id for requirement in CATALOGUE}
    assert {ident.partition("-")[0] for ident in own} == {"HTTP", "LINK", "MACHINE", "XT"}


def test_an_unknown_tier_is_refused() -> None:
    with pytest.raises(ValueError, match="AB-01: tier 7"):
        list(registry.parse("- **AB-01** [7] Text."))
