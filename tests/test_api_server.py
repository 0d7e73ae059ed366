"""The API in this process, without TLS: whatever comes in, an answer in JSON goes out."""

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference.api import server, tickets, worker
from reference.api.methods import METHODS
from reference.cluster import membership, paths

MEMBERS = {
    "cluster": {"quorate": 1},
    "nodelist": {"pve1": {"ip": "127.0.0.1"}, "pve2": {"ip": "127.0.0.1"}},
}
USERS = """\
user:ci@pve:1:0:::::
token:ci@pve!run:0:1::
acl:1:/vms/100:ci@pve,ci@pve!run:PVEAuditor:
"""
SECRET = "01234567-89ab-cdef-0123-456789abcdef"
TOKEN = {"authorization": f"PVEAPIToken=ci@pve!run={SECRET}"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
GUEST = "/api2/json/nodes/pve1/qemu/100"


class Answer(NamedTuple):
    """Status and decoded body."""

    status: int
    content: dict[str, Any]


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node's files below a directory; no process is ever begun, and no port listens."""
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    monkeypatch.setattr(membership, "local_node", lambda: "pve1")
    monkeypatch.setattr(server, "PORT", 1)
    monkeypatch.setattr(worker, "start", begun)
    pve = tmp_path / "etc/pve"
    (pve / "priv").mkdir(parents=True)
    (pve / "nodes/pve1/qemu-server").mkdir(parents=True)
    (tmp_path / "var/log/pve/tasks").mkdir(parents=True)
    (pve / ".members").write_text(json.dumps(MEMBERS))
    (pve / "user.cfg").write_text(USERS)
    (pve / "priv/token.cfg").write_text(f"ci@pve!run {SECRET}\n")
    (pve / "nodes/pve1/qemu-server/100.conf").write_text("memory: 32\n")
    (pve / "storage.cfg").write_text("dir: local\n\tpath /var/lib/vz\n\tcontent images\n")
    tickets.issue("root@pam")
    (tmp_path / "var/log/pve/tasks/active").touch()
    return tmp_path


def begun(*_: object) -> str:
    """A worker that has ended at once."""
    return "UPID:pve1:0FFFFFFF:00000001:60000000:qmconfig:100:root@pam:"


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def ask(
    runner: asyncio.Runner, verb: str, url: str, headers: dict[str, str], body: bytes = b""
) -> Answer:
    """One request as uvicorn hands it on, the body in two parts."""
    path, _, query = url.partition("?")
    scope = {
        "type": "http", "method": verb, "path": path, "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"), "root_path": "", "scheme": "https",
        "http_version": "1.1", "server": ("pve1", 8006), "client": ("127.0.0.1", 1),
        "headers": [(k.encode(), v.encode("latin-1", "replace")) for k, v in headers.items()],
    }  # fmt: skip
    half = len(body) // 2
    parts = [(body[half:], False), (body[:half], True)]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        part, more = parts.pop()
        return {"type": "http.request", "body": part, "more_body": more}

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        await server.app(scope, receive, send)

    runner.run(run())
    content = json.loads(b"".join(message.get("body", b"") for message in sent[1:]))
    return Answer(sent[0]["status"], content)


def root(verb: str = "POST") -> dict[str, str]:
    """The headers of a logged-in administrator."""
    ticket = tickets.issue("root@pam")
    cookie = {"cookie": f"PVEAuthCookie={quote(ticket['ticket'])}"}
    return {**cookie, "csrfpreventiontoken": ticket["CSRFPreventionToken"]}


