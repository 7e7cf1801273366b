"""How often one address or one token may ask: token buckets in memory, with a bound on their number.

Each kind of asking has a bucket of its own, so that looking does not use up the right to hand in. Counts
are of this gateway alone and are gone when it ends. Charged by route.py, auth.py and the pages.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway import config
from gateway.errors import TooMany

MOST = 20_000  # buckets of one kind; beyond that the one not used for longest is forgotten
FAILURES = (30, 30)  # wrong tokens from one address: at once, and a minute


class Flooded(TooMany):
    """Over a rate; `wait` is when to come again, in whole seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"请在 {wait} 秒后再试 / try again in {wait} s")
        self.wait = wait


@dataclass(slots=True)
class Buckets:
    """Buckets by name, each of `burst` drops that come back at `per_minute`."""

    burst: int
    per_minute: int
    clock: Callable[[], float] = time.monotonic
    most: int = MOST
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, name: str, drops: float = 1) -> None:
        """Raises Flooded when the bucket has not so many; then none is taken."""
        left = self._now(name)
        if left < drops:
            raise Flooded(max(1, math.ceil((drops - left) * 60 / self.per_minute)))
        self._left[name] = (left - drops, self.clock())
        self._left.move_to_end(name)
        if len(self._left) > self.most:
            self._left.popitem(last=False)

    def _now(self, name: str) -> float:
        left, then = self._left.get(name, (float(self.burst), 0.0))
        return min(float(self.burst), left + (self.clock() - then) * self.per_minute / 60)

    def __len__(self) -> int:
        return len(self._left)


class Rates:
    """All limits of one web side."""

    def __init__(self, limits: config.Rates, clock: Callable[[], float] = time.monotonic) -> None:
        self._on = limits.enabled
        self._asked = Buckets(limits.address_burst, limits.address_per_minute, clock)
        self._submitted = Buckets(limits.submissions_burst, limits.submissions_per_minute, clock)
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

    def let_in(self, name: str) -> None:
        """A request with a token that holds. Raises Flooded."""
        if self._on:
            self._tokens.take(name)

    def failed(self, address: str) -> None:
        """A token or session that does not hold. Raises Flooded."""
        if self._on:
            self._failures.take(address)
