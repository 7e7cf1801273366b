"""Taking a contact in: number, item, clocks, files and what is to be sent, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from gateway.core.item import number as numbers
from gateway.core.item.channel import Arrival, ChannelRegistry
from gateway.core.item.contact import Channel, Contact, Evidence, Receipt
from gateway.core.item.item import Attachment, Happened, ItemState
from gateway.errors import BadContact, FieldFault, KeyReused, StorageDown
from gateway.intake.clocks import Clocks
from gateway.intake.faults import faults
from gateway.intake.fingerprint import fingerprint, fingerprint_before
from gateway.intake.item_changes import ItemChanges
from gateway.storage import Transaction as Transaction

MOST_DAYS = 31  # days ahead in which a number is looked for

Beside = Callable[[Transaction, str], None]
"""Writes what a channel keeps of its own beside the item of this number."""


class Submission:
    """Contacts of the registered `channels`; `chance` gives 64 random bits for a query code."""

    def __init__(
        self, changes: ItemChanges, clocks: Clocks, channels: ChannelRegistry, chance: Callable[[], int]
    ) -> None:
        self._changes = changes
        self._items = changes.items
        self._files = changes.storage.files
        self._clocks = clocks
        self._channels = channels
        self._chance = chance

    async def submit(self, contact: Contact, beside: Beside | None = None) -> Receipt:
        """Take a contact in. Raises BadContact, KeyReused, StorageDown; then nothing is kept.

        `beside` writes what the channel keeps of it, in the same transaction; not for a known key.
        """
        machine = self._comes_by_machine(contact)
        wrong = tuple(faults(contact, machine=machine))
        if wrong:
            raise BadContact(*wrong)
        kept = await self._keep_or_known(contact, machine)
        mark = fingerprint(contact, kept, machine=machine)
        if contact.received_at.microsecond % 1000 or contact.received_at.tzinfo is not UTC:
            contact = replace(contact, received_at=_to_milliseconds(contact.received_at))
        code = numbers.query_code(self._chance())
        try:
            receipt = await self._changes.write(lambda t: self._take_in(t, contact, kept, mark, code, beside))
        except _ComeBefore:
            marks = (mark, fingerprint_before(contact, kept))
            return await self._changes.read(lambda t: self._again(t, contact.key, marks))
        self._changes.tell("new", receipt.number)
        return receipt

    def _comes_by_machine(self, contact: Contact) -> bool:
        """Raises BadContact for a channel that is not registered."""
        channel = self._channels.get(contact.channel)
        if channel is None:
            raise BadContact(FieldFault("channel", "没有这个渠道", "is not registered"))
        return channel.arrival is Arrival.MACHINE

    async def _keep_or_known(self, contact: Contact, machine: bool) -> list[Attachment]:
        """The files of a contact, kept. Raises StorageDown."""
        try:
            return await self.keep(contact.evidence)
        except StorageDown:
            if not machine or not await self.known(contact.key):
                raise
            return []  # it came before, and its files have been cleared away since

    def _take_in(
        self,
        t: Transaction,
        contact: Contact,
        kept: Sequence[Attachment],
        mark: str,
        code: str,
        beside: Beside | None,
    ) -> Receipt:
        """A number and all that belongs to it. Raises _ComeBefore, so that no serial is used up."""
        day = self._clocks.day(contact.received_at)
        clocks = self._clocks.of_day(contact.kind, day)
        number = self._next_number(t, day, contact.channel)
        if not self._items.claim_key(t, contact, mark, number):
            raise _ComeBefore
        self._items.add(t, number, code, contact, kept, clocks)
        now = self._changes.now()
        entry = Happened(now, "received", contact.channel.value, contact.task.value)
        self._items.happened(t, number, entry)
        self._items.post(t, "item.new", number, "{}", now)
        if beside:
            beside(t, number)
        return Receipt(number, code, contact.received_at, ItemState.RECEIVED.value, clocks)

    def _next_number(self, t: Transaction, day: date, channel: Channel) -> str:
        """The next number of the day, of a full day the next one's; the time of receipt stays as it is.

        The last serials of each day are kept for live channels: whatever fills up a day from outside, a
        caller and who comes to the counter still get its numbers. Raises StorageDown when MOST_DAYS are full.
        """
        most = numbers.LAST_SERIAL - (0 if self._channels[channel].live else numbers.RESERVE)
        for ahead in range(MOST_DAYS):
            of = day + timedelta(days=ahead)
            serial = self._items.next_serial(t, of, most)
            if serial is not None:
                return numbers.make(of, serial)
        raise StorageDown(f"all numbers of {day} and the days after it are given")

    async def numbers_given(self) -> tuple[int, int]:
        """How many numbers of today are given, and how many there are. Raises StorageDown."""
        today = self._clocks.day(self._changes.now())
        given = await self._changes.read(lambda t: self._items.last_serial(t, today))
        return given, numbers.LAST_SERIAL

    async def known(self, key: str) -> bool:
        """Has a contact with this key been taken in? Raises StorageDown."""
        return await self._changes.read(lambda t: self._items.known(t, key)) is not None

    def _again(self, t: Transaction, key: str, marks: Collection[str]) -> Receipt:
        """The receipt of what came before with this key. Raises KeyReused."""
        before = self._items.known(t, key)
        assert before, "it was written, or its writer would not have been in the way"
        mark, number = before
        if mark not in marks:
            raise KeyReused
        item = self._items.item(t, number)
        assert item, "contact and item are one transaction"
        code = self._items.code_of(t, number)
        received = ItemState.RECEIVED.value  # the receipt is what it was; /track tells how it stands
        return Receipt(number, code, item.received_at, received, item.due, repeated=True)

    async def keep(self, evidence: tuple[Evidence, ...]) -> list[Attachment]:
        """The files, safe on the disk before anything names them. Raises StorageDown."""
        kept = []
        for file in evidence:
            stored = await asyncio.to_thread(self._files.put, Path(file.path))
            kept.append(Attachment(stored.sha256, file.name, file.media_type, file.role, stored.size))
        return kept


class _ComeBefore(Exception):
    """The key was there: what was begun is taken back."""


def _to_milliseconds(at: datetime) -> datetime:
    """A time as exact as it is kept."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
