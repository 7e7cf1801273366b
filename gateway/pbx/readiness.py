"""Whether a running Asterisk has what calls need: looked at after the start and every few seconds later.

Asks over AMI, so that it works where Asterisk is in another container. Used by wiring and by the board.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from gateway.errors import PbxDown, SetupError
from gateway.pbx.needs import COMMANDS, Lack, Wanted, missing

log = logging.getLogger(__name__)

EVERY = 15.0  # seconds between two looks; each is eight short commands
SETTLE = 5.0  # seconds that a reload may take until it shows

Ask = Callable[[str], Awaitable[str]]


class Readiness:
    """The last look. `lacks` is empty before the first one and when all is there."""

    def __init__(self, ask: Ask, want: Callable[[], Wanted]) -> None:
        """`want` reads files; it is called in another thread at each look."""
        self._ask = ask
        self._want = want
        self.lacks: tuple[Lack, ...] = ()

    async def look(self) -> tuple[Lack, ...]:
        """Ask, and remember what is not there. Raises PbxDown; then what was known stays."""
        answers = {command: await self._ask(command) for command in COMMANDS}
        before = self.lacks
        self.lacks = await asyncio.to_thread(lambda: tuple(missing(self._want(), answers)))
        for lack in self.lacks:
            if lack not in before:
                log.error("%s", lack)
        if before and not self.lacks:
            log.info("Asterisk has all that calls need again")
        return self.lacks

    async def demand(self, limit: float = SETTLE) -> None:
        """Look until nothing is missing. Raises SetupError with each thing that still is after `limit`."""
        until = time.monotonic() + limit
        while await self.look():
            if time.monotonic() > until:
                raise SetupError(*(str(lack) for lack in self.lacks))
            await asyncio.sleep(0.25)

    async def keep_looking(self, every: float = EVERY) -> None:
        """Until cancelled; while Asterisk is away its link reports that."""
        while True:
            await asyncio.sleep(every)
            with contextlib.suppress(PbxDown, OSError):
                await self.look()
