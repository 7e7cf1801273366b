"""Items and all that belongs to them, as the database holds them. Decides nothing: intake does.

Every method that takes a connection is part of the transaction its caller has open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.case import QUEUED
from gateway.core.contact import Contact, Due
from gateway.core.item import Attachment, Happened, Item, ItemDetail, ItemState, Lease, QueueQuery
from gateway.storage import rows
from gateway.storage.database import Database
from gateway.storage.tables import attachments, contacts, dues, items, lookups, outbox, serials, timeline


class Items:
    """The items of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    # ------------------------------------------------------------ taking in

    async def known(self, connection: AsyncConnection, key: str) -> tuple[str, str] | None:
        """Fingerprint and number of a contact that came before with this key."""
        wanted = select(contacts.c.fingerprint, contacts.c.number).where(contacts.c.key == key)
        row = (await connection.execute(wanted)).first()
        return (row[0], row[1]) if row else None

    async def next_serial(self, connection: AsyncConnection, day: date) -> int:
        """The next serial of a day, from 1; taken for good only when the transaction is."""
        dialect = sqlite_insert if self.database.sqlite else postgres_insert
        made = dialect(serials).values(day=day.isoformat(), last=1)
        counted = made.on_conflict_do_update(
            index_elements=["day"], set_={"last": serials.c.last + 1}
        ).returning(serials.c.last)
        return int((await connection.execute(counted)).scalar_one())

    async def claim_key(
        self, connection: AsyncConnection, contact: Contact, fingerprint: str, number: str
    ) -> bool:
        """Write the contact itself; False when another transaction was first with this key."""
        dialect = sqlite_insert if self.database.sqlite else postgres_insert
        made = dialect(contacts).values(
            key=contact.key,
            fingerprint=fingerprint,
            number=number,
            channel=contact.channel.value,
            received_at=rows.to_ms(contact.received_at),
            raw=contact.raw or None,
        )
        return (await connection.execute(made.on_conflict_do_nothing())).rowcount == 1

    async def add(
        self,
        connection: AsyncConnection,
        number: str,
        query_code: str,
        contact: Contact,
        kept: Sequence[Attachment],
        clocks: Sequence[Due],
    ) -> None:
        values = rows.item_values(contact, len(kept))
        state = ItemState.RECEIVED.value
        await connection.execute(
            insert(items).values(number=number, query_code=query_code, state=state, **values)
        )
        await self.attach(connection, number, kept)
        await self.set_dues(connection, number, clocks)

    async def attach(self, connection: AsyncConnection, number: str, kept: Sequence[Attachment]) -> None:
        if kept:
            await connection.execute(
                insert(attachments),
                [
                    {
                        "number": number,
                        "sha256": a.sha256,
                        "name": a.name,
                        "media_type": a.media_type,
                        "role": a.role,
                        "size": a.size,
                    }
                    for a in kept
                ],
            )

    async def set_dues(self, connection: AsyncConnection, number: str, clocks: Sequence[Due]) -> None:
        if clocks:
            await connection.execute(insert(dues), [rows.due_values(number, due) for due in clocks])

    async def replace_dues(self, connection: AsyncConnection, number: str, clocks: Sequence[Due]) -> None:
        await connection.execute(delete(dues).where(dues.c.number == number))
        await self.set_dues(connection, number, clocks)

    async def happened(
        self, connection: AsyncConnection, number: str, entry: Happened, key: str | None = None
    ) -> bool:
        """One line of the timeline; False when its key was there already."""
        dialect = sqlite_insert if self.database.sqlite else postgres_insert
        made = dialect(timeline).values(
            number=number, at=rows.to_ms(entry.at), what=entry.what, who=entry.who, text=entry.text, key=key
        )
        return (await connection.execute(made.on_conflict_do_nothing())).rowcount == 1

    async def post(
        self, connection: AsyncConnection, topic: str, number: str, payload: str, at: datetime
    ) -> None:
        """A message to be sent once this transaction is durable."""
        ms = rows.to_ms(at)
        await connection.execute(
            insert(outbox).values(topic=topic, number=number, payload=payload, made_at=ms, due_at=ms)
        )

    # ------------------------------------------------------------ changing

    async def locked(self, connection: AsyncConnection, number: str) -> Item | None:
        """The item, nobody else may change it in this transaction."""
        wanted = select(items).where(items.c.number == number).with_for_update()
        row = (await connection.execute(wanted)).mappings().first()
        return rows.item_of(row) if row else None

    async def change(self, connection: AsyncConnection, number: str, **values: Any) -> None:
        await connection.execute(update(items).where(items.c.number == number).values(**values))

    async def set_lease(self, connection: AsyncConnection, number: str, lease: Lease | None) -> None:
        await self.change(
            connection,
            number,
            lease_holder=lease.holder if lease else "",
            lease_until=rows.to_ms(lease.until) if lease else None,
        )

    async def next_free(
        self, connection: AsyncConnection, query: QueueQuery, who: str, now: datetime
    ) -> Item | None:
        """The oldest item that fits and that nobody holds; others' locks are passed over."""
        states = [query.state] if query.state else list(QUEUED)
        free = or_(items.c.lease_holder == "", items.c.lease_until <= rows.to_ms(now))
        wanted = (
            _filtered(select(items), replace(query, state=None))
            .where(items.c.state.in_([state.value for state in states]), free)
            .order_by(items.c.received_at, items.c.number)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = (await connection.execute(wanted)).mappings().first()
        return rows.item_of(row) if row else None

    # ------------------------------------------------------------ looking

    async def item(self, number: str) -> Item | None:
        found = await self._whole(select(items).where(items.c.number == number))
        return found[0] if found else None

    async def page(self, query: QueueQuery) -> list[Item]:
        """In order of arrival, from behind `after`."""
        wanted = _filtered(select(items), query).order_by(items.c.received_at, items.c.number)
        if query.after:
            last = select(items.c.received_at).where(items.c.number == query.after).scalar_subquery()
            wanted = wanted.where(
                or_(
                    items.c.received_at > last,
                    and_(items.c.received_at == last, items.c.number > query.after),
                )
            )
        return await self._whole(wanted.limit(query.limit))

    async def code_of(self, number: str) -> str:
        """The query code, "" when there is no such item."""
        async with self.database.read() as connection:
            wanted = select(items.c.query_code).where(items.c.number == number)
            return (await connection.execute(wanted)).scalar_one_or_none() or ""

    async def detail(self, number: str) -> ItemDetail | None:
        item = await self.item(number)
        if item is None:
            return None
        async with self.database.read() as connection:
            past = await connection.execute(
                select(timeline).where(timeline.c.number == number).order_by(timeline.c.id)
            )
            entries = tuple(rows.happened_of(row) for row in past.mappings())
        return ItemDetail(item, entries, (await self.attachments_of([number])).get(number, ()))

    async def attachments_of(self, numbers: Sequence[str]) -> dict[str, tuple[Attachment, ...]]:
        """The attachments of these items, in the order in which they came."""
        wanted = select(attachments).where(attachments.c.number.in_(numbers)).order_by(attachments.c.id)
        found: dict[str, tuple[Attachment, ...]] = {}
        async with self.database.read() as connection:
            for row in (await connection.execute(wanted)).mappings():
                found[row["number"]] = (*found.get(row["number"], ()), rows.attachment_of(row))
        return found

    async def counts(self) -> list[tuple[str, str, int]]:
        """State, channel and how many, for each pair that there is."""
        wanted = select(items.c.state, items.c.channel, func.count()).group_by(items.c.state, items.c.channel)
        async with self.database.read() as connection:
            return [(row[0], row[1], int(row[2])) for row in await connection.execute(wanted)]

    async def files(self) -> frozenset[str]:
        """Every SHA-256 that an item names."""
        async with self.database.read() as connection:
            return frozenset((await connection.execute(select(attachments.c.sha256).distinct())).scalars())

    async def dues_of(self, connection: AsyncConnection, number: str) -> tuple[Due, ...]:
        wanted = select(dues).where(dues.c.number == number).order_by(dues.c.on, dues.c.clock)
        return tuple(rows.due_of(row) for row in (await connection.execute(wanted)).mappings())

    async def _whole(self, wanted: Select[Any]) -> list[Item]:
        async with self.database.read() as connection:
            found = (await connection.execute(wanted)).mappings().all()
            clocks = await self._dues(connection, [row["number"] for row in found])
        return [rows.item_of(row, clocks.get(row["number"], ())) for row in found]

    async def _dues(self, connection: AsyncConnection, numbers: Iterable[str]) -> dict[str, tuple[Due, ...]]:
        wanted = select(dues).where(dues.c.number.in_(list(numbers))).order_by(dues.c.on, dues.c.clock)
        found: dict[str, tuple[Due, ...]] = {}
        for row in (await connection.execute(wanted)).mappings():
            found[row["number"]] = (*found.get(row["number"], ()), rows.due_of(row))
        return found

    # ------------------------------------------------------------ attempts to look something up

    async def failures(self, asker: str, since: datetime) -> int:
        wanted = select(func.count()).where(lookups.c.asker == asker, lookups.c.at >= rows.to_ms(since))
        async with self.database.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def failed(self, askers: Iterable[str], at: datetime, keep_since: datetime) -> None:
        async with self.database.write() as connection:
            await connection.execute(delete(lookups).where(lookups.c.at < rows.to_ms(keep_since)))
            await connection.execute(
                insert(lookups), [{"asker": asker, "at": rows.to_ms(at)} for asker in askers]
            )


def _filtered(wanted: Select[Any], query: QueueQuery) -> Select[Any]:
    for column, value in (
        (items.c.state, query.state),
        (items.c.channel, query.channel),
        (items.c.kind, query.kind),
        (items.c.task, query.task),
    ):
        if value is not None:
            wanted = wanted.where(column == value.value)
    return wanted if query.county is None else wanted.where(items.c.county == query.county)
