"""Who asks, and by which way."""

from typing import NamedTuple


class Caller(NamedTuple):
    """A user, or a token of one; the environment is `cli`, `api` or `ha`."""

    userid: str = "root@pam"
    token: str | None = None
    environment: str = "cli"

    @property
    def is_root(self) -> bool:
        """The user root@pam itself; its tokens are others (API-11)."""
        return self.userid == "root@pam" and self.token is None

    @property
    def authid(self) -> str:
        """`user@realm!token`, or the user alone."""
        return self.userid if self.token is None else f"{self.userid}!{self.token}"


CLI = Caller()
