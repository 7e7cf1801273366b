"""Work that an older database leaves to be done once: sealing what it kept in the open.

Done beside the running gateway in batches, each a short transaction that is durable by itself, so that
neither the number of rows nor a restart matters: what is left is found again. Whatever is not done yet
is read and changed as if it were (identities.py, drafts.py, sealed_drafts.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway.storage.database import Database, Transaction

log = logging.getLogger(__name__)

BATCH = 200  # rows in one transaction: well below a second on either database
TELL = 10.0  # seconds between two lines of progress in the log


class Batch(NamedTuple):
    """How many rows a step did, and where the next begins; `rows` 0 ends it."""

    rows: int
    after: str


Step = Callable[[Transaction, str, int], Batch]
"""Does some rows behind `after`, at most so many."""


class OneTimeWork:
    """The steps of one database, by a name for the log."""

    def __init__(self, database: Database, steps: Mapping[str, Step]) -> None:
        self._database = database
        self._steps = steps

    async def run(self) -> dict[str, int]:
        """How many rows each step did. Raises StorageDown; asked again it goes on with what is left."""
        return {name: await self._run(name, step) for name, step in self._steps.items()}

    async def _run(self, name: str, step: Step) -> int:
        done, after, logged_at = 0, "", time.monotonic()
        while True:
            batch = await self._database.write(lambda t: step(t, after, BATCH))  # noqa: B023 - awaited at once
            if not batch.rows:
                break
            done, after = done + batch.rows, batch.after
            if time.monotonic() - logged_at > TELL:
                logged_at = time.monotonic()
                log.info("%s: %d rows done, it goes on", name, done)
        if done:
            log.info("%s: finished, %d rows", name, done)
        return done
