"""pvecm: which address of this node a migration is to use (NET-02, NET-03)."""

from functools import partial
from types import SimpleNamespace

from reference.cli.options import program
from reference.cluster import datacenter, membership

main = partial(program, "pvecm")


def tunnel(args: SimpleNamespace) -> None:
    """Print this node's address in the migration network."""
    if not membership.quorate():
        print("no quorum")
    elif address := datacenter.migration_ip(args.migration_network):
        print(f"ip: '{address}'")
    else:
        print("no ip")
