"""pvesr: one run of a replication job, and its state taken over from another node."""

from functools import partial
from types import SimpleNamespace

from reference.cli.options import program

main = partial(program, "pvesr")


def run(args: SimpleNamespace) -> None:
    """Run one job now; an error is its failure."""
    from reference.replication.run import run_by_id

    run_by_id(args.id, print if args.verbose else lambda _: None)


def set_state(args: SimpleNamespace) -> None:
    """Take over a guest's states from the node it comes from, as JSON."""
    from reference.replication.state import store_states

    store_states(args.vmid, args.state)
