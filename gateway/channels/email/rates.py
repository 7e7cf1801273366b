"""How often one envelope sender may send, and all together: what comes over that is put off, not lost.

Bounces have no sender; only the rate of all counts for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.settings.schema import RateSettings
from gateway.token_buckets import Buckets


class MailRates:
    """The limits of one listener."""

    def __init__(self, limits: RateSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._on = limits.enabled
        self._sender = Buckets(limits.mail_sender_burst, limits.mail_sender_per_minute, clock)
        self._all = Buckets(limits.mail_burst, limits.mail_per_minute, clock)

    def sent(self, sender: str) -> None:
        """A mail of this sender (lower case). Raises Flooded."""
        if not self._on:
            return
        if sender:
            self._sender.take(sender)
        self._all.take("")
