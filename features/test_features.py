"""Every feature file below this folder is bound here."""

from pathlib import Path

from pytest_bdd import scenarios

from fixtures.report.guards import checked_features

scenarios(*checked_features(Path(__file__).parent))
