"""`qm`: the guest commands of a node. Each loads only what it needs."""

import sys
from collections.abc import Callable

from reference.cli.options import require_root, run

Command = Callable[[list[str]], int]
CONFIG = ("config", "create", "destroy", "set", "unlock")
POWER = ("list", "nbdstop", "resume", "start", "status", "stop", "suspend")
NAMES = sorted((*CONFIG, *POWER, "migrate", "mtunnel"))


def main() -> int:
    """Entry point of the command."""
    return run(_dispatch)


def _dispatch() -> int:
    require_root()
    name, arguments = (sys.argv[1], sys.argv[2:]) if sys.argv[1:] else ("", [])
    if name in CONFIG:
        from reference.cli import qm_config

        return qm_config.COMMANDS[name](arguments)
    if name in POWER:
        from reference.cli import qm_power

        return qm_power.COMMANDS[name](arguments)
    if name == "migrate":
        from reference.cli import migrate

        return migrate.command(arguments)
    if name == "mtunnel":
        from reference.migration import tunnel

        return tunnel.serve()
    problem = f"unknown command '{name}'" if name else "no command specified"
    print(f"400 {problem}\nusage: qm <{'|'.join(NAMES)}> [ARGS] [OPTIONS]", file=sys.stderr)
    return 255
