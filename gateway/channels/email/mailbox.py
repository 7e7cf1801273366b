"""One watched mailbox: connects, takes in what is new, waits, and starts over when anything breaks.

Rules
- A mail is counted as done, and marked or moved, only after intake has committed it.
- One that fails is passed over and tried again; after three tries it is noted as unreadable.
- When storage is away nothing is counted against a mail.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from gateway.channels.email.box_ledger import BoxLedger
from gateway.channels.email.contact import Arrival
from gateway.channels.email.imap import HEAD, Facts, ImapLink, MailboxDown, MailboxRefuses
from gateway.channels.email.reception import PATIENCE, NotTaken, Reception
from gateway.core.ledgers import OnceLedger
from gateway.errors import Unavailable
from gateway.settings.schema import Mailbox

log = logging.getLogger(__name__)

BATCH = 50
SHORTEST, LONGEST = 1.0, 60.0  # seconds between attempts to connect


@dataclass(frozen=True, slots=True)
class BoxState:
    """How a mailbox is doing. `trouble` is "" while it is watched; `taken` counts since the start."""

    id: str
    connected: bool = False
    trouble: str = ""
    taken: int = 0
    failing: int = 0
    looked_at: datetime | None = None


class BoxWatch:
    """Watches one mailbox for as long as `run` runs. `limit` is the largest mail in bytes; `on_state` is
    called with every new state."""

    def __init__(
        self,
        box: Mailbox,
        password: Callable[[], str],
        reception: Reception,
        once: OnceLedger,
        limit: int,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_state: Callable[[BoxState], None] = lambda state: None,
    ) -> None:
        self._box = box
        self._password = password
        self._reception = reception
        self._once = once
        self._limit = limit
        self._now = now
        self._on_state = on_state
        self._refused = False  # did it keep us from marking what is done? Told until the next session
        self.state = BoxState(box.id)

    async def run(self) -> None:
        """Until cancelled. A mailbox that is away is tried again; a fault of ours is noted and raised."""
        pause = SHORTEST
        while True:
            before = self.state.looked_at
            try:
                await self._session()
            except Unavailable as error:
                self._note(str(error))
            except Exception as error:
                self._note(f"{type(error).__name__}: {error}")
                raise
            pause = SHORTEST if self.state.looked_at != before else min(LONGEST, pause * 2)
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))

    def _note(self, trouble: str) -> None:
        if trouble != self.state.trouble:
            log.warning("mailbox %s: %s", self._box.id, trouble)
        self._set(replace(self.state, connected=False, trouble=trouble))

    def _set(self, state: BoxState) -> None:
        self.state = state
        self._on_state(state)

    def _count(self) -> None:
        self._set(replace(self.state, taken=self.state.taken + 1))

    async def _session(self) -> None:
        box = self._box
        self._refused = False
        try:
            password = self._password()
        except OSError as error:
            raise MailboxDown(f"its password cannot be read: {error.strerror}") from error
        link = await ImapLink.open(box.host, box.port, box.tls, box.user, password, box.folder)
        try:
            ledger = await BoxLedger.load(self._once, box.id, link.validity)
            while True:
                await self._take_new(link, ledger)
                failing, now = len(ledger.failed), self._now()
                refused = self.state.trouble if self._refused else ""
                self._set(
                    replace(self.state, connected=True, trouble=refused, failing=failing, looked_at=now)
                )
                await link.wait(box.poll_seconds)
        finally:
            link.close()

    async def _take_new(self, link: ImapLink, ledger: BoxLedger) -> None:
        since = date.fromisoformat(self._box.since) if self._box.since else None
        waiting = ledger.waiting(await link.search(ledger.done, since))
        for at in range(0, len(waiting), BATCH):
            batch = waiting[at : at + BATCH]
            facts_of = await link.facts(batch)
            silent = [uid for uid in batch if uid not in facts_of]
            still_there = await link.there(silent) if silent else frozenset()
            for uid in batch:
                facts = facts_of.get(uid, Facts())
                if uid in silent and uid not in still_there:
                    log.info("mailbox %s: mail %d is gone", self._box.id, uid)
                    ledger.settle(uid)
                else:
                    await self._take_one(link, ledger, uid, facts)
            await ledger.save(self._once)

    async def _take_one(self, link: ImapLink, ledger: BoxLedger, uid: int, facts: Facts) -> None:
        tries = ledger.failed.get(uid, 0)
        arrival = Arrival(f"imap:{self._box.id}", self._received_at(facts))
        try:
            if facts.size > self._limit:
                await self._take_head(ledger, uid, facts, await link.fetch(uid, HEAD), arrival)
                return
            raw = await link.fetch(uid, self._limit)
            if len(raw) > self._limit:  # larger than the server had said
                await self._take_head(ledger, uid, facts, raw[:HEAD], arrival)
                return
            await self._reception.take(raw, arrival, tries)
        except NotTaken as error:
            log.warning("mailbox %s: mail %d: %s", self._box.id, uid, error)
            ledger.fail(uid)
            return
        except MailboxDown as error:
            await self._not_given(ledger, uid, facts, arrival)
            if isinstance(error, MailboxRefuses):
                return
            raise
        await self._finish(link, ledger, uid)

    async def _take_head(
        self, ledger: BoxLedger, uid: int, facts: Facts, head: bytes, arrival: Arrival
    ) -> None:
        """An item for a mail that is too large: its beginning is kept, and the mail left unmarked."""
        why = f"邮件超过大小限制（{facts.size}字节），原件仍在邮箱中"
        await self._reception.take_part(head, arrival, _part_key(head, facts), why)
        ledger.settle(uid)
        self._count()

    async def _not_given(self, ledger: BoxLedger, uid: int, facts: Facts, arrival: Arrival) -> None:
        """The server did not hand a mail out: passed over, and noted as an item after three tries."""
        if ledger.fail(uid) >= PATIENCE:
            why = f"邮箱服务器多次未能给出全文，原件仍在邮箱中（UID {uid}，{facts.size}字节）"
            key = f"mail-uid:{self._box.id}:{ledger.validity}:{uid}"[:200]
            try:
                await self._reception.take_part(b"", arrival, key, why)
                ledger.settle(uid)
            except NotTaken as error:
                log.warning("mailbox %s: mail %d: %s", self._box.id, uid, error)
        await ledger.save(self._once)

    async def _finish(self, link: ImapLink, ledger: BoxLedger, uid: int) -> None:
        """It is committed: now it may be marked. A mailbox that refuses that keeps the mail as it is."""
        ledger.settle(uid)
        self._count()
        try:
            if self._box.after == "seen":
                await link.mark_seen(uid)
            elif self._box.after == "move":
                await link.move(uid, self._box.done_folder)
        except MailboxRefuses as error:
            self._refused = True
            self._note(str(error))

    def _received_at(self, facts: Facts) -> datetime:
        """When the mailbox got it: clocks run from there. A time that cannot be is now."""
        now = self._now()
        arrived = facts.arrived_at
        return arrived if arrived and arrived <= now and arrived.year >= 2000 else now


def _part_key(head: bytes, facts: Facts) -> str:
    digest = hashlib.sha256(f"{facts.size}:".encode() + head).hexdigest()
    return f"mail-part:{digest}"
