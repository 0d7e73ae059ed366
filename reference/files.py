"""Files that others read at any moment: replaced whole, never written in place."""

import os
from contextlib import suppress

from reference.errors import Failure


def read_file(path: str) -> str:
    """The text of a config file; a missing one is empty."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def replace_file(path: str, text: str, mode: int = 0o640) -> None:
    """Write the text atomically; on any failure the old file stays and nothing is left."""
    temporary = f"{path}.tmp.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise Failure(f"unable to write '{path}' - {error.strerror}") from None
        raise
