"""THE DOOR: whatever arrives on any channel comes through `submit`, and is numbered, kept and queued.

One transaction holds the contact as it came, the item, its clocks, its first line of the timeline and
what is to be sent because of it. The same key gives the same receipt, whenever and however often.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from gateway.core.item import number as numbers
from gateway.core.item.channel import Arrival
from gateway.core.item.contact import Channel, Contact, Due, Evidence, Kind, Person, Receipt, Task
from gateway.core.item.deadlines import Rules, day_of
from gateway.core.item.item import Attachment, Happened, Item, ItemDetail, ItemState, PublicState, QueueQuery
from gateway.core.item.matter import LinkKind
from gateway.core.item.revision import Revision, beside_text, differences, facts, merged, said_beside, secret
from gateway.core.item.states import (
    RESPONDENT_NAMES,
    TERMINAL,
    Event,
    claimed,
    held,
    move,
    refuse_if_held_by_other,
    renewed,
)
from gateway.errors import BadContact, Conflict, FieldFault, KeyReused, StorageDown
from gateway.storage import Storage
from gateway.storage import Transaction as Transaction

log = logging.getLogger(__name__)

LEASE_SECONDS = 900.0
FREE_TRIES = 3  # wrong numbers or codes in WINDOW that cost no delay
FIRST_DELAY = 0.5  # seconds before the answer after one more wrong try; doubled with each
LONGEST_DELAY = 8.0  # seconds, for an asker who tried wrong codes himself
LONGEST_DELAY_OF_ITEM = 4.0  # seconds, when others tried wrong codes of this item
WINDOW = timedelta(minutes=15)
GUESSED_AT = 100  # wrong tries at one item in GUESSED_WINDOW: then its code opens the state only
GUESSED_WINDOW = timedelta(days=1)
RECOUNTED = 200  # items in one transaction of a recount
MOST_DAYS = 31  # days ahead in which a number is looked for
# What a scan said of a file is not part of what the person sent: it may differ at the second try.
_ROLE = {"quarantined": "evidence", "unchecked": "evidence"}

Changed = Callable[[str, str], None]
Beside = Callable[[Transaction, str], None]
"""Writes what a channel keeps of its own beside the item of this number."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What an agent found an unsorted item to be."""

    kind: Kind
    person: Person | None = None
    content: str = ""


def what_changed(word: str, **facts: str) -> str:
    """The payload of an item.changed: the word of the event, and what may be told of it."""
    return json.dumps({"what": word, **facts}, ensure_ascii=False)


