"""Token buckets: how often something may be done, with a bound on how many names are remembered.

In memory: counts are of this gateway alone and are gone when it ends.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.errors import TooMany

MOST = 20_000  # buckets of one kind; beyond that the one not used for longest is forgotten


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

    def forget(self, name: str) -> None:
        """As if nothing had been taken."""
        self._left.pop(name, None)

    def _now(self, name: str) -> float:
        left, then = self._left.get(name, (float(self.burst), 0.0))
        return min(float(self.burst), left + (self.clock() - then) * self.per_minute / 60)

    def __len__(self) -> int:
        return len(self._left)
