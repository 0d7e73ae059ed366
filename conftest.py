"""The suite's plugins; every module of steps/ is one."""

from pathlib import Path

STEPS = sorted(
    file.stem for file in (Path(__file__).parent / "steps").glob("*.py") if file.stem[0] != "_"
)
pytest_plugins = ["fixtures.report.plugin", "fixtures.session", *(f"steps.{s}" for s in STEPS)]