class Intake:
    """The door of one installation."""

    def __init__(
        self,
        storage: Storage,
        rules: Rules,
        zone: ZoneInfo,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], int] = lambda: secrets.randbits(64),
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._storage = storage
        self._database = storage.database
        self._items = storage.items
        self._rules = rules
        self._clocks = lru_cache(1000)(lambda kind, day: in_order(rules.due(kind, day)))
        self._zone = zone
        self._now = now
        self._chance = chance
        self._pause = pause
        self._listeners: list[Changed] = []

    def on_change(self, changed: Changed) -> Callable[[], None]:
        """Call `changed(what, number)` after each commit: new, changed. Returns what ends it."""
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    def changed(self, number: str) -> None:
        """Tell whoever listens that an item was changed by another ledger."""
        self._tell("changed", number)

    def _tell(self, what: str, number: str) -> None:
        """Whoever listens and fails does not undo what is committed."""
        for changed in tuple(self._listeners):
            try:
                changed(what, number)
            except Exception:
                log.exception("a listener failed at %s", what)

    # ------------------------------------------------------------ taking in

    async def submit(self, contact: Contact, beside: Beside | None = None) -> Receipt:
        """Take a contact in. Raises BadContact, KeyReused, StorageDown; then nothing is kept.

        `beside` writes what the channel keeps of it, in the same transaction; not for a known key.
        """
        channel = self._rules.channels.get(contact.channel)
        if channel is None:
            raise BadContact(FieldFault("channel", "没有这个渠道", "is not registered"))
        machine = channel.arrival is Arrival.MACHINE
        wrong = tuple(faults(contact, machine=machine))
        if wrong:
            raise BadContact(*wrong)
        try:
            kept = await self._keep(contact.evidence)
        except StorageDown:
            if not machine or not await self.known(contact.key):
                raise
            kept = []  # it came before, and its files have been cleared away since
        mark = fingerprint(contact, kept, machine=machine)
        if contact.received_at.microsecond % 1000 or contact.received_at.tzinfo is not UTC:
            contact = replace(contact, received_at=_as_kept(contact.received_at))
        code = numbers.query_code(self._chance())
        try:
            receipt = await self._database.write(
                lambda t: self._take_in(t, contact, kept, mark, code, beside)
            )
        except _ComeBefore:
            marks = (mark, fingerprint_before(contact, kept))
            return await self._database.read(lambda t: self._again(t, contact.key, marks))
        self._tell("new", receipt.number)
        return receipt

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
        day = day_of(contact.received_at, self._zone)
        clocks = self._clocks(contact.kind, day)
        number = self._next_number(t, day, contact.channel)
        if not self._items.claim_key(t, contact, mark, number):
            raise _ComeBefore
        self._items.add(t, number, code, contact, kept, clocks)
        now = self._now()
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
        most = numbers.LAST_SERIAL - (0 if self._rules.channels[channel].live else numbers.RESERVE)
        for ahead in range(MOST_DAYS):
            of = day + timedelta(days=ahead)
            if self._items.last_serial(t, of) < most:
                serial = self._items.next_serial(t, of)
                if serial <= numbers.LAST_SERIAL:
                    return numbers.make(of, serial)
        raise StorageDown(f"all numbers of {day} and the days after it are given")

    async def numbers_given(self) -> tuple[int, int]:
        """How many numbers of today are given, and how many there are. Raises StorageDown."""
        today = day_of(self._now(), self._zone)
        given = await self._database.read(lambda t: self._items.last_serial(t, today))
        return given, numbers.LAST_SERIAL

    async def known(self, key: str) -> bool:
        """Has a contact with this key been taken in? Raises StorageDown."""
        return await self._database.read(lambda t: self._items.known(t, key)) is not None

    def _again(self, t: Transaction, key: str, marks: Collection[str]) -> Receipt:
        """The receipt of what came before with this key. Raises KeyReused."""
        before = self._items.known(t, key)
        assert before, "it was written, or its writer would not have been in the way"
        known, number = before
        if known not in marks:
            raise KeyReused
        item = self._items.item(t, number)
        assert item, "contact and item are one transaction"
        code = self._items.code_of(t, number)
        received = ItemState.RECEIVED.value  # the receipt is what it was; /track tells how it stands
        return Receipt(number, code, item.received_at, received, item.due, repeated=True)

    async def _keep(self, evidence: tuple[Evidence, ...]) -> list[Attachment]:
        """The files, safe on the disk before anything names them."""
        kept = []
        for one in evidence:
            stored = await asyncio.to_thread(self._storage.files.put, Path(one.path))
            kept.append(Attachment(stored.sha256, one.name, one.media_type, one.role, stored.size))
        return kept

    async def append(
        self,
        number: str,
        key: str,
        text: str,
        evidence: tuple[Evidence, ...],
        who: str,
        beside: Beside | None = None,
        said: Contact | None = None,
    ) -> bool:
        """A follow-up on an item: a later mail, more evidence. False when this key was there already.

        Whatever state the item is in, it has an addition to be read from then on. `said` is who wrote and all
        else that was filled in: it is kept sealed beside the item, and of a report the timeline tells nothing
        of the person. `beside` as at `submit`. Raises NotFound, StorageDown.
        """
        kept = await self._keep(evidence)

        def appended(t: Transaction) -> bool:
            item = self._items.locked(t, number)
            now = self._now()
            changes = said_beside(item, self._items.person_of(t, item), said) if said else {}
            words = beside_text(item, said, text, changes) if said else text
            by = said.channel.value if said and secret(item) else who
            if not self._items.happened(t, number, Happened(now, "follow_up", by, words), key):
                return False
            self._storage.revisions.add(t, number, Revision(now, by, "follow_up", changes))
            self._items.added(t, item, now)
            if kept:
                self._items.attach(t, number, kept)
                self._items.change(t, number, attachments=item.attachments + len(kept))
            self._items.post(t, "item.changed", number, what_changed("follow_up"), now)
            if beside:
                beside(t, number)
            return True

        new = await self._database.write(appended)
        if new:
            self._tell("changed", number)
        return new

    async def note(self, number: str, what: str, who: str, text: str = "", key: str = "") -> None:
        """A line of the timeline, with a key only once. Raises NotFound."""

        def noted(t: Transaction) -> None:
            self._items.locked(t, number)
            self._items.happened(t, number, Happened(self._now(), what, who, text), key or None)

        await self._database.write(noted)
        self._tell("changed", number)

    async def read_addition(self, number: str, who: str, text: str = "") -> ItemDetail:
        """What was added has been read; a word on it stands in the timeline. Raises NotFound, Conflict."""

        def seen(t: Transaction) -> ItemDetail:
            item = self._items.locked(t, number)
            now = self._now()
            refuse_if_held_by_other(item.lease, who, now)
            if item.added_at is None:
                raise Conflict("没有未读的补充 / nothing was added that is not read")
            self._items.change(t, number, added_at=None)
            self._items.happened(t, number, Happened(now, "addition_read", who, text))
            return self._detail(t, number)

        return self._told(await self._database.write(seen))

    # ------------------------------------------------------------ working the queue

    async def claim(
        self, who: str, query: QueueQuery, number: str = "", seconds: float = LEASE_SECONDS
    ) -> ItemDetail | None:
        """The oldest free item that fits, or this one, with a lease; None when nothing fits.

        Raises NotFound, BadContact for an unknown channel, and Conflict when the one asked for is somebody
        else's.
        """
        self._check_channel(query)

        def taken(t: Transaction) -> ItemDetail | None:
            now = self._now()
            item = self._items.locked(t, number) if number else self._items.next_free(t, query, now)
            if item is None:
                return None
            lease = claimed(item.lease, who, now, seconds)
            item = self._items.claim(t, item, move(item.state, Event.CLAIM), lease)
            self._items.happened(t, item.number, Happened(now, "claim", who))
            return self._whole(t, item)

        detail = await self._database.write(taken)
        if detail:
            self._tell("changed", detail.item.number)
        return detail

    async def renew(self, number: str, who: str, seconds: float = LEASE_SECONDS) -> ItemDetail:
        """Keep a claimed item longer. Raises NotFound, Conflict."""

        def longer(t: Transaction) -> ItemDetail:
            lease = renewed(self._items.locked(t, number).lease, who, self._now(), seconds)
            self._items.set_lease(t, number, lease)
            return self._detail(t, number)

        return await self._database.write(longer)

    async def release(self, number: str, who: str, text: str = "") -> ItemDetail:
        """Give a claimed item back to the queue. Raises NotFound, Conflict."""
        return await self.happen(number, who, Event.RELEASE, text)

    async def complete(self, number: str, who: str, text: str = "") -> ItemDetail:
        """The matter is closed. Raises NotFound, Conflict."""
        return await self.happen(number, who, Event.COMPLETE, text)

    async def happen(self, number: str, who: str, event: Event, text: str = "") -> ItemDetail:
        """An event of the table, by whoever holds the item. Raises NotFound, Conflict."""

        def moved(t: Transaction) -> ItemDetail:
            item = self._items.locked(t, number)
            held(item.lease, who)
            now = self._now()
            self._items.set_state(t, number, move(item.state, event))
            if event in (Event.RELEASE, Event.COMPLETE):
                self._items.set_lease(t, number, None)
            self._items.happened(t, number, Happened(now, event.value, who, text))
            self._items.post(t, "item.changed", number, what_changed(event.value), now)
            return self._detail(t, number)

        return self._told(await self._database.write(moved))

    async def merge(self, number: str, into: str, who: str, text: str = "") -> ItemDetail:
        """One matter that came twice: this item goes into another. Raises NotFound, Conflict."""
        if number == into:
            raise Conflict("不能与自己合并 / an item cannot be merged into itself")

        def joined(t: Transaction) -> ItemDetail:
            both = {one: self._items.locked(t, one) for one in sorted((number, into))}
            item, other = both[number], both[into]
            if other.merged_into:
                raise Conflict(f"{into} 已合并到 {other.merged_into} / is itself merged")
            now = self._now()
            refuse_if_held_by_other(item.lease, who, now)
            state = move(item.state, Event.MERGE)
            self._items.set_state(t, number, state)
            self._items.change(t, number, merged_into=into)
            self._items.set_lease(t, number, None)
            self._items.happened(t, number, Happened(now, "merge", who, f"{into} {text}".strip()))
            self._items.happened(t, into, Happened(now, "merged_here", who, number))
            self._items.post(t, "item.changed", number, "{}", now)
            return self._detail(t, number)

        return self._told(await self._database.write(joined))

    async def unmerge(self, number: str, who: str, text: str) -> ItemDetail:
        """Undo a merge. Raises NotFound, Conflict."""

        def parted(t: Transaction) -> ItemDetail:
            item = self._items.locked(t, number)
            now = self._now()
            state = move(item.state, Event.UNMERGE)
            self._items.set_state(t, number, state)
            self._items.change(t, number, merged_into="")
            self._items.happened(t, number, Happened(now, "unmerge", who, text))
            self._items.happened(t, item.merged_into, Happened(now, "unmerged_here", who, number))
            self._items.post(t, "item.changed", number, "{}", now)
            return self._detail(t, number)

        return self._told(await self._database.write(parted))

    async def sort(self, number: str, found: Sorted, who: str) -> ItemDetail:
        """Say what an unsorted item is; its clocks run from the day it was received.

        Raises NotFound, Conflict.
        """

        def sorted_(t: Transaction) -> ItemDetail:
            item = self._items.locked(t, number)
            held(item.lease, who)
            now = self._now()
            known = self._items.person_of(t, item)
            person = _known_and_given(known, found.person)
            after = replace(item, kind=found.kind, content=found.content or item.content)
            changes = differences(facts(item, known), facts(after, person))
            self._storage.revisions.add(t, number, Revision(now, who, "sorted", changes))
            self._items.change(t, number, kind=after.kind.value, content=after.content)
            self._items.set_person(t, number, found.kind, person)
            self._items.replace_dues(t, number, self._running(t, item, found.kind))
            self._items.happened(t, number, Happened(now, "sorted", who, found.kind.value))
            self._items.post(t, "item.changed", number, "{}", now)
            return self._detail(t, number)

        return self._told(await self._database.write(sorted_))

    async def write_up(self, contact: Contact, who: str) -> Receipt:
        """An agent's words as the item of a key, whether or not the call has made that item already.

        Then what he wrote stands in it, as its kind, and nothing is owed any more; its clocks run from
        the day of receipt. The talk was his own, so no lease is needed while nobody else has one.
        Raises BadContact, Conflict when somebody else holds it, StorageDown.
        """
        receipt = await self.submit(contact)
        if not receipt.repeated:
            return receipt
        number = receipt.number

        def written(t: Transaction) -> Receipt:
            item = self._items.locked(t, number)
            refuse_if_held_by_other(item.lease, who, self._now())
            self._write(t, item, contact, who)
            return replace(receipt, due=self._items.dues_of(t, number))

        made = await self._database.write(written)
        self._tell("changed", number)
        return made

    async def fill_in(
        self, number: str, contact: Contact, who: str, blank: Collection[str] = ()
    ) -> ItemDetail:
        """An agent's words in an item that came by itself and that he holds: a fax, a mail, a message.

        What is given is merged in, `blank` names fields to be emptied; core/revision.py has the rules. A call
        back that is owed stays owed. Raises BadContact, NotFound, Conflict without a lease, StorageDown.
        """

        def filled(t: Transaction) -> ItemDetail:
            item = self._items.locked(t, number)
            held(item.lease, who)
            owed = Task.NONE if item.task is Task.UNREADABLE else item.task
            self._write(t, item, replace(contact, task=owed), who, blank)
            return self._detail(t, number)

        return self._told(await self._database.write(filled))

    def _write(
        self, t: Transaction, item: Item, given: Contact, who: str, blank: Collection[str] = ()
    ) -> None:
        """What a person wrote is merged into the item, as its kind, and the earlier version kept.

        Its clocks run from the day of receipt.
        """
        number, now = item.number, self._now()
        if item.state in TERMINAL:
            raise Conflict("该件已结束 / this item is closed")
        known = self._items.person_of(t, item)
        contact = merged(item, known, given, blank)
        if wrong := tuple(faults(replace(contact, task=Task.NONE))):
            raise BadContact(*wrong)
        changes = differences(facts(item, known), facts(contact, contact.person))
        self._storage.revisions.add(t, number, Revision(now, who, "written_up", changes))
        self._items.rewrite(t, number, contact)
        if contact.kind is not item.kind:
            self._items.replace_dues(t, number, self._running(t, item, contact.kind))
        self._items.happened(t, number, Happened(now, "written_up", who, contact.kind.value))
        self._items.post(t, "item.changed", number, "{}", now)

    async def tie(self, number: str, other: str, kind: LinkKind, who: str) -> None:
        """Link two items that came as one. Twice is once. Raises NotFound, StorageDown."""

        def tied(t: Transaction) -> None:
            for one in sorted((number, other)):
                self._items.locked(t, one)
            now = self._now()
            if self._storage.links.link(t, number, other, kind, who, "", now):
                self._items.happened(t, number, Happened(now, kind.value, who, other))
                self._items.happened(t, other, Happened(now, kind.value, who, number))

        await self._database.write(tied)
        self._tell("changed", number)

    def _told(self, detail: ItemDetail) -> ItemDetail:
        self._tell("changed", detail.item.number)
        return detail

    def _detail(self, t: Transaction, number: str) -> ItemDetail:
        return self._whole(t, self._items.there(t, number))

    def _whole(self, t: Transaction, item: Item) -> ItemDetail:
        files = self._items.attachments_of(t, item.number) if item.attachments else ()
        return ItemDetail(item, self._items.past_of(t, item.number), files)

    # ------------------------------------------------------------ clocks

    async def recount(self) -> int:
        """Count provisional clocks anew, by the calendar that is loaded now; how many items changed.

        Done at every start: the calendar of a new year comes with a new file under rules/.
        """
        changed, after = 0, ""
        while True:
            page = await self._database.read(lambda t: self._items.guessed(t, after, RECOUNTED))  # noqa: B023
            if not page:
                return changed
            for number in await self._database.write(lambda t: self._recounted(t, page)):  # noqa: B023
                changed += 1
                self._tell("changed", number)
            after = page[-1]

    def _running(self, t: Transaction, item: Item, kind: Kind) -> tuple[Due, ...]:
        """The clocks of a kind from this item's day of receipt on, and from what has happened to it."""
        received = day_of(item.received_at, self._zone)
        days = self._storage.links.days_of(t, item.number)
        return in_order(self._rules.running(kind, received, days)) if days else self._clocks(kind, received)

    def _recounted(self, t: Transaction, page: Sequence[str]) -> list[str]:
        return [number for number in page if self._recount_one(t, self._items.locked(t, number))]

    def _recount_one(self, t: Transaction, item: Item) -> bool:
        """Only provisional clocks move; whatever else stands on the item stays. False when none did."""
        if item.state in TERMINAL:
            return False
        fresh = {due.clock: due for due in self._running(t, item, item.kind)}
        clocks = tuple(fresh.get(due.clock, due) if due.provisional else due for due in item.due)
        if clocks == item.due:
            return False
        self._items.replace_dues(t, item.number, clocks)
        now = self._now()
        moved = [f"{new.clock} {new.on}" for new, old in zip(clocks, item.due, strict=True) if new != old]
        self._items.happened(t, item.number, Happened(now, "recounted", "system", ", ".join(moved)))
        self._items.post(t, "item.changed", item.number, "{}", now)
        return True

    # ------------------------------------------------------------ looking

    async def revisions(self, number: str) -> tuple[Item, tuple[Revision, ...]]:
        """An item and every earlier version of what it says. Raises NotFound, StorageDown."""
        return await self._database.read(
            lambda t: (self._items.there(t, number), self._storage.revisions.of_item(t, number))
        )

    async def get(self, number: str) -> ItemDetail:
        """One item with all that belongs to it. Raises NotFound."""
        return await self._database.read(lambda t: self._detail(t, number))

    async def phone_of(self, number: str) -> str:
        """Whom to call about an item, a reporter too; to be dialled, not shown. Raises NotFound."""
        return await self._database.read(
            lambda t: self._items.person_of(t, self._items.there(t, number)).phone
        )

    def _check_channel(self, query: QueueQuery) -> None:
        if query.channel and query.channel not in self._rules.channels:
            ids = ", ".join(self._rules.channels.ids)
            raise BadContact(FieldFault("channel", f"应为以下之一：{ids}", f"is one of: {ids}"))

    async def page(self, query: QueueQuery) -> list[ItemDetail]:
        """Items in order of arrival with their attachments, without their timelines.

        Raises BadContact for an unknown channel, StorageDown.
        """
        self._check_channel(query)

        def found(t: Transaction) -> list[ItemDetail]:
            items = self._items.page(t, query)
            files = self._items.attachments_by_item(t, [item.number for item in items if item.attachments])
            return [ItemDetail(item, (), files.get(item.number, ())) for item in items]

        return await self._database.read(found)

    async def public_state(self, number: str, code: str, asker: str, phone: str = "") -> PublicState | None:
        """What anybody with number and code may know; None when either is wrong. Raises StorageDown.

        The answer comes the later, the more wrong tries this asker and this item have had in WINDOW. A
        right code is answered with the same delay, never refused: nobody can shut an owner out by wrong
        tries, and how fast an answer comes tells nothing. `phone`, whole or its last four digits, is the
        second fact that a short code needs; so does any code of an item at which very many have guessed.
        """
        plain = numbers.normal(number)
        askers = (f"who:{asker}"[:80], f"item:{plain}")

        def looked_up(t: Transaction) -> tuple[PublicState | None, float]:
            now = self._now()
            self._items.one_at_a_time(t, askers)
            own, others = (self._items.failures(t, one, now - WINDOW) for one in askers)
            guessed = self._items.failures(t, askers[1], now - GUESSED_WINDOW) >= GUESSED_AT
            state, fits = self._opened(t, plain, code, phone, guessed)
            if not fits:
                self._items.failed(t, askers, now, now - GUESSED_WINDOW)
            return state, delay_of(own, others)

        state, delay = await self._database.write(looked_up)
        if delay:
            await self._pause(delay)
        return state

    def _opened(
        self, t: Transaction, number: str, code: str, phone: str, guessed: bool
    ) -> tuple[PublicState | None, bool]:
        """What this code and this telephone number open, and whether what was given was right."""
        item = self._items.item(t, number) if numbers.valid(number) else None
        known = self._items.code_of(t, number) if item else ""
        if item is None or not hmac.compare_digest(known.encode(), code.encode("utf-8", "replace")):
            return None, False
        whole = PublicState(number, item.state, item.kind, item.received_at, item.due)
        if not (numbers.is_short(known) or guessed):
            return whole, True
        fact = numbers.last_digits(self._items.person_of(t, item).phone)
        if fact and hmac.compare_digest(fact, numbers.last_digits(phone)):
            return whole, True
        return PublicState(number, item.state), not phone


