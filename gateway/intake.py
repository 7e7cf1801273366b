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
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.core import number as numbers
from gateway.core.case import Event, claimed, held, move, renewed
from gateway.core.contact import Channel, Contact, Due, Evidence, Kind, Person, Receipt, Task
from gateway.core.deadlines import Rules, day_of
from gateway.core.item import (
    Attachment,
    Happened,
    Item,
    ItemDetail,
    ItemState,
    PublicState,
    QueueQuery,
)
from gateway.errors import BadContact, Conflict, FieldFault, KeyReused, NotFound, TooMany
from gateway.storage import Storage

log = logging.getLogger(__name__)

LEASE_SECONDS = 900.0
TRIES = 5  # wrong numbers or codes in WINDOW, then TooMany
WINDOW = timedelta(minutes=15)
# What a machine takes in has one content for one key; what a person sends may come twice and differ.
BY_MACHINE = (Channel.PHONE, Channel.EMAIL, Channel.FAX)

Changed = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Sorted:
    """What an agent found an unsorted item to be."""

    kind: Kind
    person: Person | None = None
    content: str = ""


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
    ) -> None:
        self._storage = storage
        self._items = storage.items
        self._rules = rules
        self._zone = zone
        self._now = now
        self._chance = chance
        self._listeners: list[Changed] = []

    def on_change(self, changed: Changed) -> Callable[[], None]:
        """Call `changed(what, number)` after each commit: new, changed. Returns what ends it."""
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    def _tell(self, what: str, number: str) -> None:
        for changed in tuple(self._listeners):
            changed(what, number)

    # ------------------------------------------------------------ taking in

    async def submit(self, contact: Contact) -> Receipt:
        """Take a contact in. Raises BadContact, KeyReused, StorageDown; then nothing is kept."""
        faults = tuple(_faults(contact))
        if faults:
            raise BadContact(*faults)
        kept = await self._keep(contact.evidence)
        mark = fingerprint(contact, kept)
        day = day_of(contact.received_at, self._zone)
        clocks = self._rules.due(contact.kind, day)
        async with self._storage.database.write() as connection:
            before = await self._items.known(connection, contact.key)
            if before is None:
                serial = await self._items.next_serial(connection, day)
                number = numbers.make(day, serial)
                if await self._items.claim_key(connection, contact, mark, number):
                    code = numbers.query_code(self._chance())
                    await self._items.add(connection, number, code, contact, kept, clocks)
                    entry = Happened(self._now(), "received", contact.channel.value, contact.task.value)
                    await self._items.happened(connection, number, entry)
                    await self._items.post(connection, "item.new", number, "{}", self._now())
        if before is None:
            before = await self._of_key(contact.key)
            if before[1] == number:
                self._tell("new", number)
                status = ItemState.RECEIVED.value
                return Receipt(number, code, contact.received_at, status, clocks)
        return await self._again(contact, mark, before)

    async def _of_key(self, key: str) -> tuple[str, str]:
        async with self._storage.database.read() as connection:
            found = await self._items.known(connection, key)
        assert found, "it was written, by us or by who was first"
        return found

    async def _again(self, contact: Contact, mark: str, before: tuple[str, str]) -> Receipt:
        """The receipt of what came before with this key."""
        known, number = before
        if known != mark:
            raise KeyReused
        item = await self._items.item(number)
        assert item, "contact and item are one transaction"
        code = await self._items.code_of(number)
        return Receipt(number, code, item.received_at, item.state.value, item.due, repeated=True)

    async def _keep(self, evidence: tuple[Evidence, ...]) -> list[Attachment]:
        """The files, safe on the disk before anything names them."""
        kept = []
        for one in evidence:
            stored = await asyncio.to_thread(self._storage.files.put, Path(one.path))
            kept.append(Attachment(stored.sha256, one.name, one.media_type, one.role, stored.size))
        return kept

    async def append(
        self, number: str, key: str, text: str, evidence: tuple[Evidence, ...], who: str
    ) -> bool:
        """A follow-up on an item: a later mail, more evidence. False when this key was there already."""
        kept = await self._keep(evidence)
        async with self._storage.database.write() as connection:
            item = await self._locked(connection, number)
            new = await self._items.happened(
                connection, number, Happened(self._now(), "follow_up", who, text), key
            )
            if new and kept:
                await self._items.attach(connection, number, kept)
                await self._items.change(connection, number, attachments=item.attachments + len(kept))
            if new:
                await self._items.post(connection, "item.changed", number, "{}", self._now())
        if new:
            self._tell("changed", number)
        return new

    async def note(self, number: str, what: str, who: str, text: str = "") -> None:
        """A line of the timeline. Raises NotFound."""
        async with self._storage.database.write() as connection:
            await self._locked(connection, number)
            await self._items.happened(connection, number, Happened(self._now(), what, who, text))
        self._tell("changed", number)

    # ------------------------------------------------------------ working the queue

    async def claim(
        self, who: str, query: QueueQuery, number: str = "", seconds: float = LEASE_SECONDS
    ) -> ItemDetail | None:
        """The oldest free item that fits, or this one, with a lease; None when nothing fits.

        Raises NotFound, and Conflict when the one asked for is somebody else's.
        """
        now = self._now()
        async with self._storage.database.write() as connection:
            if number:
                item: Item | None = await self._locked(connection, number)
            else:
                item = await self._items.next_free(connection, query, who, now)
            if item is None:
                return None
            lease = claimed(item.lease, who, now, seconds)
            state = move(item.state, Event.CLAIM)
            await self._items.set_lease(connection, item.number, lease)
            await self._items.change(connection, item.number, state=state.value)
            await self._items.happened(connection, item.number, Happened(now, "claim", who))
        self._tell("changed", item.number)
        return await self.get(item.number)

    async def renew(self, number: str, who: str, seconds: float = LEASE_SECONDS) -> ItemDetail:
        """Keep a claimed item longer. Raises NotFound, Conflict."""
        async with self._storage.database.write() as connection:
            item = await self._locked(connection, number)
            await self._items.set_lease(connection, number, renewed(item.lease, who, self._now(), seconds))
        return await self.get(number)

    async def release(self, number: str, who: str, text: str = "") -> ItemDetail:
        """Give a claimed item back to the queue. Raises NotFound, Conflict."""
        return await self._move(number, who, Event.RELEASE, text)

    async def complete(self, number: str, who: str, text: str = "") -> ItemDetail:
        """The matter is closed. Raises NotFound, Conflict."""
        return await self._move(number, who, Event.COMPLETE, text)

    async def happen(self, number: str, who: str, event: Event, text: str = "") -> ItemDetail:
        """Any other event of the table, by whoever holds the item. Raises NotFound, Conflict."""
        return await self._move(number, who, event, text)

    async def merge(self, number: str, into: str, who: str, text: str = "") -> ItemDetail:
        """One matter that came twice: this item goes into another. Raises NotFound, Conflict."""
        if number == into:
            raise Conflict("不能与自己合并 / an item cannot be merged into itself")
        async with self._storage.database.write() as connection:
            item = await self._locked(connection, number)
            other = await self._locked(connection, into)
            if other.merged_into:
                raise Conflict(f"{into} 已合并到 {other.merged_into} / is itself merged")
            now = self._now()
            await self._items.change(
                connection, number, state=move(item.state, Event.MERGE).value, merged_into=into
            )
            await self._items.set_lease(connection, number, None)
            await self._items.happened(
                connection, number, Happened(now, "merge", who, f"{into} {text}".strip())
            )
            await self._items.happened(connection, into, Happened(now, "merged_here", who, number))
            await self._items.post(connection, "item.changed", number, "{}", now)
        self._tell("changed", number)
        return await self.get(number)

    async def unmerge(self, number: str, who: str, text: str) -> ItemDetail:
        """Undo a merge. Raises NotFound, Conflict."""
        async with self._storage.database.write() as connection:
            item = await self._locked(connection, number)
            state = move(item.state, Event.UNMERGE)
            await self._items.change(connection, number, state=state.value, merged_into="")
            await self._items.happened(connection, number, Happened(self._now(), "unmerge", who, text))
        self._tell("changed", number)
        return await self.get(number)

    async def sort(self, number: str, found: Sorted, who: str) -> ItemDetail:
        """Say what an unsorted item is; its clocks run from the day it was received. Raises Conflict."""
        async with self._storage.database.write() as connection:
            item = await self._locked(connection, number)
            held(item.lease, who)
            values: dict[str, object] = {"kind": found.kind.value}
            if found.content:
                values["content"] = found.content
            if found.person:
                values["person_name"] = found.person.name
                values["person_phone"] = found.person.phone
            await self._items.change(connection, number, **values)
            clocks = self._rules.due(found.kind, day_of(item.received_at, self._zone))
            await self._items.replace_dues(connection, number, clocks)
            entry = Happened(self._now(), "sorted", who, found.kind.value)
            await self._items.happened(connection, number, entry)
        self._tell("changed", number)
        return await self.get(number)

    async def _move(self, number: str, who: str, event: Event, text: str) -> ItemDetail:
        async with self._storage.database.write() as connection:
            item = await self._locked(connection, number)
            held(item.lease, who)
            state = move(item.state, event)
            await self._items.change(connection, number, state=state.value)
            if event in (Event.RELEASE, Event.COMPLETE):
                await self._items.set_lease(connection, number, None)
            await self._items.happened(connection, number, Happened(self._now(), event.value, who, text))
            await self._items.post(connection, "item.changed", number, "{}", self._now())
        self._tell("changed", number)
        return await self.get(number)

    async def _locked(self, connection: object, number: str) -> Item:
        item = await self._items.locked(connection, number)  # type: ignore[arg-type]
        if item is None:
            raise NotFound(f"no item {number}")
        return item

    # ------------------------------------------------------------ looking

    async def get(self, number: str) -> ItemDetail:
        """One item with all that belongs to it. Raises NotFound."""
        detail = await self._items.detail(number)
        if detail is None:
            raise NotFound(f"no item {number}")
        return detail

    async def page(self, query: QueueQuery) -> list[ItemDetail]:
        """Items in order of arrival with their attachments, without their timelines."""
        found = await self._items.page(query)
        files = await self._items.attachments_of([item.number for item in found if item.attachments])
        return [ItemDetail(item, (), files.get(item.number, ())) for item in found]

    async def public_state(self, number: str, code: str, asker: str) -> PublicState | None:
        """What anybody with number and code may know; None when either is wrong.

        Counts wrong attempts of this asker and at this number: over TRIES in WINDOW, TooMany.
        """
        now = self._now()
        plain = numbers.normal(number)
        askers = (f"who:{asker}"[:80], f"item:{plain}"[:80])
        for one in askers:
            if await self._items.failures(one, now - WINDOW) >= TRIES:
                raise TooMany
        known = await self._items.code_of(plain) if numbers.valid(plain) else ""
        if not known or not hmac.compare_digest(known.encode(), code.encode()):
            await self._items.failed(askers, now, now - 4 * WINDOW)
            return None
        item = await self._items.item(plain)
        assert item
        return PublicState(plain, item.state, item.kind, item.received_at, item.due)


