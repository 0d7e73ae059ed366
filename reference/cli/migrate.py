"""`qm migrate|mtunnel`: the checks before the task, the task in the foreground."""

from types import SimpleNamespace


def migrate(options: SimpleNamespace) -> int:
    """Check, then migrate in the foreground; exit code 0 only for `TASK OK` (CLI-07, CLI-08)."""
    from reference.api.migrate import arguments, check, kind
    from reference.migration.request import Request

    given = {name: value for name, value in vars(options).items() if value is not None}
    request = check(Request(**{name: given[name] for name in Request._fields if name in given}))
    from reference.api.worker import foreground
    from reference.caller import CLI

    return foreground(kind(request), str(request.vmid), CLI, arguments(request))


def tunnel(_: SimpleNamespace) -> int:
    """The target's end of a migration's control connection."""
    from reference.migration.mtunnel import serve

    return serve()
