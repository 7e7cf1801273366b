"""A way sends one delivery. Each way is a module of its own, listed in service.py.

A way is handed one delivery at a time, never raises for what went wrong with it, and says whether it is
sent, may be tried again, or never will be. It keeps its own time limits.
"""

from __future__ import annotations

from typing import Protocol

from gateway.core.item.delivery import Delivery, Result


class Way(Protocol):
    """One way. `name` stands in every delivery that is to go by it; `limit` is the longest try (seconds)."""

    @property
    def name(self) -> str: ...

    @property
    def limit(self) -> float: ...

    async def send(self, delivery: Delivery) -> Result:
        """Hand it over; the same delivery again must be recognisable as such at the far end."""

    async def rest(self) -> None:
        """There is nothing more to send for now: close connections."""
