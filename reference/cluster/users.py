"""Users, tokens, groups, roles, pools and access control lists of user.cfg. Pure."""

import re
from collections.abc import Callable, Container
from typing import NamedTuple

# for administrators of a category, for its users, its auditors, and for Administrator alone
_PRIVILEGES = {
    "VM": (
        "VM.Allocate VM.Clone VM.Config.CPU VM.Config.Disk VM.Config.HWType VM.Config.Memory"
        " VM.Config.Network VM.Config.Options VM.GuestAgent.FileRead VM.GuestAgent.FileSystemMgmt"
        " VM.GuestAgent.FileWrite VM.GuestAgent.Unrestricted VM.Migrate VM.Monitor VM.Replicate"
        " VM.Snapshot VM.Snapshot.Rollback",
        "VM.Backup VM.Config.CDROM VM.Config.Cloudinit VM.Console VM.PowerMgmt",
        "VM.Audit VM.GuestAgent.Audit",
        "",
    ),
    "Sys": (
        "Sys.Console Sys.Syslog", "", "Sys.Audit",
        "Permissions.Modify Sys.AccessNetwork Sys.Incoming Sys.Modify Sys.PowerMgmt",
    ),
    "Datastore": (
        "Datastore.Allocate Datastore.AllocateTemplate", "Datastore.AllocateSpace",
        "Datastore.Audit", "",
    ),
    "SDN": ("SDN.Allocate", "SDN.Use", "SDN.Audit", ""),
    "User": ("Group.Allocate Realm.AllocateUser User.Modify", "", "", "Realm.Allocate"),
    "Pool": ("Pool.Allocate", "Pool.Audit", "Pool.Audit", ""),
    "Mapping": ("Mapping.Modify", "Mapping.Use", "Mapping.Audit", ""),
}  # fmt: skip


def _built_in() -> dict[str, frozenset[str]]:
    """The roles every cluster has."""
    roles: dict[str, set[str]] = {"NoAccess": set(), "PVETemplateUser": {"VM.Audit", "VM.Clone"}}
    every, admins, auditors = (set[str]() for _ in range(3))
    for category, texts in _PRIVILEGES.items():
        admin, user, audit, root = (set(text.split()) for text in texts)
        roles[f"PVE{category}Admin"] = admin | user | audit
        if user:
            roles[f"PVE{category}User"] = user | audit
        every |= admin | user | audit | root
        admins |= admin | user | audit
        auditors |= audit
    roles |= {"Administrator": every, "PVEAdmin": admins - {"Mapping.Modify"}}
    roles["PVEAuditor"] = auditors
    return {name: frozenset(held) for name, held in roles.items()}


ROLES = _built_in()

_USER = r"[^\s:/]{1,64}@[A-Za-z][A-Za-z0-9._-]+"
_NAME = r"[A-Za-z0-9._-]+"


class Token(NamedTuple):
    """An API token; with `privsep` it has its own access lists within those of its user."""

    expire: int
    privsep: bool


class Users(NamedTuple):
    """What user.cfg says; an access list gives each subject its roles and whether they go down."""

    users: dict[str, int | None]  # when it expires, 0 is never; None while disabled
    tokens: dict[str, Token]
    groups: dict[str, frozenset[str]]
    roles: dict[str, frozenset[str]]
    pools: dict[str, frozenset[str]]  # the paths of the members
    acl: dict[str, dict[str, dict[str, bool]]]
    warnings: list[str]

    def active(self, userid: str, token: str | None, now: float) -> bool:
        """Whether the user, and the token, may still do anything."""
        ends = [0 if userid == "root@pam" else self.users.get(userid)]
        if token is not None:
            known = self.tokens.get(f"{userid}!{token}")
            ends.append(known.expire if known else None)
        return all(end is not None and (end == 0 or end > now) for end in ends)

    def privileges(self, userid: str, token: str | None, path: str, now: float) -> frozenset[str]:
        """What the user, or the token within its user's privileges, may do at the path."""
        if not self.active(userid, token, now):
            return frozenset()
        if token is not None:
            of_user = self.privileges(userid, None, path, now)
            if not self.tokens[f"{userid}!{token}"].privsep:
                return of_user
            return of_user & self._granted(f"{userid}!{token}", path)
        return ROLES["Administrator"] if userid == "root@pam" else self._granted(userid, path)

    def _granted(self, subject: str, path: str) -> frozenset[str]:
        roles = self._roles(subject, path)
        for pool in (pool for pool, members in self.pools.items() if path in members):
            roles |= self._roles(subject, f"/pool/{pool}")
        if "NoAccess" in roles:
            return frozenset()
        return frozenset().union(*(self.roles[role] for role in roles))

    def _roles(self, subject: str, path: str) -> set[str]:
        """The nearest list that names the subject counts, or else one of its groups."""
        groups = [f"@{name}" for name, members in self.groups.items() if subject in members]
        parts = [part for part in path.split("/") if part]
        for length in range(len(parts), -1, -1):
            above = "/" + "/".join(parts[:length])
            entries = self.acl.get(above, {})
            for subjects in ([subject], groups):
                lists = [entries.get(one, {}).items() for one in subjects]
                if roles := {r for one in lists for r, down in one if down or length == len(parts)}:
                    return roles
        return set()


