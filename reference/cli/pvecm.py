"""`pvecm mtunnel`: which address of this node a migration is to use (NET-02, NET-03)."""

import sys

from reference.cli.options import Parser, cidr, dispatch, run
from reference.cluster import datacenter, membership


def main(argv: list[str] | None = None) -> int:
    """Run one pvecm command; the exit code."""
    commands = {"mtunnel": mtunnel}
    return run(lambda: dispatch("pvecm", commands, sys.argv[1:] if argv is None else argv))


def mtunnel(parser: Parser, words: list[str]) -> None:
    """Print this node's address in the migration network."""
    parser.option("migration_network", cidr)
    parser.flag("get_migration_ip")
    args = parser.parse_args(words)
    if not args.get_migration_ip:
        parser.error("option get_migration_ip is required")
    if not membership.quorate():
        print("no quorum")
    elif address := datacenter.migration_ip(args.migration_network):
        print(f"ip: '{address}'")
    else:
        print("no ip")
