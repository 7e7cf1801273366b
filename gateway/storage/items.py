"""Items and all that belongs to them, as the database holds them. Decides nothing: intake does.

Everything here is part of the transaction that is handed in; only the two views at the end have
their own. Statements are made once: to build one takes several times as long as to run it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.core.item.contact import Contact, Due, Kind, Person
from gateway.core.item.item import Attachment, Happened, Item, ItemState, Lease, QueueQuery
from gateway.errors import NotFound
from gateway.storage import queue_query, rows, running_clocks
from gateway.storage.audit import Audit
from gateway.storage.database import Database, Transaction
from gateway.storage.identities import Identities
from gateway.storage.prepared import Prepared
from gateway.storage.search_index import SEARCHED, SearchIndex
from gateway.storage.tables import (
    attachments,
    contacts,
    dues,
    fax_pages,
    items,
    lookups,
    outbox,
    serials,
    timeline,
)

KNOWN = select(contacts.c.fingerprint, contacts.c.number).where(contacts.c.key == bindparam("key"))
KEYED = select(timeline.c.number, timeline.c.text).where(timeline.c.key == bindparam("key"))
ADD = Prepared(insert(items), names_columns=True)
ATTACH = Prepared(insert(attachments), names_columns=True)
ADD_DUES = Prepared(insert(dues), names_columns=True)
DROP_DUES = Prepared(delete(dues).where(dues.c.number == bindparam("of")))
POST = Prepared(insert(outbox), names_columns=True)
RECALL = Prepared(
    delete(outbox).where(outbox.c.number == bindparam("of"), outbox.c.made_at > bindparam("since"))
)
CHANGE = update(items).where(items.c.number == bindparam("of"))
SET_STATE = Prepared(CHANGE.values(state=bindparam("to")))
SET_LEASE = Prepared(CHANGE.values(lease_holder=bindparam("holder"), lease_until=bindparam("until")))
CLAIM = Prepared(
    CHANGE.values(state=bindparam("to"), lease_holder=bindparam("holder"), lease_until=bindparam("until"))
)
ITEM = select(items).where(items.c.number == bindparam("number"))
LOCKED = ITEM.with_for_update()
ALL_LOCKED = (
    select(items)
    .where(items.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(items.c.number)  # locked in one fixed order: two transactions cannot deadlock
    .with_for_update()
)
LAST = Prepared(select(serials.c.last).where(serials.c.day == bindparam("day")))
CODE = Prepared(select(items.c.query_code).where(items.c.number == bindparam("number")))
DUES = select(dues).where(dues.c.number == bindparam("number")).order_by(dues.c.on, dues.c.clock)
ALL_DUES = (
    select(dues)
    .where(dues.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(dues.c.on, dues.c.clock)
)
PAST = select(timeline).where(timeline.c.number == bindparam("number")).order_by(timeline.c.id)
FILES = select(attachments).where(attachments.c.number == bindparam("number")).order_by(attachments.c.id)
RUNNING = (
    select(dues.c.number)
    .where(text("running"), dues.c.number > bindparam("after"))
    .distinct()
    .order_by(dues.c.number)
    .limit(bindparam("limit"))
)
FAILURES = Prepared(
    select(func.count())
    .select_from(lookups)
    .where(lookups.c.asker == bindparam("asker"), lookups.c.at >= bindparam("since"))
)
FORGET = Prepared(delete(lookups).where(lookups.c.at < bindparam("before")))
FAILED = Prepared(insert(lookups), names_columns=True)
# Guesses of one asker are counted one after another: at once, each would see too few earlier ones.
ALONE = text("select pg_advisory_xact_lock(hashtext(:asker))")
COUNTS = select(items.c.state, items.c.channel, func.count()).group_by(items.c.state, items.c.channel)
NAMED = union(select(attachments.c.sha256), select(fax_pages.c.sha256))
Follower = Callable[[Transaction, str], None]


class Items:
    """The items of one database. `followers` are called after each change of an item's state or clocks,
    within its transaction: what is kept beside an item goes with it."""

    def __init__(self, database: Database, audit: Audit, identities: Identities, index: SearchIndex) -> None:
        self._database = database
        self._index = index
        self._audit = audit
        self._identities = identities
        self.followers: list[Follower] = []
        self._dialect = "sqlite" if database.sqlite else "postgresql"
        insert = sqlite_insert if database.sqlite else postgres_insert
        self._count = Prepared(
            insert(serials)
            .values(day=bindparam("day"), last=1)
            .on_conflict_do_update(
                index_elements=["day"],
                set_={"last": serials.c.last + 1},
                where=serials.c.last < bindparam("most"),
            )
            .returning(serials.c.last)
        )
        self._claim_key = Prepared(insert(contacts).on_conflict_do_nothing(), names_columns=True)
        self._happened = Prepared(insert(timeline).on_conflict_do_nothing(), names_columns=True)

    # ------------------------------------------------------------ taking in

    def known(self, t: Transaction, key: str) -> tuple[str, str] | None:
        """Fingerprint and number of a contact that came before with this key."""
        row = t.execute(KNOWN, {"key": key}).first()
        return (row[0], row[1]) if row else None

    def next_serial(self, t: Transaction, day: date, most: int) -> int | None:
        """The next serial of a day, from 1; None behind `most`. It is taken for good with the transaction."""
        serial = self._count.value(t, {"day": day.isoformat(), "most": most})
        return None if serial is None else int(serial)

    def last_serial(self, t: Transaction, day: date) -> int:
        """The serial that was given last on a day, 0 before the first."""
        return int(LAST.value(t, {"day": day.isoformat()}) or 0)

    def claim_key(self, t: Transaction, contact: Contact, fingerprint: str, number: str) -> bool:
        """Write the contact itself; False when the key was there, or another was first with it."""
        values = {
            "key": contact.key,
            "fingerprint": fingerprint,
            "number": number,
            "channel": contact.channel.value,
            "received_at": rows.to_ms(contact.received_at),
            "raw": contact.raw or None,
        }
        return self._claim_key.run(t, values) == 1

    def add(
        self,
        t: Transaction,
        number: str,
        query_code: str,
        contact: Contact,
        kept: Sequence[Attachment],
        clocks: Sequence[Due],
    ) -> None:
        values = rows.item_values(contact, len(kept))
        values |= self._identities.columns(t, number, contact.kind, contact.person)
        values["number"] = number
        values["query_code"] = query_code
        values["state"] = ItemState.RECEIVED.value
        values["next_due"] = rows.next_due(clocks)
        ADD.run(t, values)
        self._index.add(t, number, contact)
        self.attach(t, number, kept)
        self.set_dues(t, number, clocks)

    def attach(self, t: Transaction, number: str, kept: Sequence[Attachment]) -> None:
        if kept:
            ATTACH.run_each(t, [rows.attachment_values(number, attachment) for attachment in kept])

    def set_dues(self, t: Transaction, number: str, clocks: Sequence[Due]) -> None:
        if clocks:
            ADD_DUES.run_each(t, [rows.due_values(number, due) for due in clocks])

    def replace_dues(self, t: Transaction, number: str, clocks: Sequence[Due]) -> None:
        DROP_DUES.run(t, {"of": number})
        self.set_dues(t, number, clocks)
        self._follow(t, number)

    def happened(self, t: Transaction, number: str, entry: Happened, key: str | None = None) -> bool:
        """One line of the timeline; False when its key was there already.

        What an account did stands in the audit log as well.
        """
        values = rows.happened_values(number, entry, key)
        new = self._happened.run(t, values) == 1
        if new:
            self._audit.happened(t, f"item.{entry.what}", number, at=entry.at)
        return new

    def keyed(self, t: Transaction, key: str) -> tuple[str, str] | None:
        """Item and words of the timeline's line with this key."""
        row = t.execute(KEYED, {"key": key}).first()
        return (row[0], row[1]) if row else None

    def post(self, t: Transaction, topic: str, number: str, payload: str, at: datetime) -> None:
        """An occasion to tell of, once this transaction is durable."""
        POST.run(t, {"topic": topic, "number": number, "payload": payload, "made_at": rows.to_ms(at)})

    def recall(self, t: Transaction, number: str, since: datetime) -> None:
        """Occasions of an item that were posted for after `since` are not told."""
        RECALL.run(t, {"of": number, "since": rows.to_ms(since)})

    # ------------------------------------------------------------ changing

    def locked(self, t: Transaction, number: str) -> Item:
        """The item with its clocks; nobody else may change it in this transaction. Raises NotFound."""
        row = t.execute(LOCKED, {"number": number}).mappings().first()
        return _found(rows.item_of(row, self.dues_of(t, number)) if row else None, number)

    def all_locked(self, t: Transaction, numbers: Collection[str]) -> dict[str, Item]:
        """The same for each of these numbers that there is."""
        if not numbers:
            return {}
        records = t.execute(ALL_LOCKED, {"numbers": list(numbers)}).mappings().all()
        clocks = self._dues(t, numbers)
        return {row["number"]: rows.item_of(row, clocks.get(row["number"], ())) for row in records}

    def change(self, t: Transaction, number: str, **values: Any) -> None:
        """Set columns that seldom change."""
        t.execute(update(items).where(items.c.number == number).values(**values))
        if not SEARCHED.isdisjoint(values):
            self._index.put(t, number)

    def mail_thread(self, t: Transaction, number: str) -> tuple[str, ...]:
        """The Message-IDs of the conversation in which the person wrote last."""
        kept = t.execute(select(items.c.mail_thread).where(items.c.number == number)).scalar_one_or_none()
        return tuple((kept or "").split())

    def set_person(self, t: Transaction, number: str, kind: Kind, person: Person) -> None:
        """What is known of who turned to us, kept as its kind wants it."""
        self.change(t, number, **self._identities.changed(t, number, kind, person))

    def person_of(self, t: Transaction, item: Item) -> Person:
        """Who is behind an item, a reporter too: for whoever may know. Raises StorageDown."""
        return self._identities.person_of(t, item)

    def rewrite(self, t: Transaction, number: str, contact: Contact) -> None:
        """What was said anew; how and when it came stays."""
        kept = ("channel", "received_at", "attachments", "call_id")
        values = {name: v for name, v in rows.item_values(contact, 0).items() if name not in kept}
        values |= self._identities.changed(t, number, contact.kind, contact.person)
        self.change(t, number, **values)

    def set_state(self, t: Transaction, number: str, state: ItemState) -> None:
        """Its clocks run, or no longer do, as the new state wants."""
        SET_STATE.run(t, {"of": number, "to": state.value})
        self._follow(t, number)

    def _follow(self, t: Transaction, number: str) -> None:
        running_clocks.follow(t, number)
        for follower in self.followers:
            follower(t, number)

    def set_lease(self, t: Transaction, number: str, lease: Lease | None) -> None:
        holder, until = (lease.holder, rows.to_ms(lease.until)) if lease else ("", None)
        SET_LEASE.run(t, {"of": number, "holder": holder, "until": until})

    def claim(self, t: Transaction, item: Item, state: ItemState, lease: Lease) -> Item:
        """State and lease at once; the item as it is now, as it would be read."""
        until = rows.to_ms(lease.until)
        CLAIM.run(t, {"of": item.number, "to": state.value, "holder": lease.holder, "until": until})
        return replace(item, state=state, lease=replace(lease, until=rows.of_ms(until)))

    def next_free(self, t: Transaction, query: QueueQuery, now: datetime) -> Item | None:
        """The oldest item that fits and that nobody holds; others' locks are passed over."""
        wanted = queue_query.values_of(query)
        values = {**wanted, "now": rows.to_ms(now)}
        row = t.execute(queue_query.next_free(self._dialect, frozenset(wanted)), values).mappings().first()
        return rows.item_of(row, self.dues_of(t, row["number"])) if row else None

    def with_clocks(self, t: Transaction, after: str, limit: int) -> list[str]:
        """Numbers of items with a clock that runs, in order, from behind `after`."""
        return list(t.execute(RUNNING, {"after": after, "limit": limit}).scalars())

    def added(self, t: Transaction, item: Item, at: datetime) -> None:
        """Somebody has to read what was added; with a merged item, on the one that it went into as well."""
        seen: set[str] = set()
        number = item.number
        while number and number not in seen:
            seen.add(number)
            self.change(t, number, added_at=rows.to_ms(at))
            row = t.execute(ITEM, {"number": number}).mappings().first()
            number = row["merged_into"] if row else ""

    # ------------------------------------------------------------ looking

    def there(self, t: Transaction, number: str) -> Item:
        """The item with its clocks. Raises NotFound."""
        return _found(self.item(t, number), number)

    def item(self, t: Transaction, number: str) -> Item | None:
        """The same, None when there is none."""
        row = t.execute(ITEM, {"number": number}).mappings().first()
        return rows.item_of(row, self.dues_of(t, number)) if row else None

    def code_of(self, t: Transaction, number: str) -> str:
        """The query code, "" when there is no such item."""
        return CODE.value(t, {"number": number}) or ""

    def dues_of(self, t: Transaction, number: str) -> tuple[Due, ...]:
        """Its clocks, the first to end first."""
        return tuple(rows.due_of(row) for row in t.execute(DUES, {"number": number}).mappings())

    def past_of(self, t: Transaction, number: str) -> tuple[Happened, ...]:
        """Its timeline, in the order in which it was written."""
        return tuple(rows.happened_of(row) for row in t.execute(PAST, {"number": number}).mappings())

    def attachments_of(self, t: Transaction, number: str) -> tuple[Attachment, ...]:
        """Its attachments, in the order in which they came."""
        return tuple(rows.attachment_of(row) for row in t.execute(FILES, {"number": number}).mappings())

    def page(self, t: Transaction, query: QueueQuery) -> list[Item]:
        """In order of arrival, from behind `after`, with their clocks."""
        values = queue_query.values_of(query)
        in_order = (items.c.received_at, items.c.number)
        wanted = queue_query.filtered(select(items.c.number), values).order_by(*in_order)
        if query.after:
            last = select(items.c.received_at).where(items.c.number == query.after).scalar_subquery()
            later = and_(items.c.received_at == last, items.c.number > query.after)
            wanted = wanted.where(or_(items.c.received_at > last, later))
        # Numbers first: where the order is no index's, they alone are sorted.
        numbers = list(t.execute(wanted.limit(query.limit), values).scalars())
        page = select(items).where(items.c.number.in_(numbers)).order_by(*in_order)
        records = t.execute(page).mappings().all()
        clocks = self._dues(t, [row["number"] for row in records])
        return [rows.item_of(row, clocks.get(row["number"], ())) for row in records]

    def of_phones(self, t: Transaction, phones: Sequence[str], limit: int) -> list[Item]:
        """What came from one of these numbers, the newest first; reports are sealed and not found."""
        wanted = select(items).where(items.c.person_phone.in_(phones))
        newest = wanted.order_by(items.c.received_at.desc(), items.c.number.desc()).limit(limit)
        records = t.execute(newest).mappings().all()
        clocks = self._dues(t, [row["number"] for row in records])
        return [rows.item_of(row, clocks.get(row["number"], ())) for row in records]

    def attachments_by_item(
        self, t: Transaction, numbers: Sequence[str]
    ) -> dict[str, tuple[Attachment, ...]]:
        """The attachments of these items, each in the order in which they came."""
        by_item: dict[str, tuple[Attachment, ...]] = {}
        if numbers:
            wanted = select(attachments).where(attachments.c.number.in_(numbers)).order_by(attachments.c.id)
            for row in t.execute(wanted).mappings():
                by_item[row["number"]] = (*by_item.get(row["number"], ()), rows.attachment_of(row))
        return by_item

    def _dues(self, t: Transaction, numbers: Collection[str]) -> dict[str, tuple[Due, ...]]:
        by_item: dict[str, tuple[Due, ...]] = {}
        if numbers:
            for row in t.execute(ALL_DUES, {"numbers": list(numbers)}).mappings():
                by_item[row["number"]] = (*by_item.get(row["number"], ()), rows.due_of(row))
        return by_item

    # ------------------------------------------------------------ attempts to look something up

    def one_at_a_time(self, t: Transaction, askers: Iterable[str]) -> None:
        """Of those who name the same asker, one goes on now and the others behind its transaction."""
        if not self._database.sqlite:  # SQLite has one writer anyway
            for asker in sorted(askers):
                t.execute(ALONE, {"asker": asker})

    def failures(self, t: Transaction, asker: str, since: datetime) -> int:
        return int(FAILURES.value(t, {"asker": asker, "since": rows.to_ms(since)}))

    def failed(self, t: Transaction, askers: Iterable[str], at: datetime, keep_since: datetime) -> None:
        """One more failure for each asker; those before `keep_since` are forgotten."""
        FORGET.run(t, {"before": rows.to_ms(keep_since)})
        FAILED.run_each(t, [{"asker": asker, "at": rows.to_ms(at)} for asker in askers])

    # ------------------------------------------------------------ views with a transaction of their own

    async def counts(self) -> list[tuple[str, str, int]]:
        """State, channel and how many, for each pair that there is."""
        return await self._database.read(lambda t: [(r[0], r[1], int(r[2])) for r in t.execute(COUNTS)])

    async def files(self) -> frozenset[str]:
        """Every SHA-256 that a row names."""
        return await self._database.read(lambda t: frozenset(t.execute(NAMED).scalars()))


def _found(item: Item | None, number: str) -> Item:
    if item is None:
        raise NotFound(f"no item {number}")
    return item
