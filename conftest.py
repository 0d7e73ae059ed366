"""What every test run shares: the suite's plugins, and an end that leaves no process working on.

Every module of steps/ is a plugin.
"""

import ctypes
import os
import signal
from pathlib import Path

import pytest

_PR_SET_PDEATHSIG = 1
_STEPS = sorted((Path(__file__).parent / "steps").glob("[a-z]*.py"))

_PLUGINS = ["fixtures.report.plugin", "fixtures.budget", "fixtures.session"]

pytest_plugins = _PLUGINS + [f"steps.{step.stem}" for step in _STEPS]


def pytest_configure(config: pytest.Config) -> None:
    """End with the parent: a worker with the run, and the run with its tox."""
    if hasattr(config, "workerinput") or "TOX_ENV_NAME" in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
