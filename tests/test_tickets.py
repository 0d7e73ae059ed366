"""Tickets and API tokens: who is let in, and who is not."""

import base64
import hmac
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reference.api import tickets
from reference.api.permissions import allowed, require
from reference.caller import CLI, Caller
from reference.cluster import paths
from reference.errors import AuthenticationFailure, PermissionFailure

GOOD = "correct horse"
# of that password, by crypt(3) with the salt "conformance"
HASH = "$5$conformance$4WX7zGtZEOvYt7j0rPv/r2EUbbIMnKIG47JW/xxD.oA"
CONFIG = """\
user:ann@pve:1:0:::::
user:old@pve:1:1000:::::
user:off@pve:0:0:::::
user:bob@pam:1:0:::::
token:ann@pve!ci:0:1::
token:ann@pve!gone:1000:1::
token:off@pve!ci:0:0::
acl:1:/vms:ann@pve,ann@pve!ci:PVEVMAdmin:
"""
SECRET = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture(autouse=True)
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    (tmp_path / "etc/pve/priv").mkdir(parents=True)
    (tmp_path / "etc/pve/user.cfg").write_text(CONFIG)
    secrets = "".join(f"{name} {SECRET}\n" for name in ("ann@pve!ci", "ann@pve!gone", "off@pve!ci"))
    (tmp_path / "etc/pve/priv/token.cfg").write_text(secrets + "ann@pve!empty\n")
    shadow = f"ann:{HASH}:\noff:{HASH}:\nnone::\nstar:*:\n"
    (tmp_path / "etc/pve/priv/shadow.cfg").write_text(shadow)
    (tmp_path / "etc/shadow").write_text(f"bob:{HASH}:19000:0:99999:7:::\nroot:*:19000::::::\n")
    return tmp_path


def caller(ticket: str, verb: str = "GET", csrf: str | None = None) -> Caller:
    headers = {} if csrf is None else {"csrfpreventiontoken": csrf}
    return tickets.authenticate(headers, {"PVEAuthCookie": ticket}, verb)


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: now)


def refused(ticket: str, verb: str = "GET", csrf: str | None = None) -> bool:
    try:
        caller(ticket, verb, csrf)
    except AuthenticationFailure as failure:
        return failure.status == 401
    return False


@pytest.mark.parametrize("userid", ["ann@pve", "root@pam", "bob@pam"])
def test_a_ticket_is_its_users(userid: str) -> None:
    issued = tickets.issue(userid)
    assert caller(issued["ticket"]) == Caller(userid, None, "api")
    assert caller(quote(issued["ticket"], safe="")) == Caller(userid, None, "api")
    csrf = issued["CSRFPreventionToken"]
    assert caller(issued["ticket"], "POST", csrf) == Caller(userid, None, "api")


def test_a_change_needs_the_csrf_token_of_the_same_user() -> None:
    ann, bob = tickets.issue("ann@pve"), tickets.issue("bob@pam")
    for verb in ("POST", "PUT", "DELETE"):
        assert refused(ann["ticket"], verb)
        assert refused(ann["ticket"], verb, bob["CSRFPreventionToken"])
        assert refused(ann["ticket"], verb, ann["ticket"].rpartition("::")[2])


def test_a_ticket_lives_two_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    issued = tickets.issue("ann@pve")
    ticket, csrf = issued["ticket"], issued["CSRFPreventionToken"]
    for seconds, dead in ((7190, False), (7201, True), (-290, False), (-310, True)):
        with monkeypatch.context() as patch:
            later(patch, seconds)
            assert refused(ticket) is dead
            assert refused(ticket, "POST", csrf) is dead


ODD = "PVE:an@pv\0 %=+/0F\n\u00e9"


@given(st.integers(0, 60), st.sampled_from(ODD))
def test_no_changed_ticket_is_taken(at: int, char: str) -> None:
    ticket = tickets.issue("ann@pve")["ticket"]
    assume(char != ticket[at])
    assert refused(ticket[:at] + char + ticket[at + 1 :])


@given(st.text(ODD, max_size=60))
def test_what_is_no_ticket_is_refused(text: str) -> None:
    assert refused(text)