def state(folder: Path) -> str:
    """All files and what is in them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    text = [f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files]
    return "\n".join(text)


def well_formed(answer: Answer) -> None:
    """Data, or one line of a message and an entry for each wrong parameter; no surprise."""
    if answer.status == 200:
        assert answer.content.keys() == {"data"}
        return
    assert 400 <= answer.status < 600, answer
    assert answer.content["data"] is None
    message = answer.content["message"]
    assert message
    assert "Traceback" not in message
    assert not message.startswith("internal error"), answer
    if answer.status == 400 and message == "Parameter verification failed.":
        assert answer.content["errors"]


words = st.sampled_from(
    ["pve1", "pve2", "pve9", "localhost", "100", "101", "-", "", "..", "%2f", "%00", "%ff", "\xff"]
) | st.text(max_size=12).map(lambda text: quote(text.encode(errors="replace"), safe=""))
verbs = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "FROB"])
known = st.sampled_from([(method.verb, method.path) for method in METHODS if method.path])


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str]:
    """A verb and a URL: what there is, near to it, or far from it."""
    verb, path = draw(known | known | st.tuples(verbs, st.lists(words, max_size=6).map("/".join)))
    for name, usual in (("{node}", "pve1"), ("{vmid}", "100"), ("{upid}", "UPID")):
        path = path.replace(name, draw(st.sampled_from([usual] * 9 + [draw(words)])))
    query = draw(st.just("") | st.text(max_size=30).map(lambda text: f"?{quote(text, '=&;+%')}"))
    query += draw(st.sampled_from(["", "", "", "\x01", "?%ff=\xff", "?a=%ff&a=1"]))
    base = draw(st.sampled_from(["/api2/json"] * 9 + ["", "/api2"]))
    return draw(st.sampled_from([verb] * 9 + [draw(verbs)])), f"{base}{path}{query}"


names = st.sampled_from(
    ["target", "online", "targetstorage", "vmid", "upid", "delete", "cores", "scsi0", "net0",
     "username", "password", "limit", "start", "type", "skiplock", "bwlimit", "current"]
) | st.text(max_size=8)  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text(max_size=20) | st.sampled_from(["pve1", "pve2", "1", "0", "local:alt", "\ud800"])
)  # fmt: skip
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
forms = st.lists(st.tuples(names, st.text(max_size=12)), max_size=4).map(
    lambda pairs: "&".join(
        f"{quote(k, errors='replace')}={quote(v, errors='replace')}" for k, v in pairs
    ).encode()
)
objects = st.dictionaries(names, values, max_size=4).map(lambda found: json.dumps(found).encode())
anything = st.sampled_from([JSON, FORM, {}, {"content-type": "text/html"}])
bodies = (
    st.tuples(st.just(JSON), objects)
    | st.tuples(st.just(FORM), forms)
    | st.tuples(anything, st.binary(max_size=40))
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    asked=requests(),
    body=bodies,
    who=st.sampled_from(["root"] * 6 + ["token", "nobody", "x", "PVEAPIToken=a@b!c=d"]),
)
def test_any_request_is_answered_and_changes_nothing(
    etc: Path,
    loop: asyncio.Runner,
    asked: tuple[str, str],
    body: tuple[dict[str, str], bytes],
    who: str,
) -> None:
    before, (verb, url) = state(etc), asked
    callers: dict[str, dict[str, str]] = {"root": root(), "token": TOKEN, "nobody": {}}
    headers = callers.get(who, {"authorization": who, "cookie": f"PVEAuthCookie={who}"})
    answer = ask(loop, verb, url, {**headers, **body[0]}, body[1])
    well_formed(answer)
    if who not in ("root", "token") and "access/ticket" not in url:
        assert answer.status in (400, 401)
    assert state(etc) == before


def test_an_expired_ticket_is_none(
    etc: Path, loop: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, later = root(), time.time() + 2 * 60 * 60 + 1
    assert ask(loop, "GET", "/api2/json/version", headers).status == 200
    monkeypatch.setattr(time, "time", lambda: later)
    assert ask(loop, "GET", "/api2/json/version", headers).status == 401


def test_what_is_wrong_is_told_in_the_order_of_the_real_one(
    etc: Path, loop: asyncio.Runner
) -> None:
    """Each request has one fault less than the one before it."""
    bad, good = b'{"frob": 1}', b'{"target": "pve2"}'
    here, away = f"{GUEST}/migrate", f"{GUEST}/migrate".replace("pve1", "pve9")
    asked = [
        ("POST", f"{away}/x", {}, bad, 401),
        ("POST", f"{away}/x", TOKEN, bad, 501),
        ("POST", away, TOKEN, bad, 403),
        ("POST", away, root(), bad, 500),
        ("POST", here, root(), bad, 400),
        ("POST", here, root(), good, 200),
    ]
    found = [ask(loop, v, url, {**h, **JSON}, body).status for v, url, h, body, _ in asked]
    assert found == [status for *_, status in asked]


@pytest.mark.parametrize(("size", "status"), [(512 * 1024, 400), (512 * 1024 + 1, 413)])
def test_a_body_may_have_512_kib(etc: Path, loop: asyncio.Runner, size: int, status: int) -> None:
    body = b"frob=".ljust(size, b"x")
    assert ask(loop, "POST", f"{GUEST}/migrate", {**root(), **FORM}, body).status == status


def test_half_a_character_is_no_text(etc: Path, loop: asyncio.Runner) -> None:
    body = json.dumps({"username": "root@pam", "password": "\ud800"}).encode()
    answer = ask(loop, "POST", "/api2/json/access/ticket", JSON, body)
    assert answer.status == 400
    well_formed(answer)


@pytest.mark.parametrize("query", ["a=%ff", "%80=1", "&".join(["a=1"] * 1001), "type=vm&type=vm"])
def test_a_query_that_is_none(etc: Path, loop: asyncio.Runner, query: str) -> None:
    answer = ask(loop, "GET", f"/api2/json/cluster/resources?{query}", root())
    assert answer.status == 400
    well_formed(answer)


def test_deep_json_is_refused(etc: Path, loop: asyncio.Runner) -> None:
    deep = (b"[" * depth + b"]" * depth for depth in (2, *range(850, 1000, 10), 90000))
    for value in (*deep, b"9" * 9999):
        body = b'{"target":' + value + b"}"
        answer = ask(loop, "POST", f"{GUEST}/migrate", {**root(), **JSON}, body)
        assert answer.status == 400
        well_formed(answer)


def test_a_node_that_does_not_answer(etc: Path, loop: asyncio.Runner) -> None:
    (etc / "etc/pve/pve-root-ca.pem").touch()
    url = f"{GUEST}/migrate".replace("pve1", "pve2")
    answer = ask(loop, "GET", url, root())
    assert answer.status == 595
    assert "pve2" in answer.content["message"]
    circle = ask(loop, "GET", url, {**root(), "pvedisableproxy": "1"})
    assert "circle" in circle.content["message"]
