"""`qm migrate|mtunnel`: parameters, the checks before the task, the task in the foreground."""

from reference.cli.options import cidr, guest_parser, integer, matching, node_name


def _storage_pairs(text: str) -> str:
    """Each entry for itself must be legal (API-03); how they go together is judged later."""
    from reference.idmap import IdMapError, parse_idmap, split_list

    try:
        for entry in split_list(text):
            parse_idmap(entry, "pve-storage-id")
    except IdMapError as error:
        raise ValueError(f"invalid format - {error}") from None
    return text


def command(argv: list[str]) -> int:
    """Check, then migrate in the foreground; exit code 0 only for `TASK OK` (CLI-07, CLI-08)."""
    flags = ("online", "force", "with-local-disks", "with-conntrack-state")
    parser = guest_parser("migrate", *flags)
    parser.positional("target", node_name)
    parser.option("migration_type", matching("secure|insecure", "'secure' or 'insecure'"))
    parser.option("migration_network", cidr)
    parser.option("targetstorage", _storage_pairs, append=True)
    parser.option("bwlimit", integer(0))
    options = parser.parse_args(argv)
    from reference.api.migrate import arguments, check, kind
    from reference.migration.request import Request

    request = check(Request(
        options.vmid, options.target, bool(options.online), bool(options.force),
        bool(options.with_local_disks), options.targetstorage, options.bwlimit,
        options.migration_type, options.migration_network,
    ))  # fmt: skip
    from reference.api.worker import foreground
    from reference.caller import CLI

    return foreground(kind(request), str(request.vmid), CLI, arguments(request))


def tunnel(_: list[str]) -> int:
    """The target's end of a migration's control connection."""
    from reference.migration.tunnel import serve

    return serve()


COMMANDS = {"migrate": command, "mtunnel": tunnel}
