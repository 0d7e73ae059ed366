"""user.cfg: who may do what, against a model that walks down from the root and forgets."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cluster.users import ROLES, Users, parse_users

NOW = 1_000
PATHS = ["/", "/vms", "/vms/100", "/vms/1001", "/storage", "/storage/alt", "/pool", "/pool/p1"]
OWN_ROLES = {
    "Mover": {"VM.Migrate", "VM.Audit"},
    "Disker": {"VM.Config.Disk", "Datastore.AllocateSpace"},
    "Nothing": set[str](),
}
USERS, TOKENS, GROUPS = ["ann@pve", "bob@pam"], ["ann@pve!ci", "bob@pam!ci"], ["g1", "g2"]
MEMBERS = {"p1": ["/vms/100", "/storage/alt"], "p2": ["/vms/100"]}


class Entry(NamedTuple):
    down: bool
    path: str
    subject: str
    role: str


class Facts(NamedTuple):
    entries: list[Entry]
    groups: dict[str, list[str]]
    privsep: dict[str, bool]


ENTRIES = st.builds(
    Entry,
    st.booleans(),
    st.sampled_from(["/", "/vms", "/vms/100", "/storage/alt", "/pool/p1", "/pool/p2"]),
    st.sampled_from(["ann@pve", "ann@pve!ci", "bob@pam", "@g1", "@g2"]),
    st.sampled_from([*OWN_ROLES, "NoAccess", "PVEVMUser", "PVEDatastoreUser"]),
)
FACTS = st.builds(
    Facts,
    st.lists(ENTRIES, max_size=8),
    st.fixed_dictionaries({g: st.lists(st.sampled_from(USERS), unique=True) for g in GROUPS}),
    st.fixed_dictionaries({token: st.booleans() for token in TOKENS}),
)


def written(facts: Facts) -> str:
    lines = [f"user:{user}:1:0:First:Last:mail@example.org:a comment:x:" for user in USERS]
    lines += [f"token:{token}:0:{facts.privsep[token]:d}:what for:" for token in TOKENS]
    lines += [f"group:{name}:{','.join(users)}:a comment:" for name, users in facts.groups.items()]
    lines += ["pool:p1::100:alt:", "pool:p2:a comment:100::"]
    lines += [f"role:{name}:{','.join(sorted(held))}:" for name, held in OWN_ROLES.items()]
    lines += [f"acl:{e.down:d}:{e.path}:{e.subject}:{e.role}:" for e in facts.entries]
    return "\n".join(lines) + "\n"


def roles(facts: Facts, subject: str, path: str) -> set[str]:
    """Walk down; what a level says of the subject replaces what was known before."""
    said = {(e.path, e.subject, e.role): e.down for e in facts.entries}
    parts = [part for part in path.split("/") if part]
    levels = ["/"] + ["/" + "/".join(parts[: n + 1]) for n in range(len(parts))]
    current: set[str] = set()
    for level in levels:
        own, through_groups = set(), set()
        for (at, whom, role), down in said.items():
            if at == level and (down or level == path):
                if whom == subject:
                    own.add(role)
                if whom.startswith("@") and subject in facts.groups[whom[1:]]:
                    through_groups.add(role)
        current = own or through_groups or current
    return current


def model(facts: Facts, subject: str, path: str) -> set[str]:
    if "!" in subject:
        of_user = model(facts, subject.partition("!")[0], path)
        if not facts.privsep[subject]:
            return of_user
        return of_user & of_roles(facts, subject, path)
    return of_roles(facts, subject, path)


def of_roles(facts: Facts, subject: str, path: str) -> set[str]:
    found = roles(facts, subject, path)
    if "NoAccess" in found:
        return set()
    for pool, members in MEMBERS.items():
        if path in members:
            found = found | roles(facts, subject, f"/pool/{pool}")
    if "NoAccess" in found:
        return set()
    return {held for role in found for held in ({**ROLES, **OWN_ROLES})[role]}


def held(users: Users, subject: str, path: str, now: int = NOW) -> set[str]:
    userid, _, token = subject.partition("!")
    return set(users.privileges(userid, token or None, path, now))


@settings(max_examples=250)
@given(FACTS)
def test_privileges_are_those_of_the_model(facts: Facts) -> None:
    users = parse_users(written(facts))
    assert users.warnings == []
    for subject in [*USERS, *TOKENS]:
        for path in PATHS:
            assert held(users, subject, path) == model(facts, subject, path), (subject, path)


MALFORMED = [
    "acl:1:/:ann@pve", "acl:x:/:ann@pve:Administrator:", "acl:1:/a b:ann@pve:Administrator:",
    "acl:1:/:eve@pve:Administrator:", "acl:1:/:ann@pve:NoSuchRole:", "acl:1:/:@g9:Administrator:",
    "acl:1::ann@pve:Administrator:", "acl", "alc:1:/:ann@pve:Administrator:", "user:ann:1:0:",
    "user:eve@pve:yes:0:", "token:eve@pve!ci:0:0:", "token:ann@pve:0:0:", "group:g 1:ann@pve:",
    "role:Administrator::", "role:NoAccess:VM.Migrate:", "token:ann@pve!c2:soon:0:", "nonsense",
]  # fmt: skip


@pytest.mark.parametrize("line", MALFORMED)
@settings(max_examples=10)
@given(facts=FACTS)
def test_a_line_that_is_not_understood_changes_nothing(line: str, facts: Facts) -> None:
    text = written(facts)
    users, plain = parse_users(text + line + "\n"), parse_users(text)
    assert users._replace(warnings=[]) == plain
    assert users.warnings or line == "acl:1:/:ann@pve"


@given(st.text(alphabet=st.sampled_from("user:acl@pve!/10\n ,;é\x00\u2028"), max_size=80))
def test_no_text_is_too_strange(text: str) -> None:
    users = parse_users(text)
    assert held(users, "root@pam", "/vms/100") == ROLES["Administrator"]
    assert held(users, "eve@pve", "/vms/100") == set()


@pytest.mark.parametrize(
    ("enable", "expire", "may"),
    [("1", "0", True), ("1", "", True), ("1", "1001", True), ("1", "1000", False),
     ("0", "0", False), ("", "0", False), ("0", "1001", False)],
)  # fmt: skip
def test_a_user_who_is_disabled_or_expired_may_nothing(enable: str, expire: str, may: bool) -> None:
    user = f"user:ann@pve:{enable}:{expire}:::::\ntoken:ann@pve!ci:0:0::\n"
    token = f"user:bob@pve:1:0:\ntoken:bob@pve!ci:{expire}:0:\n"
    rights = "acl:1:/:ann@pve,bob@pve:Administrator:\n"
    users = parse_users(user + token + rights)
    assert bool(held(users, "ann@pve", "/")) is may
    assert bool(held(users, "ann@pve!ci", "/")) is may
    assert bool(held(users, "bob@pve!ci", "/")) is (expire != "1000")
    assert held(users, "bob@pve", "/")


def test_a_token_of_root_that_is_separated_has_its_own_rights_only() -> None:
    text = "token:root@pam!all:0:0:\ntoken:root@pam!own:0:1:\nacl:1:/vms:root@pam!own:PVEVMUser:\n"
    users = parse_users(text)
    assert held(users, "root@pam!all", "/vms/100") == ROLES["Administrator"]
    assert held(users, "root@pam!own", "/vms/100") == ROLES["PVEVMUser"]
    assert held(users, "root@pam!own", "/storage/alt") == set()
    assert held(users, "root@pam!gone", "/vms/100") == set()


@pytest.mark.parametrize(
    ("role", "has", "has_not"),
    [("PVEVMAdmin", "VM.Migrate VM.Config.Disk VM.PowerMgmt VM.Audit", "Datastore.AllocateSpace"),
     ("PVEVMUser", "VM.PowerMgmt VM.Audit VM.Config.CDROM", "VM.Migrate VM.Config.Disk"),
     ("PVEDatastoreAdmin", "Datastore.Allocate Datastore.AllocateSpace", "VM.Migrate"),
     ("PVEDatastoreUser", "Datastore.AllocateSpace Datastore.Audit", "Datastore.Allocate"),
     ("PVEAuditor", "VM.Audit Sys.Audit Datastore.Audit", "VM.Migrate Datastore.AllocateSpace"),
     ("PVEAdmin", "VM.Migrate Datastore.AllocateSpace Sys.Syslog", "Sys.Modify Permissions.Modify"),
     ("Administrator", "Sys.Modify Permissions.Modify VM.Migrate Mapping.Modify", "")],
)  # fmt: skip
def test_built_in_roles(role: str, has: str, has_not: str) -> None:
    assert ROLES[role].issuperset(has.split())
    assert ROLES[role].isdisjoint(has_not.split())
