"""pvesr: the replication jobs of this cluster, their state on this node, and one run."""

import sys

from reference.cli.options import Parser, matching, require_root, run, vmid
from reference.errors import Failure

_JOB = matching(r"[1-9][0-9]{2,8}-[0-9]{1,9}", "<vmid>-<number>")


def main(argv: list[str] | None = None) -> int:
    """Run one pvesr command; the exit code."""
    return run(lambda: _dispatch(sys.argv[1:] if argv is None else argv))


def _dispatch(words: list[str]) -> int:
    commands = {"list": list_, "status": status, "run": run_, "set-state": set_state}
    if not words or words[0] not in commands:
        given = f"unknown command '{words[0]}'" if words else "no command given"
        raise Failure(f"{given}, expected pvesr {'|'.join(commands)}")
    require_root()
    commands[words[0]](Parser(f"pvesr {words[0]}"), words[1:])
    return 0


def list_(parser: Parser, words: list[str]) -> None:
    """Every job of the cluster."""
    from reference.replication.jobs import load_jobs

    parser.parse_args(words)
    form = "{:<20} {:<20} {:>10} {:>5} {:>8}"
    print(form.format("JobID", "Target", "Schedule", "Rate", "Enabled"))
    for _, job in sorted(load_jobs().items()):
        schedule, rate = job.options.get("schedule", "*/15"), job.options.get("rate", "-")
        enabled = "no" if job.disabled else "yes"
        print(form.format(job.id, job.target_id, schedule, rate, enabled))


def status(parser: Parser, words: list[str]) -> None:
    """How the jobs of this node's guests stand."""
    import time

    from reference.cluster.membership import local_node
    from reference.guest.config import guest_ids
    from reference.replication.jobs import load_jobs
    from reference.replication.state import job_state, process_start

    parser.option("guest", vmid)
    only = parser.parse_args(words).guest
    here = [guest for guest in guest_ids(local_node()) if only in (None, guest)]
    form = "{:<20} {:<8} {:<20} {:>20} {:>10} {:>9} {}"
    print(form.format("JobID", "Enabled", "Target", "LastSync", "Duration", "FailCount", "State"))
    for _, job in sorted(load_jobs().items()):
        if job.guest not in here:
            continue
        known = job_state(job)
        since = time.strftime("%Y-%m-%d_%H:%M:%S", time.localtime(known["last_sync"]))
        running = known.get("pid") and process_start(known["pid"]) == known.get("ptime")
        print(form.format(
            job.id, "No" if job.disabled else "Yes", job.target_id,
            since if known["last_sync"] else "-", known.get("duration", "-"), known["fail_count"],
            "SYNCING" if running else " ".join(known.get("error", "OK").split()),
        ))  # fmt: skip


def run_(parser: Parser, words: list[str]) -> None:
    """Run one job now; an error is its failure."""
    parser.option("id", _JOB)
    parser.flag("verbose")
    args = parser.parse_args(words)
    if not args.id:
        parser.error("not enough arguments")
    from reference.replication.run import run_by_id

    run_by_id(args.id, print if args.verbose else lambda _: None)


def set_state(parser: Parser, words: list[str]) -> None:
    """Take over a guest's states from the node it comes from, as JSON."""
    from reference.replication.state import store_states

    parser.positional("vmid", vmid)
    parser.positional("state")
    args = parser.parse_args(words)
    store_states(args.vmid, args.state)