def test_without_a_key_nothing_is_signed(etc: Path) -> None:
    ticket = tickets.issue("ann@pve")["ticket"]
    plain = ticket.partition("::")[0]
    forged = base64.b64encode(hmac.digest(b"", plain.encode(), "sha256")).decode()
    key = etc / "etc/pve/priv/authkey.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in key.parent.glob("authkey*")] == ["authkey.key"]
    key.unlink()
    assert refused(ticket)
    assert refused(f"{plain}::{forged}")
    assert not key.exists()


@pytest.mark.parametrize("userid", ["old@pve", "off@pve", "eve@pve", "root@pve", ""])
def test_who_is_not_enabled_gets_no_ticket(userid: str) -> None:
    with pytest.raises(AuthenticationFailure):
        tickets.issue(userid)


def test_a_ticket_ends_with_its_user(etc: Path) -> None:
    ticket = tickets.issue("ann@pve")["ticket"]
    (etc / "etc/pve/user.cfg").write_text(CONFIG.replace("ann@pve:1:0", "ann@pve:0:0"))
    assert refused(ticket)


@pytest.mark.parametrize("userid", ["ann@pve", "bob@pam"])
def test_a_password_opens_its_account(userid: str) -> None:
    assert caller(tickets.login(userid, GOOD)["ticket"]).userid == userid


@pytest.mark.parametrize(
    ("userid", "password"),
    [("ann@pve", "wrong"), ("ann@pve", ""), ("ann@pve", f"{GOOD}\0"), ("off@pve", GOOD),
     ("ann@pam", GOOD), ("bob@pve", GOOD), ("none@pve", ""), ("star@pve", "*"),
     ("root@pam", "*"), ("root@pam", "*0"), ("ann@ldap", GOOD), ("ann", GOOD)],
)  # fmt: skip
def test_other_passwords_do_not(userid: str, password: str) -> None:
    with pytest.raises(AuthenticationFailure):
        tickets.login(userid, password)


@pytest.mark.parametrize("separator", "= ")
def test_an_api_token_needs_no_csrf_token(separator: str) -> None:
    headers = {"authorization": f"PVEAPIToken{separator}ann@pve!ci={SECRET}"}
    assert tickets.authenticate(headers, {}, "POST") == Caller("ann@pve", "ci", "api")


@pytest.mark.parametrize(
    "value",
    [f"ann@pve!ci={SECRET[:-1]}", f"ann@pve!ci={SECRET}0", "ann@pve!ci=", f"ann@pve={SECRET}",
     f"ann@pve!gone={SECRET}", f"off@pve!ci={SECRET}", f"eve@pve!ci={SECRET}", "ann@pve!empty=",
     "ann@pve!empty=x", f"ann@pve!ci={SECRET} x", "", f"ann@pve!ci=\u00e9{SECRET}"],
)  # fmt: skip
def test_an_api_token_that_is_not_known_is_refused_whatever_else_is_there(value: str) -> None:
    cookies = {"PVEAuthCookie": tickets.issue("root@pam")["ticket"]}
    with pytest.raises(AuthenticationFailure) as caught:
        tickets.authenticate({"authorization": f"PVEAPIToken={value}"}, cookies, "GET")
    assert SECRET[:8] not in str(caught.value)


def test_a_missing_privilege_is_named() -> None:
    ann, token = Caller("ann@pve", None, "api"), Caller("ann@pve", "ci", "api")
    require(ann, "/vms/100", "VM.Migrate", "VM.Config.Disk")
    assert allowed(token, "/vms/100", "VM.Migrate")
    with pytest.raises(PermissionFailure, match=r"\(/storage/alt, Datastore.AllocateSpace\)"):
        require(token, "/storage/alt", "Datastore.AllocateSpace")


@pytest.mark.parametrize("who", [CLI, CLI._replace(environment="ha"), Caller(environment="api")])
def test_root_and_the_node_itself_may_all(who: Caller) -> None:
    assert allowed(who, "/storage/alt", "Datastore.AllocateSpace")


def test_a_token_of_root_is_not_root() -> None:
    token = Caller("root@pam", "ci", "api")
    assert not token.is_root
    assert not allowed(token, "/vms/100", "VM.Migrate")  # user.cfg does not know it
