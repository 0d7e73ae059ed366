"""The HTTPS server of a node: one process, every request answered in JSON (API-01)."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import request_response

from reference.api.calls import Call, implemented, perform
from reference.api.methods import METHODS
from reference.api.permissions import require
from reference.api.schema import NODE, Method, find, verify
from reference.api.tickets import authenticate
from reference.caller import Caller
from reference.cluster import membership, paths
from reference.errors import Failure, ParameterFailure

PORT = 8006
BODY_LIMIT = 512 * 1024
BASE = "/api2/json"
OPEN = (("POST", "/access/ticket"),)  # asked by those who have no ticket yet
FORWARDED = ("authorization", "content-type", "cookie", "csrfpreventiontoken")
PROXY_TIMEOUT_S = 30.0


class Refusal(Failure):
    """A request that never comes to be a call of a method."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def answer(request: Request) -> Response:
    """Authenticate, read the body, then do what may take its time in a thread."""
    try:
        path, caller = _path(_target(request)[0]), Caller(userid="", environment="api")
        if (request.method, path) not in OPEN:
            headers, cookies = request.headers, request.cookies
            caller = await run_in_threadpool(authenticate, headers, cookies, request.method)
        return await run_in_threadpool(_respond, request, path, caller, await _body(request))
    except Failure as failure:
        return _error(failure)
    except Exception as error:
        text = " ".join(f"internal error: {type(error).__name__}: {error}".split())
        return _error(Refusal(500, text))


app = request_response(answer)  # no routes: which path is meant is the schema's to say


def _target(request: Request) -> tuple[str, str]:
    """Path and query as they came; whatever is not plain ASCII has to be encoded there."""
    path, query = request.scope["raw_path"].partition(b"?")[0], request.scope["query_string"]
    if not re.fullmatch(rb"[\x21-\x7e]*", path + query):
        raise Refusal(400, "the path or query has a character that has to be encoded")
    return path.decode(), query.decode()


def _path(url: str) -> str:
    """The decoded path below the base; no part of it may climb, hide a slash or be no text."""
    try:
        parts = [unquote(part, errors="strict") for part in url.split("/")]
    except UnicodeDecodeError:
        raise Refusal(400, "the path is not UTF-8") from None
    if any(part in (".", "..") or re.search(r"[/\\\x00-\x1f\x7f]", part) for part in parts):
        raise Refusal(400, "the path has a part that no path may have")
    path = "/".join(parts)
    return path.removeprefix(BASE) if path.startswith(f"{BASE}/") else f"/..{path}"


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            raise Refusal(413, f"the body is larger than {BODY_LIMIT} bytes")
    return body


def _respond(request: Request, path: str, caller: Caller, body: bytes) -> Response:
    found = find(METHODS, request.method, path)
    if found is None or not implemented(found[0]):
        shown = path.removeprefix("/..")
        raise Refusal(501, f"Method '{request.method} {shown}' not implemented")
    method, places = found
    if method.permission is not None:
        where, privilege = method.permission
        require(caller, where.format(**places), privilege)
    if (node := places.pop("node", None)) not in (None, "localhost", membership.local_node()):
        return _elsewhere(str(node), request, body)
    given = [*_pairs(_target(request)[1]), *_from_body(request, body)]
    values = verify(method, _parameters(method, places, given))
    return _json(200, {"data": perform(Call(method, caller, values))})


def _parameters(
    method: Method, places: Mapping[str, str], given: list[tuple[str, object]]
) -> dict[str, object]:
    """What path, query and body give; each name once, but for lists."""
    found: dict[str, Any] = dict(places)
    for name, value in given:
        parameter = method.parameter(name)
        if name in places or (name in found and not (parameter and parameter.many)):
            where = " (already defined in URI)" if name in places else ""
            raise ParameterFailure(name, f"duplicate parameter{where}")
        values = value if isinstance(value, list) else [value]
        if any(re.search(r"[\ud800-\udfff]", f"{name}{one}") for one in values):
            raise Refusal(400, "a parameter is no legal text")
        found[name] = [*found.get(name, []), *values] if parameter and parameter.many else value
    return found


def _pairs(text: str) -> list[tuple[str, object]]:
    try:
        return [*parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=1000)]
    except ValueError as error:
        raise Refusal(400, f"the parameters are not encoded as they should be: {error}") from None


def _from_body(request: Request, body: bytes) -> list[tuple[str, object]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        return []
    if kind == "application/x-www-form-urlencoded":
        return _pairs(body.decode(errors="replace"))
    if kind != "application/json":
        raise Refusal(400, f"the body is '{kind}', expected JSON or a form")
    try:
        return list(json.loads(body, parse_constant=_no_number).items())
    except (ValueError, AttributeError, RecursionError) as error:
        raise Refusal(400, f"the body is no JSON object: {error}") from None


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _elsewhere(node: str, request: Request, body: bytes) -> Response:
    """Passed on to the node of the URL with the caller's own credentials."""
    import ssl

    if "pvedisableproxy" in request.headers:
        raise Refusal(500, "the request went round in a circle")
    try:
        address = membership.node_ip(NODE.read(node))
    except ValueError as error:
        raise ParameterFailure("node", str(error)) from None
    headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
    url = "?".join(filter(None, _target(request)))
    try:
        trust = ssl.create_default_context(cafile=paths.root_ca())
        connection = HTTPSConnection(address, PORT, timeout=PROXY_TIMEOUT_S, context=trust)
        with closing(connection):
            connection.request(request.method, url, body, {**headers, "PVEDisableProxy": "1"})
            reply = connection.getresponse()
            return Response(reply.read(), reply.status, media_type="application/json")
    except (OSError, HTTPException) as error:
        raise Refusal(595, f"node '{node}' does not answer: {error}") from None


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(json.dumps(content), status, media_type="application/json;charset=UTF-8")


def _error(failure: Failure) -> Response:
    content: dict[str, Any] = {"data": None, "message": str(failure)}
    if isinstance(failure, ParameterFailure):
        content |= {"message": "Parameter verification failed.", "errors": failure.errors}
    return _json(failure.status, content)


def serve(listener: socket.socket) -> None:
    """Answer until TERM comes."""
    import uvicorn

    certificate, key = paths.certificate(membership.local_node())
    config = uvicorn.Config(
        app, ssl_certfile=certificate, ssl_keyfile=key, ws="none", lifespan="off", loop="asyncio",
        http="h11", log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])
