"""pvesr: one run of a replication job, and its state taken over from another node."""

import sys

from reference.cli.options import Parser, dispatch, matching, run, vmid

_JOB = matching(r"[1-9][0-9]{2,8}-[0-9]{1,9}", "<vmid>-<number>")


def main(argv: list[str] | None = None) -> int:
    """Run one pvesr command; the exit code."""
    commands = {"run": run_, "set-state": set_state}
    return run(lambda: dispatch("pvesr", commands, sys.argv[1:] if argv is None else argv))


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
