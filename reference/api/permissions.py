"""Whether a caller may do what is asked."""

from __future__ import annotations

import sys
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from reference.caller import Caller
from reference.cluster import paths
from reference.errors import PermissionFailure
from reference.files import read_file

if TYPE_CHECKING:
    from reference.cluster.users import Users


def known_users() -> Users:
    """Users and access lists as user.cfg has them now."""
    return _understood(read_file(paths.user_cfg()))


@lru_cache(maxsize=1)
def _understood(text: str) -> Users:
    from reference.cluster.users import parse_users

    users = parse_users(text)
    for warning in users.warnings:
        print(warning, file=sys.stderr)
    return users


def allowed(caller: Caller, path: str, *privileges: str) -> bool:
    """Whether the caller has all of the privileges; on a node itself nobody is asked (CLI-06)."""
    return not _missing(caller, path, privileges)


def require(caller: Caller, path: str, *privileges: str) -> None:
    """Refuse a caller who lacks one of the privileges."""
    if missing := _missing(caller, path, privileges):
        raise PermissionFailure(f"Permission check failed ({path}, {'|'.join(missing)})")


def _missing(caller: Caller, path: str, privileges: tuple[str, ...]) -> list[str]:
    if caller.environment != "api" or caller.is_root:
        return []
    held = known_users().privileges(caller.userid, caller.token, path, time.time())
    return [privilege for privilege in privileges if privilege not in held]
