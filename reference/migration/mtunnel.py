"""The target's end of the ssh tunnel, `qm mtunnel` (TUN-02, TUN-04, TUN-05)."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress

from reference.cluster import membership
from reference.errors import Failure


def serve() -> int:
    """Greet, then obey `resume <vmid>` and `quit`."""
    if not membership.quorate():
        print("no quorum", flush=True)
        return 0
    print("tunnel online\nver 1", flush=True)
    _warm_up()

    for line in sys.stdin:
        if line.strip() == "quit":
            print("OK", flush=True)
            break
        if match := re.fullmatch(r"resume ([1-9][0-9]{0,8})", line.strip()):
            print(_resume(int(match[1])), flush=True)
    return 0


def _warm_up() -> None:
    """While the source is busy: loading and the first connection, which takes longest."""
    from reference.guest import monitor, process  # noqa: F401

    with suppress(Failure):
        monitor.Monitor(os.devnull)


def _resume(vmid: int) -> str:
    from reference.guest import process

    try:
        process.resume_guest(vmid)
    except Failure as error:
        return f"ERR: resume failed - {error}"
    return "OK"
