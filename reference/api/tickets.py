"""Who is at the other end: tickets of users who logged in, and API tokens."""

import base64
import hashlib
import hmac
import os
import re
import sys
import time
from collections.abc import Mapping
from urllib.parse import unquote

from reference.api.permissions import known_users
from reference.caller import Caller
from reference.cluster import paths
from reference.errors import AuthenticationFailure
from reference.files import read_file, replace_file

LIFETIME_S = 2 * 60 * 60
_SKEW_S = 300  # what the clocks of two nodes may differ by
_TICKET = re.compile(r"(PVE:([^\s:]+):([0-9A-F]{8}))::(\S+)", re.ASCII)
_CSRF = re.compile(r"([0-9A-F]{8}):(\S+)", re.ASCII)
_TOKEN = re.compile(r"PVEAPIToken[= ]([^\s:!]+)!([\w.-]+)=(\S+)", re.ASCII)


def issue(userid: str) -> dict[str, str]:
    """A ticket of a user who may log in, and what has to come with it when something is changed."""
    if not known_users().active(userid, None, time.time()):
        raise AuthenticationFailure(f"no user '{userid}' who is enabled and not expired")
    now, key = f"{int(time.time()):08X}", _key(make=True)
    plain = f"PVE:{userid}:{now}"
    csrf = f"{now}:{_sign(key, f'CSRF:{userid}:{now}')}"
    ticket = f"{plain}::{_sign(key, plain)}"
    return {"username": userid, "ticket": ticket, "CSRFPreventionToken": csrf}


def login(userid: str, password: str) -> dict[str, str]:
    """A ticket for a password: of realm pve by shadow.cfg, of pam by the node's own accounts."""
    name, _, realm = userid.rpartition("@")
    file = {"pve": paths.shadow_cfg(), "pam": paths.shadow()}.get(realm, "")
    accounts = (line.split(":") for line in (read_file(file) if file else "").splitlines())
    secret = next((fields[1] for fields in accounts if fields[0] == name and fields[1:]), "*")
    if not _opens(password, secret):
        raise AuthenticationFailure("authentication failure")
    return issue(userid)


def authenticate(headers: Mapping[str, str], cookies: Mapping[str, str], verb: str) -> Caller:
    """The caller by the Authorization header, or by cookie; a change needs the CSRF token too."""
    if authorization := headers.get("authorization"):
        return _token_holder(authorization)
    if not (ticket := unquote(cookies.get("PVEAuthCookie", ""))):
        raise AuthenticationFailure("No ticket")
    key, match = _key(), _TICKET.fullmatch(ticket)
    if not (match and _fresh(match[3]) and _signed(key, match[1], match[4])):
        raise AuthenticationFailure("permission denied - invalid PVE ticket")
    userid = match[2]
    if not known_users().active(userid, None, time.time()):
        raise AuthenticationFailure(f"user '{userid}' is not enabled")
    if verb not in ("GET", "HEAD"):
        match = _CSRF.fullmatch(headers.get("csrfpreventiontoken", ""))
        if not (match and _fresh(match[1]) and _signed(key, f"CSRF:{userid}:{match[1]}", match[2])):
            raise AuthenticationFailure("Permission denied - invalid csrf token")
    return Caller(userid, None, "api")


def _token_holder(authorization: str) -> Caller:
    match = _TOKEN.fullmatch(authorization)
    lines = (line.split() for line in read_file(paths.token_cfg()).splitlines())
    secrets = {words[0]: words[1] for words in lines if len(words) == 2}
    if match:
        secret = secrets.get(f"{match[1]}!{match[2]}", "")
        same = hmac.compare_digest(secret.encode(), match[3].encode())
        if same and known_users().active(match[1], match[2], time.time()):
            return Caller(match[1], match[2], "api")
    raise AuthenticationFailure("permission denied - invalid API token")


def _fresh(stamp: str) -> bool:
    return -_SKEW_S <= time.time() - int(stamp, 16) < LIFETIME_S


def _sign(key: bytes, text: str) -> str:
    return base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode()


def _signed(key: bytes, text: str, signature: str) -> bool:
    return bool(key) and hmac.compare_digest(_sign(key, text).encode(), signature.encode())


def _key(*, make: bool = False) -> bytes:
    """What tickets are signed with, of all nodes the same; empty while none was issued."""
    path = paths.auth_key()
    if make and not os.path.exists(path):
        own = f"{path}.{os.uname().nodename}"
        replace_file(own, os.urandom(32).hex() + "\n", 0o600)
        try:
            os.link(own, path)
        except FileExistsError:
            pass  # another node was first
        finally:
            os.unlink(own)
    return read_file(path).strip().encode()


def _opens(password: str, secret: str) -> bool:
    import ctypes

    library = ctypes.PyDLL("libcrypt.so.1")  # keeps the GIL: crypt answers in a static buffer
    library.crypt.restype = ctypes.c_char_p
    found = b"" if "\0" in password else library.crypt(password.encode(), secret.encode()) or b""
    return secret[:1] == "$" and hmac.compare_digest(found, secret.encode())


def _main() -> int:
    """Print a ticket: whoever is root here needs no password."""
    import json

    print(json.dumps(issue(sys.argv[1])))
    return 0


if __name__ == "__main__":
    from reference.cli.options import require_root, run

    require_root()
    raise SystemExit(run(_main))
