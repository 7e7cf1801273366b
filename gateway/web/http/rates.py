"""How often one address or one token may ask, and all together may hand in.

Each kind of asking has a bucket of its own, so that looking does not use up the right to hand in. Counts
are of this gateway alone and are gone when it ends. Charged by auth.py and the pages.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.settings.schema import RateSettings
from gateway.token_buckets import Buckets, Flooded

__all__ = ["Buckets", "Flooded", "Rates"]

FAILURES = (30, 30)  # wrong tokens from one address: at once, and a minute


class Rates:
    """All limits of one web side."""

    def __init__(self, limits: RateSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._on = limits.enabled
        self._asked = Buckets(limits.address_burst, limits.address_per_minute, clock)
        self._submitted = Buckets(limits.submissions_burst, limits.submissions_per_minute, clock)
        self._all = Buckets(limits.all_submissions_burst, limits.all_submissions_per_minute, clock)
        self._tokens = Buckets(limits.token_burst, limits.token_per_minute, clock)
        self._failures = Buckets(*FAILURES, clock)

    def asked(self, address: str) -> None:
        """A request without a token. Raises Flooded."""
        if self._on:
            self._asked.take(address)

    def submitted(self, address: str) -> None:
        """A form of the public: a contact, an addition, a look at a number. Raises Flooded."""
        if self._on:
            self._submitted.take(address)
            self._all.take("")

    def let_in(self, name: str) -> None:
        """A request with a token that holds. Raises Flooded."""
        if self._on:
            self._tokens.take(name)

    def failed(self, address: str) -> None:
        """A token or session that does not hold. Raises Flooded."""
        if self._on:
            self._failures.take(address)
