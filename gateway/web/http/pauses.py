"""How long who logged in wrongly has to wait: longer each time, and not at all after a right one.

Counted by account and by address, whether or not there is such an account. In memory, one gateway's.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.web.http.rates import Flooded

MOST = 20_000  # names that are remembered; beyond that the one not tried for longest is forgotten
FIRST = 5.0  # seconds of the first pause
FORGOTTEN = 3600.0  # seconds without a try


@dataclass(slots=True)
class Pauses:
    """`free` tries cost nothing; then 5, 10, 20 … seconds, `longest` at most."""

    free: int
    longest: float
    clock: Callable[[], float] = time.monotonic
    _wrong: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)

    def look(self, name: str) -> None:
        """Raises Flooded while the pause lasts."""
        count, last = self._wrong.get(name, (0, 0.0))
        left = self._pause(count) - (self.clock() - last)
        if count and left > 0:
            raise Flooded(max(1, math.ceil(left)))

    def wrong(self, name: str) -> None:
        """One more wrong try."""
        count, last = self._wrong.get(name, (0, 0.0))
        if self.clock() - last > FORGOTTEN:
            count = 0
        self._wrong[name] = (count + 1, self.clock())
        self._wrong.move_to_end(name)
        if len(self._wrong) > MOST:
            self._wrong.popitem(last=False)

    def right(self, name: str) -> None:
        self._wrong.pop(name, None)

    def _pause(self, count: int) -> float:
        return min(self.longest, FIRST * 2.0 ** min(20, count - self.free - 1)) if count > self.free else 0.0
