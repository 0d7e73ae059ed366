"""When a migration that does not converge gets a longer downtime (P2-47, P2-48). Pure."""

from __future__ import annotations

_PATIENCE = 5


class Convergence:
    """Counts stagnating rounds; all downtimes in ms."""

    def __init__(self, downtime: int, longest: int) -> None:
        self.downtime, self._longest = downtime, longest
        self._hits = 0
        self._last: int | None = None

    def observe(self, remaining: int) -> int | None:
        """Take one evaluated round's remaining bytes; a number is the new downtime limit."""
        stagnates = remaining == 0 or (self._last is not None and remaining > self._last)
        self._last = remaining
        self._hits += stagnates
        if self._hits <= _PATIENCE:
            return None
        self._hits = 0
        if self.downtime >= self._longest:
            return None
        self.downtime = min(self.downtime * 2, self._longest)
        return self.downtime
