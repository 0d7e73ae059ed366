"""The guest's hook script: run before its start, which it may refuse (P2-12)."""

from __future__ import annotations

import os
from collections.abc import Mapping

from reference.cluster.storages import Storage
from reference.errors import Failure
from reference.guest.config import GuestConfig


def before_start(
    config: GuestConfig, storages: Mapping[str, Storage], environment: Mapping[str, str]
) -> None:
    """Run `SCRIPT <vmid> pre-start`, if the guest has a script."""
    import subprocess

    volid = config.current.get("hookscript")
    if volid is None:
        return
    command = [_path(volid, storages), str(config.vmid), "pre-start"]
    try:
        code = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise Failure(f"hookscript '{volid}' can't be run - {error.strerror}") from None
    if code.returncode:
        raise Failure(f"hookscript error for VM {config.vmid} on pre-start: {code.returncode}")


def _path(volid: str, storages: Mapping[str, Storage]) -> str:
    from reference.storage.base import parse_volid

    storeid, volume = parse_volid(volid)
    storage = storages.get(storeid)
    if storage is None or storage.path is None or not volume.startswith("snippets/"):
        raise Failure(f"hookscript: '{volid}' is not valid (expected '<storage>:snippets/<file>')")
    return os.path.join(storage.path, volume)