def delay_of(own: int, others: int) -> float:
    """Seconds before an answer, from the recent wrong tries of an asker and at an item."""
    return max(_delay(own, LONGEST_DELAY), _delay(others, LONGEST_DELAY_OF_ITEM))


def _delay(wrong: int, longest: float) -> float:
    over = wrong - FREE_TRIES
    return min(longest, FIRST_DELAY * 2.0 ** min(over, 10)) if over >= 0 else 0.0


def _known_and_given(known: Person, given: Person | None) -> Person:
    """What is not given does not wipe out what is known."""
    if given is None:
        return known
    said = {f.name: value for f in fields(Person) if (value := getattr(given, f.name))}
    return replace(known, **said)


class _ComeBefore(Exception):
    """The key was there: what was begun is taken back."""


def _as_kept(at: datetime) -> datetime:
    """A time as exact as it is kept: to the millisecond."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


def hour_of(at: datetime) -> datetime:
    """The beginning of the hour: the day, which the clocks run from, stays in every zone of whole hours."""
    return at.replace(minute=0, second=0, microsecond=0)


def in_order(clocks: Iterable[Due]) -> tuple[Due, ...]:
    """Clocks as they are shown: the first to end first."""
    return tuple(sorted(clocks, key=lambda due: (due.on, due.clock)))


def fingerprint(contact: Contact, kept: Sequence[Attachment], *, machine: bool) -> str:
    """What tells two contents under one key apart (64 characters, from SHA-256).

    What a `machine` takes in has one content for one key; what a person sends may come twice and differ.
    """
    if machine:
        return hashlib.sha256(contact.key.encode("utf-8", "replace")).hexdigest()
    try:
        said = orjson.dumps(_said(contact, kept), str)
    except TypeError:  # half a character
        return fingerprint_before(contact, kept)
    return f"j{hashlib.sha256(said).hexdigest()[1:]}"


def fingerprint_before(contact: Contact, kept: Sequence[Attachment]) -> str:
    """The same as older gateways made it; what they took in may come again."""
    return hashlib.sha256(repr(_said(contact, kept)).encode()).hexdigest()


def _said(contact: Contact, kept: Sequence[Attachment]) -> tuple[object, ...]:
    c = contact
    return (
        *(c.kind.value, c.task.value, c.person, c.respondent, c.content, c.claims, c.amount, c.occurred_on),
        *(c.county, c.anonymous, c.publish_consent, c.mediation_consent, c.call_id),
        *((c.problem, c.subject) if c.problem or c.subject else ()),  # as before there were any
        *((one.sha256, one.name, _ROLE.get(one.role, one.role)) for one in kept),
    )


def faults(contact: Contact, *, machine: bool = False) -> list[FieldFault]:
    """What is missing for its kind. Of what a `machine` took in, and of a call, no form is required."""
    found = []
    if not contact.key or len(contact.key) > 200:
        found.append(FieldFault("key", "缺少幂等键或过长", "a key of 1 to 200 characters is needed"))
    if contact.received_at.tzinfo is None:
        found.append(FieldFault("received_at", "缺少时区", "the time needs its zone"))
    if contact.task is not Task.NONE or machine:
        return found
    person = contact.person
    if not contact.content.strip():
        found.append(FieldFault("content", "请填写内容", "the content is missing"))
    if contact.kind is Kind.COMPLAINT:
        if not person.name.strip():
            found.append(FieldFault("name", "请填写姓名", "a complaint needs the complainant's name"))
        if contact.anonymous:
            found.append(FieldFault("anonymous", "投诉须实名", "a complaint cannot be anonymous"))
    if contact.kind in (Kind.COMPLAINT, Kind.REPORT) and not contact.respondent.name.strip():
        found.append(
            FieldFault("respondent_name", f"请填写{RESPONDENT_NAMES[contact.kind]}", "whom is it about?")
        )
    reachable = person.phone.strip() or person.email.strip() or person.address.strip()
    if not contact.anonymous and not reachable:
        found.append(FieldFault("phone", "请填写电话、邮箱或地址", "a phone, e-mail or address is needed"))
    return found
