"""One run of a replication job (REPL-06, REPL-18, REPL-19).

No storage type of this migrator has the feature `replicate` yet, so a run ends at the first
volume that would need it; a guest without such volumes has nothing to send and is in sync.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from reference import storage
from reference.cluster import membership, storages
from reference.errors import Failure
from reference.guest import config as configs
from reference.guest.volumes import referenced_volumes
from reference.locks import guest_migration_lock
from reference.replication import jobs, state
from reference.storage.base import parse_volid

Log = Callable[[str], None]


def run_by_id(jobid: str, log: Log) -> None:
    """Run a job as an administrator asks for it; refusals here are no failed runs."""
    job = jobs.load_jobs().get(jobid)
    if job is None:
        raise Failure(f"no such job '{jobid}'")
    if job.disabled:
        raise Failure(f"job '{jobid}' is disabled")
    configs.load_config(job.guest)
    if job.target == membership.local_node() and "remove_job" not in job.options:
        raise Failure(f"job '{jobid}': unable to sync to the local node")
    run_job(job, log)


def run_job(job: jobs.Job, log: Log) -> None:
    """Run a job now; its failure is recorded and raised.

    A migration holds the lock already and passes; a run beside one gives up after 2 s, before
    anything is recorded (LOCK-13, LOCK-14).
    """
    with guest_migration_lock(job.guest, 2.0):
        start, began = int(time.time()), time.monotonic()
        last_sync = state.record_start(job, start)["last_sync"]
        log("start replication job")
        try:
            _replicate(job, start, last_sync, log)
        except Exception as error:
            log(f"end replication job with error: {error}")
            state.record_end(job, start, time.monotonic() - began, str(error))
            raise
        log("end replication job")
        state.record_end(job, start, time.monotonic() - began)


def _replicate(job: jobs.Job, start: int, last_sync: int, log: Log) -> None:
    if start <= last_sync:
        raise Failure(f"start time before last sync ({start} <= {last_sync}) - abort sync")
    if mode := job.options.get("remove_job"):
        log(f"start job removal - mode '{mode}'")
        jobs.delete_job(job.id)
        log("job removed")
        return
    check_volumes(configs.load_config(job.guest), storages.load_storages())
    log("volumes => none")


def check_volumes(config: configs.GuestConfig, known: dict[str, storages.Storage]) -> None:
    """Refuse the first volume that would have to be replicated (REPL-19)."""
    for volid, ref in referenced_volumes(config).items():
        if ref.cdrom or not ref.replicate or volid == "none":
            continue
        if volid.startswith("/"):
            raise Failure(f"unable to replicate local file/device '{volid}'")
        storeid, _ = parse_volid(volid)
        if storeid not in known:
            raise Failure(f"storage '{storeid}' does not exist")
        if not known[storeid].shared and storage.volume_info(known, volid).vmid == config.vmid:
            raise Failure(f"missing replicate feature on volume '{volid}'")
