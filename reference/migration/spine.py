"""The run from the locks to the ending: prepare, phases 1 to 3, three outcomes."""

from __future__ import annotations

import time

from reference.errors import Failure
from reference.locks import guest_config_lock, guest_migration_lock
from reference.migration import phase1, phase3, prepare
from reference.migration.request import Request
from reference.migration.signals import Signals
from reference.migration.state import Migration
from reference.task import TaskLog


def run(request: Request, log: TaskLog) -> None:
    """Migrate under both locks; raises "migration aborted" or "migration problems" (TASK-06..)."""
    began = time.monotonic()
    signals = Signals(log)
    with signals.installed():
        try:
            with guest_migration_lock(request.vmid, 10.0), guest_config_lock(request.vmid):
                problems = _migrate(request, log, signals)
        except Exception as error:
            log.error(f"migration aborted ({_duration(began)}): {_reason(error)}")
            raise Failure("migration aborted") from None
        if problems:
            log.error(f"migration finished with problems ({_duration(began)})")
            raise Failure("migration problems")
        log.info(f"migration finished successfully ({_duration(began)})")


def _migrate(request: Request, log: TaskLog, signals: Signals) -> bool:
    migration = Migration(request, log)
    try:
        with signals.phase():
            prepare.prepare(migration)
        _first(migration, signals)
        moved = not migration.running or _second(migration, signals)
        _third(migration, signals, moved)
    finally:
        migration.close_destination()
        migration.remote.close()
    return migration.problems


def _first(migration: Migration, signals: Signals) -> None:
    try:
        with signals.phase():
            phase1.phase1(migration)
    except Exception as error:
        migration.log.error(_reason(error))
        phase1.cleanup(migration)
        raise


def _second(migration: Migration, signals: Signals) -> bool:
    from reference.migration import phase2  # loads the monitor: only live runs pay

    try:
        with signals.phase():
            phase2.phase2(migration)
    except Exception as error:
        migration.log.error(f"online migrate failure - {_reason(error)}")
        migration.problems = True
        phase2.cleanup(migration)
        return False
    return True


def _third(migration: Migration, signals: Signals, moved: bool) -> None:
    try:
        with signals.phase():
            pass  # phase 3 itself does nothing for QEMU guests (P3-01)
    except Failure as error:
        migration.log.error(_reason(error))
        migration.problems = True
    if moved:
        phase3.cleanup(migration)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {error}"


def _duration(began: float) -> str:
    seconds = round(time.monotonic() - began)
    return f"duration {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
