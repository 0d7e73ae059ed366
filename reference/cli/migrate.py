"""`qm migrate`: parameters, the checks before the task, the task in the foreground."""

from __future__ import annotations

from collections.abc import Sequence

from reference.cli.options import Parser, cidr, integer, matching, node_name, require_root, vmid


def _storage_pairs(text: str) -> str:
    """Each entry for itself must be legal (API-03); how they go together is judged later."""
    from reference.idmap import IdMapError, parse_idmap, split_list

    try:
        for entry in split_list(text):
            parse_idmap(entry, "pve-storage-id")
    except IdMapError as error:
        raise ValueError(f"invalid format - {error}") from None
    return text


def _parser() -> Parser:
    parser = Parser("qm migrate")
    parser.positional("vmid", vmid)
    parser.positional("target", node_name)
    for flag in ("online", "force", "with-local-disks", "with-conntrack-state"):
        parser.flag(flag)
    parser.option("migration_type", matching("secure|insecure", "'secure' or 'insecure'"))
    parser.option("migration_network", cidr)
    parser.option("targetstorage", _storage_pairs, append=True)
    parser.option("bwlimit", integer(0))
    return parser


def command(argv: Sequence[str]) -> int:
    """Check, then migrate in the foreground; exit code 0 only for `TASK OK` (CLI-07, CLI-08)."""
    require_root()
    options = _parser().parse_args(argv)
    from reference.migration.request import Request, check

    request = Request(
        options.vmid, options.target, bool(options.online), bool(options.force),
        bool(options.with_local_disks), options.targetstorage, options.bwlimit,
        options.migration_type, options.migration_network,
    )  # fmt: skip
    online = request.online
    request = check(request)
    if online and not request.online:
        print("VM isn't running. Doing offline migration instead.", flush=True)
    from reference.migration.spine import run
    from reference.task import foreground

    with foreground("qmigrate", str(request.vmid)) as log:
        run(request, log)
    return 0
