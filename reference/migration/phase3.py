"""The hand-over: config, NBD stop, resume, source's end, unlock (P3-02..25)."""

from __future__ import annotations

from functools import partial

from reference import storage
from reference.cluster import paths
from reference.errors import Failure
from reference.guest import config as configs
from reference.guest import process, volumes
from reference.guest.devices import trims_clones
from reference.migration.checklist import Step, work_off
from reference.migration.state import Migration
from reference.replication import jobs


def cleanup(migration: Migration) -> None:
    """Move the guest's ownership, then the rest in order; only a failed move stops it (P3-06).

    Then, too, the migration's own tunnel and its sockets go (XT-04).
    """
    try:
        _move_config(migration)
    except (Failure, OSError) as error:
        migration.log.error(f"moving the config failed - {error}")
        work_off(migration.log, [("closing the tunnel", migration.close_tunnel)])
        migration.problems = True
        return
    live = _live_steps(migration) if migration.running else ()
    steps = [*_replication_steps(migration), *live, *_final_steps(migration)]
    migration.problems |= not work_off(migration.log, steps)


def _move_config(migration: Migration) -> None:
    """New drive strings and ids, replication state, then the rename (P3-02, P3-04, P3-05)."""
    config = migration.config
    mirrored = {drive: announced.drivestring for drive, announced in migration.announced.items()}
    volumes.replace_volumes(config, migration.transferred, mirrored)
    configs.write_config(config)
    if migration.replication.replicated:
        step = ("transferring the replication state", lambda: _transfer_state(migration))
        migration.problems |= not work_off(migration.log, [step])
    configs.move_config(migration.vmid, migration.request.target)


def _transfer_state(migration: Migration) -> None:
    """While the config is still here, or the target's own runs could come first (P3-04)."""
    import json

    from reference.replication import state

    states = state.states_after_move(migration.vmid, migration.source, migration.request.target)
    command = [paths.PVESR, "set-state", str(migration.vmid), json.dumps(states)]
    migration.remote.check(command)


def _replication_steps(migration: Migration) -> list[Step]:
    switch = partial(jobs.switch_jobs, migration.vmid, migration.source, migration.request.target)
    return [("turning the replication jobs", switch)] if migration.replication.replicated else []


def _live_steps(migration: Migration) -> list[Step]:
    steps: list[Step] = []
    if migration.announced:
        steps.append(("stopping the NBD server on the target", lambda: _stop_nbd(migration)))
    steps.append(("leaving the target's monitor", migration.close_destination))
    if not migration.paused:
        steps.append(("resuming the VM on the target", lambda: _resume(migration)))
    if migration.announced and trims_clones(migration.config):
        steps.append(("guest fstrim", lambda: _trim(migration)))
    return [
        *steps,
        ("closing the tunnel", migration.close_tunnel),
        ("stopping the VM on the source", lambda: process.stop_guest(migration.vmid)),
        ("cleaning up after the VM", lambda: process.cleanup_sockets(migration.vmid)),
    ]


def _final_steps(migration: Migration) -> list[Step]:
    free = storage.free_volume
    unlock = [paths.QM, "unlock", str(migration.vmid)]
    return [
        *(
            (f"removing '{volid}' on the source", partial(free, migration.storages, volid))
            for volid in migration.volumes
        ),
        ("unlocking the VM on the target", lambda: migration.remote.check(unlock)),
    ]


def _stop_nbd(migration: Migration) -> None:
    """Over the monitor that is open already: one round trip of the guest's pause, not a login.

    A writable export forbids the guest's own writes, so this comes before the resume (P3-08).
    """
    if migration.destination:
        migration.destination.execute("nbd-server-stop")
    else:
        migration.remote.check([paths.QM, "nbdstop", str(migration.vmid)])


def _resume(migration: Migration) -> None:
    assert migration.tunnel
    migration.tunnel.command(f"resume {migration.vmid}", 30)


def _trim(migration: Migration) -> None:
    """The copied disks hold blocks that the guest's system has long given back (P3-12)."""
    if migration.paused:
        migration.log.info("skipping guest fstrim - VM is paused")
        return
    migration.log.info("issuing guest fstrim")
    command = [paths.QM, "guest", "cmd", str(migration.vmid), "fstrim"]
    migration.remote.check(command, timeout=None)
