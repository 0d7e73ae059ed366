"""The cluster as this node sees it: its own name, the members, their addresses, the quorum."""

import os
from typing import Any

from reference.cluster import paths
from reference.errors import Failure

_NOT_READY = "cluster not ready - no quorum?"


def local_node() -> str:
    """This node's name; the shared membership file cannot tell it."""
    return os.uname().nodename.partition(".")[0]


def quorate() -> bool:
    """Whether the cluster may change anything."""
    return bool(_members("cluster").get("quorate"))


def check_quorum() -> None:
    if not quorate():
        raise Failure(_NOT_READY)


def nodes() -> list[str]:
    """The names of all members, sorted."""
    return sorted(_members("nodelist"))


def node_ip(name: str) -> str:
    """The member's address, or what its name resolves to if membership knows none (API-09)."""
    nodelist = _members("nodelist")
    if name not in nodelist:
        raise Failure(f"no such cluster node '{name}'")
    return str(nodelist[name].get("ip") or _resolve(name))


def is_ip(text: str) -> bool:
    """Whether it is an address: what may be a name is not resolved."""
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def local_ip_within(cidr: str) -> str:
    """The one address of this node inside the network; none or several are refused (NET-03)."""
    import json
    import subprocess

    command = ["ip", "-json", "address", "show", "up", "to", cidr]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"'{cidr}' is no network: {done.stderr.strip()}")
    links = json.loads(done.stdout or "[]")
    shown = [info for link in links for info in link.get("addr_info", ())]
    found = sorted({info["local"] for info in shown if info})  # it leaves holes for the others
    if len(found) != 1:
        got = f"several: {', '.join(found)}" if found else "none"
        raise Failure(f"expected one local IP address in network '{cidr}', got {got}")
    return str(found[0])


def _resolve(name: str) -> str:
    import socket

    try:
        ip = str(socket.getaddrinfo(name, None)[0][4][0])
    except OSError as error:
        raise Failure(f"no address known of node '{name}': {error.strerror}") from error
    if ip.startswith("127.") or ip == "::1":
        raise Failure(f"node '{name}' resolves to '{ip}', expected an address others can reach")
    return ip


def _members(part: str) -> dict[str, Any]:
    """One object of the membership file; without the file there is no quorum."""
    import json

    path = paths.members()
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)[part]
    except FileNotFoundError:
        raise Failure(_NOT_READY) from None
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"{path}: expected JSON with an object '{part}': {error}") from None
    if not isinstance(found, dict):
        raise Failure(f"{path}: expected '{part}' to be an object, got '{found}'")
    return found
