"""Phase 1: lock, scan, size correction, replication, offline volumes; and its cleanup (P1-*)."""

from __future__ import annotations

from functools import partial

from reference import storage
from reference.cluster import paths
from reference.errors import Failure
from reference.guest import config as configs
from reference.guest import drives, volumes
from reference.migration import limits, scan, sync
from reference.migration.checklist import Step, work_off
from reference.migration.state import Migration


def phase1(migration: Migration) -> None:
    """Lock, scan, correct sizes, replicate, copy what moves offline, in that order (P1-01)."""
    migration.log.info(
        f"starting migration of VM {migration.vmid} to node "
        f"'{migration.request.target}' ({migration.remote.address})"
    )
    migration.config.current["lock"] = "migrate"
    configs.write_config(migration.config)
    _scan(migration)
    _correct_sizes(migration)
    _replicate(migration)
    _sync(migration)


def _scan(migration: Migration) -> None:
    known = migration.storages
    ask = scan.Question(
        migration.vmid, migration.source, migration.request.target, migration.running,
        migration.request.with_local_disks, migration.id_map, known,
        info=lambda volid: storage.volume_info(known, volid),
        path=lambda volid: storage.volume_path(known, volid),
    )  # fmt: skip
    found = scan.scan(volumes.referenced_volumes(migration.config), ask)
    scan.check_aliases(found.volumes, ask.path)
    for volid, volume in found.volumes.items():
        migration.log.info(f"found {scan.CLASSES[volume.kind]} local volume '{volid}'")
    for volid, error in found.errors.items():
        migration.log.warn(f"can't migrate local volume '{volid}': {error}")
    if found.errors:
        raise Failure("Problem found while scanning volumes - can't migrate VM - check log")
    scan.check_types(found.volumes, ask)
    migration.volumes = found.volumes


def _correct_sizes(migration: Migration) -> None:
    """The config gets the real size of every local drive (P1-02); it stays on failure (P1-03)."""
    current = migration.config.current
    changed = False
    for key, drive in drives.drives(current).items():
        volume = migration.volumes.get(drive.volume)
        real = drives.fixed_size(drive) or (volume.size if volume else None)
        if real is None:
            continue
        size = drives.format_size(real)
        old = drive.options.get("size")
        if old is None or drives.parse_size(old) != real:
            options = {**drive.options, "size": size}
            current[key] = drives.format_drive(drive._replace(options=options))
            what = f"size of disk '{drive.volume}' updated from {old} to {size}"
            migration.log.info(f"drive '{key}': {what}")
            changed = True
    if changed:
        configs.write_config(migration.config)


def _replicate(migration: Migration) -> None:
    """Bring the target's replicas up to date, or fail (REPL-01, REPL-04, REPL-05)."""
    if migration.replication.job:
        from reference.replication.run import run_job

        run_job(migration.replication.job, migration.log.info)


def _sync(migration: Migration) -> None:
    offline = [volume for _, volume in sorted(migration.volumes.items()) if not volume.online]
    if offline:
        migration.log.info("copying local disk images")
    for volume in offline:
        limit = limits.volume_limit(migration, volume)
        try:
            new = sync.copy_volume(migration, volume, limit * 1024 if limit else None)
        except (Failure, OSError) as error:
            what = f"storage migration for '{volume.volid}' to storage '{volume.target}'"
            raise Failure(f"{what} failed - {error}") from None
        migration.transferred[volume.volid] = new
        migration.log.info(f"volume '{volume.volid}' is '{new}' on the target")


def free_remote_copies(migration: Migration) -> list[Step]:
    """One step per volume recorded as transferred (P1-06)."""
    run = migration.remote.check
    return [
        (f"freeing '{volid}' on the target", partial(run, [paths.PVESM, "free", volid]))
        for volid in migration.transferred.values()
    ]


def current_drives(migration: Migration) -> list[tuple[str, str]]:
    """Drive name and volume id of the current config, in string order of the names."""
    return [(key, drive.volume) for key, drive in drives.drives(migration.config.current).items()]


def unlock(migration: Migration) -> None:
    """Remove the lock property on the source."""
    migration.config.current.pop("lock", None)
    configs.write_config(migration.config)


def cleanup(migration: Migration) -> None:
    """After a failed phase 1: unlock, free the remote copies (P1-05)."""
    migration.log.info("aborting phase 1 - cleanup resources")
    work_off(
        migration.log,
        [("unlocking the config", lambda: unlock(migration)), *free_remote_copies(migration)],
    )
