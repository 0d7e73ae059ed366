"""What every test run shares: a killed run leaves no process of its own working on."""

import ctypes
import os
import signal

import pytest

_PR_SET_PDEATHSIG = 1


def pytest_configure(config: pytest.Config) -> None:
    """End with the parent: a worker with the run, and the run with its tox."""
    if hasattr(config, "workerinput") or "TOX_ENV_NAME" in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
