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
    """Whether the cluster may change anything; a node without a cluster always may."""
    members = _members()
    cluster = members.get("cluster")
    return bool(cluster.get("quorate")) if isinstance(cluster, dict) else "nodename" in members


def check_quorum() -> None:
    if not quorate():
        raise Failure(_NOT_READY)


def nodes() -> list[str]:
    """The names of all members, sorted."""
    return sorted(_nodelist())


def node_ip(name: str) -> str:
    """The member's address, or what its name resolves to if membership knows none (API-09)."""
    nodelist = _nodelist()
    if name not in nodelist:
        raise Failure(f"no such cluster node '{name}'")
    ip = nodelist[name].get("ip") if isinstance(nodelist[name], dict) else None
    return str(ip) if ip else _resolve(name)


def local_ip_within(cidr: str) -> str:
    """The one address of this node inside the network; none or several are refused (NET-03)."""
    import json
    import subprocess

    command = ["ip", "-json", "address", "show", "up", "to", cidr]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"'{cidr}' is no network: {done.stderr.strip()}")
    links = json.loads(done.stdout or "[]")
    found = sorted({info["local"] for link in links for info in link.get("addr_info", ())})
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


def _nodelist() -> dict[str, Any]:
    members = _members()
    listed = members.get("nodelist", {members.get("nodename", local_node()): {}})
    if not isinstance(listed, dict):
        raise Failure(f"{paths.members()}: expected 'nodelist' to be an object")
    return listed


def _members() -> dict[str, Any]:
    import json

    path = paths.members()
    try:
        with open(path, encoding="utf-8") as file:
            members = json.load(file)
    except FileNotFoundError:
        raise Failure(_NOT_READY) from None
    except ValueError as error:
        raise Failure(f"{path}: expected JSON: {error}") from None
    if not isinstance(members, dict):
        raise Failure(f"{path}: expected a JSON object")
    return members
