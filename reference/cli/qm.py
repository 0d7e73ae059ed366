"""`qm`: the guest commands of a node. Each loads only what it needs."""

import sys
from importlib import import_module

from reference.cli.options import require_root, run

MODULES = {
    **dict.fromkeys(("config", "create", "destroy", "set", "unlock"), "qm_config"),
    **dict.fromkeys(
        ("list", "nbdstop", "resume", "start", "status", "stop", "suspend"), "qm_power"
    ),
    **dict.fromkeys(("migrate", "mtunnel"), "migrate"),
}


def main() -> int:
    """Entry point of the command."""
    return run(_dispatch)


def _dispatch() -> int:
    require_root()
    name = sys.argv[1] if sys.argv[1:] else ""
    if name in MODULES:
        module = import_module(f"reference.cli.{MODULES[name]}")
        return int(module.COMMANDS[name](sys.argv[2:]))
    problem = f"unknown command '{name}'" if name else "no command specified"
    print(
        f"400 {problem}\nusage: qm <{'|'.join(sorted(MODULES))}> [ARGS] [OPTIONS]", file=sys.stderr
    )
    return 255