def fingerprint(contact: Contact, kept: list[Attachment]) -> str:
    """What tells two contents under one key apart (SHA-256, hex)."""
    if contact.channel in BY_MACHINE:
        return hashlib.sha256(contact.key.encode()).hexdigest()
    plain = replace(contact, evidence=(), raw=b"", received_at=datetime.min.replace(tzinfo=UTC))
    return hashlib.sha256(
        json.dumps([repr(plain), [(a.sha256, a.name, a.role) for a in kept]]).encode()
    ).hexdigest()


def _faults(contact: Contact) -> list[FieldFault]:
    """What is missing for its kind. A call's item owes an agent's work, no form."""
    found = []
    if not contact.key or len(contact.key) > 200:
        found.append(FieldFault("key", "缺少幂等键或过长", "a key of 1 to 200 characters is needed"))
    if contact.received_at.tzinfo is None:
        found.append(FieldFault("received_at", "缺少时区", "the time needs its zone"))
    if contact.task is not Task.NONE or contact.channel in BY_MACHINE:
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
        found.append(FieldFault("respondent_name", "请填写被反映单位", "whom is it about?"))
    reachable = person.phone.strip() or person.email.strip() or person.address.strip()
    if not contact.anonymous and not reachable:
        found.append(FieldFault("phone", "请填写电话、邮箱或地址", "a phone, e-mail or address is needed"))
    return found


def next_due(due: tuple[Due, ...]) -> Due | None:
    """The clock that ends first."""
    return min(due, key=lambda one: one.on, default=None)