def parse_users(text: str) -> Users:
    """Parse user.cfg; a line that cannot be understood is passed over with a warning."""
    known = Users({}, {}, {}, dict(ROLES), {}, {}, [])
    for number, line in enumerate(text.split("\n"), 1):
        kind, *fields = (field.strip() for field in line.split(":"))
        if not line.strip() or line.startswith("#"):
            continue
        try:
            _READERS[kind](known, *(fields + [""] * 9)[:9])
        except (KeyError, ValueError) as error:
            known.warnings.append(f"user.cfg: line {number} is passed over: {error}")
    return known


def _flag(text: str) -> bool:
    if text not in ("", "0", "1"):
        raise ValueError(f"expected 0 or 1, got '{text}'")
    return text == "1"


def _time(text: str) -> int:
    return int(_legal(r"[0-9]{0,18}", text, "a time in seconds") or 0)


def _legal(pattern: str, text: str, expected: str) -> str:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ValueError(f"expected {expected}, got '{text}'")
    return text


def _list(text: str) -> list[str]:
    return re.findall(r"[^,;\s]+", text)


def _known(known: Users, text: str, among: Container[str]) -> list[str]:
    """The names of a list that are known; the others are remarked and grant nothing."""
    names = _list(text)
    known.warnings.extend(f"user.cfg: '{name}' is not known" for name in names if name not in among)
    return [name for name in names if name in among]


def _user(known: Users, userid: str, enable: str, expire: str, *_: str) -> None:
    end = _time(expire)
    known.users[_legal(_USER, userid, "name@realm")] = end if _flag(enable) else None


def _token(known: Users, authid: str, expire: str, privsep: str, *_: str) -> None:
    userid = _legal(rf"{_USER}![A-Za-z]{_NAME}", authid, "user@realm!token").rpartition("!")[0]
    if userid not in known.users and userid != "root@pam":
        raise ValueError(f"no such user '{userid}'")
    known.tokens[authid] = Token(_time(expire), _flag(privsep))


def _group(known: Users, name: str, members: str, *_: str) -> None:
    users = _known(known, members, {*known.users, "root@pam"})
    known.groups[_legal(_NAME, name, "a group's name")] = frozenset(users)


def _role(known: Users, name: str, privileges: str, *_: str) -> None:
    if _legal(_NAME, name, "a role's name") in ROLES:
        raise ValueError(f"role '{name}' is built in")
    known.roles[name] = frozenset(_known(known, privileges, ROLES["Administrator"]))


def _pool(known: Users, name: str, _: str, guests: str, storages: str, *__: str) -> None:
    members = [f"/vms/{vmid}" for vmid in _list(guests)]
    members += [f"/storage/{storeid}" for storeid in _list(storages)]
    known.pools[_legal(rf"{_NAME}(?:/{_NAME})*", name, "a pool's name")] = frozenset(members)


def _acl(known: Users, down: str, path: str, subjects: str, roles: str, *_: str) -> None:
    propagate = _flag(down)
    parts = filter(None, _legal(r"[A-Za-z0-9._/-]+", path, "a path").split("/"))
    path, given = "/" + "/".join(parts), _known(known, roles, known.roles)
    groups = {f"@{name}" for name in known.groups}
    for subject in _known(known, subjects, {"root@pam", *known.users, *known.tokens, *groups}):
        for role in given:
            known.acl.setdefault(path, {}).setdefault(subject, {})[role] = propagate


_READERS: dict[str, Callable[..., None]] = {
    "user": _user, "token": _token, "group": _group, "role": _role, "pool": _pool, "acl": _acl,
}  # fmt: skip
