"""The outbox: occasions that items posted, and the deliveries that were made of them.

An occasion and its deliveries change places in one transaction, so that each is planned exactly once;
a delivery that somebody has under way is leased, and comes back by itself when he dies. Whom it goes to
and what is sent stay sealed (sealed_drafts.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, RowMapping, bindparam, case, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.core.item.contact import Channel, Person
from gateway.core.item.delivery import (
    MAIL,
    About,
    Delivery,
    DeliveryState,
    Draft,
    Occasion,
    Plan,
    without_address,
)
from gateway.core.item.item import Happened, Item
from gateway.core.item.states import TERMINAL
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.items import Items
from gateway.storage.prepared import Prepared
from gateway.storage.sealed_drafts import SealedDrafts
from gateway.storage.tables import contacts, deliveries, due_notices, dues, items, outbox

SHUT = "打不开：密钥已更换 / does not open: the key is another one"
HEAD = 65_536  # bytes of a mail that are looked at
OLDEST = (
    select(outbox)
    .where(outbox.c.made_at <= bindparam("now"))
    .order_by(outbox.c.id)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)  # several gateways plan at once, each its own occasions
)
PLANNED = delete(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))
FAX = "fax"
GONE = timedelta(hours=1)
"""How long after its lease a fax stays with the gateway that had it, whose journal tells whether it went."""
NOBODYS: Mapping[str, Any] = {"lease_until": None, "gateway": ""}
MAILS = select(func.count()).where(
    deliveries.c.way == MAIL,
    or_(*(deliveries.c.state == state.value for state in (DeliveryState.WAITING, DeliveryState.SENT))),
    deliveries.c.made_at >= bindparam("since"),
)
MAILS_TO = Prepared(MAILS.where(deliveries.c.address == bindparam("to")))
MAILS_ABOUT = Prepared(  # not what units and partners get about it
    MAILS.where(deliveries.c.notice != "", deliveries.c.number == bindparam("of"))
)


class Outbox:
    """The OutboxLedger of gateway/notify/post_office.py."""

    def __init__(self, database: Database, items_: Items, sealed: SealedDrafts, gateway: str) -> None:
        self._database = database
        self._gateway = gateway
        self._items = items_
        self._sealed = sealed
        self._made = sqlite_insert if database.sqlite else postgres_insert

    # ------------------------------------------------------------ planning

    async def plan(self, planned: Callable[[Occasion, About], Plan] | None, limit: int, now: datetime) -> int:
        """Turn the oldest occasions into deliveries; how many there were.

        `planned` must not wait; None when nobody is to be told of anything. What was posted for a later time,
        since it may still be undone, stays until then.
        """

        def body(t: Transaction) -> int:
            occasions = t.execute(OLDEST, {"now": rows.to_ms(now), "limit": limit})
            batch = [_occasion(row) for row in occasions.mappings()]
            if planned is not None:
                subjects = self._items.all_locked(t, {occasion.number for occasion in batch})
                for occasion in batch:
                    about = self.about(t, subjects[occasion.number], now)
                    self._make(t, occasion, planned(occasion, about), now)
            if batch:
                t.execute(PLANNED, {"ids": [occasion.id for occasion in batch]})
            return len(batch)

        return await self._database.write(body)

    def about(self, t: Transaction, its_item: Item, now: datetime) -> About:
        """What a plan for this item rests on."""
        item = self._reachable(t, its_item)
        raw = b""
        if item.channel == Channel.EMAIL:
            first = select(func.substr(contacts.c.raw, 1, HEAD)).where(contacts.c.number == item.number)
            raw = t.execute(first.order_by(contacts.c.received_at).limit(1)).scalar_one_or_none() or b""
        code = self._items.code_of(t, item.number)
        if not item.person.email:
            return About(item, code, raw)
        before = self._items.mail_thread(t, item.number)
        return About(item, code, raw, before, *self._mails(t, item, now))

    def _mails(self, t: Transaction, item: Item, now: datetime) -> tuple[int, int]:
        """How many mails of ours went out within a day: to the person's address, to him about this item."""
        since = rows.to_ms(now - timedelta(days=1))
        to = MAILS_TO.value(t, {"since": since, "to": self._sealed.mark(MAIL, item.person.email)})
        return to, MAILS_ABOUT.value(t, {"since": since, "of": item.number})

    def _reachable(self, t: Transaction, item: Item) -> Item:
        """Of a reporter what leads to him alone, so that he can be told."""
        if not item.withheld:
            return item
        person = self._items.person_of(t, item)
        return replace(item, person=Person(email=person.email, phone=person.phone, address=person.address))

    def _make(self, t: Transaction, occasion: Occasion, plan: Plan, now: datetime) -> None:
        for draft in plan.drafts:
            self.add(t, occasion.number, draft, now)
        for note in plan.notes:
            self._items.happened(t, occasion.number, Happened(now, "not_sent", "system", note))

    def add(self, t: Transaction, number: str, draft: Draft, now: datetime) -> None:
        """Post a delivery within a transaction; the same key again changes nothing."""
        ms = rows.to_ms(now)
        values = {
            "key": draft.key,
            "way": draft.way,
            "number": number,
            **self._sealed.columns(draft),
            "reference": draft.reference,
            "notice": draft.notice,
            "state": DeliveryState.WAITING.value,
            "made_at": ms,
            "due_at": ms,
        }
        t.execute(self._made(deliveries).on_conflict_do_nothing(index_elements=["key"]), values)

    async def post(self, number: str, draft: Draft, now: datetime) -> None:
        await self.post_all([(number, draft)], now)

    async def post_all(self, drafts: Sequence[tuple[str, Draft]], now: datetime) -> None:
        """Post deliveries about items, by number, in one transaction."""

        def body(t: Transaction) -> None:
            for number, draft in drafts:
                self.add(t, number, draft, now)

        if drafts:
            await self._database.write(body)

    async def post_due(self, today: date, soon: date, now: datetime) -> int:
        """Post item.due once for each clock that ends by `soon`, and once more when it is over."""

        stage = case((dues.c.on < today.isoformat(), "overdue"), else_="soon").label("stage")
        posted_before = exists().where(
            due_notices.c.number == dues.c.number,
            due_notices.c.clock == dues.c.clock,
            due_notices.c.on == dues.c.on,
            due_notices.c.stage == stage,
        )
        news = (
            select(dues.c.number, dues.c.clock, dues.c.on, stage)
            .join(items, items.c.number == dues.c.number)
            .where(
                dues.c.on <= soon.isoformat(),
                items.c.state.not_in([state.value for state in sorted(TERMINAL)]),
                ~posted_before,
            )
        )

        def body(t: Transaction) -> int:
            posted = 0
            for row in t.execute(news).mappings().all():
                once = self._made(due_notices).on_conflict_do_nothing()  # another gateway may be at it
                if t.execute(once, dict(row)).rowcount == 1:
                    facts = {name: row[name] for name in ("clock", "on", "stage")}
                    self._items.post(t, "item.due", row["number"], json.dumps(facts), now)
                    posted += 1
            return posted

        return await self._database.write(body)

    # ------------------------------------------------------------ sending

    async def claim(
        self, ways: Collection[str], limit: int, now: datetime, lease: timedelta
    ) -> list[Delivery]:
        """Deliveries that are due, for this sender alone until the lease runs out."""

        def body(t: Transaction) -> list[Delivery]:
            ms = rows.to_ms(now)
            free = or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= ms)
            ours = or_(
                deliveries.c.way != FAX,
                deliveries.c.gateway.in_(("", self._gateway)),
                deliveries.c.lease_until <= rows.to_ms(now - GONE),
            )
            wanted = (
                select(deliveries)
                .where(deliveries.c.state == DeliveryState.WAITING.value, deliveries.c.due_at <= ms)
                .where(deliveries.c.way.in_(sorted(ways)), free, ours)
                .order_by(deliveries.c.due_at, deliveries.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            waiting = [self._delivery(row) for row in t.execute(wanted).mappings()]
            ready = [delivery for delivery in waiting if delivery.draft.address]
            _set(t, ready, lease_until=rows.to_ms(now + lease), gateway=self._gateway)
            shut = [delivery for delivery in waiting if not delivery.draft.address]
            _set(t, shut, state=DeliveryState.DEAD.value, error=SHUT)
            return ready

        return await self._database.write(body)

    async def settle(
        self,
        delivery: Delivery,
        state: DeliveryState,
        now: datetime,
        *,
        due_at: datetime | None = None,
        error: str = "",
        entry: tuple[str, str] | None = None,
        proof: str = "",
    ) -> None:
        """Note how a try went. `entry` (what, text) is a line for the item's timeline."""

        def body(t: Transaction) -> None:
            reason = without_address(error, delivery.draft.address)
            values: dict[str, Any] = {"state": state.value, "error": reason, **NOBODYS}
            values["attempts"] = delivery.attempts + 1
            if due_at is not None:
                values["due_at"] = rows.to_ms(due_at)
            if state is DeliveryState.SENT:
                values["sent_at"] = rows.to_ms(now)
                values["proof"] = without_address(proof, delivery.draft.address)
            t.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(**values))
            if entry:
                line = without_address(entry[1], delivery.draft.address)
                self._items.happened(t, delivery.number, Happened(now, entry[0], "system", line))

        await self._database.write(body)

    async def bounced(self, references: Collection[str], final: bool, why: str) -> int:
        """Mails of ours that came back; how many were known."""
        state = {"state": DeliveryState.BOUNCED.value} if final else {}

        def body(t: Transaction) -> int:
            if not references:
                return 0
            wanted = select(deliveries).where(deliveries.c.reference.in_(sorted(references)))
            bounced = [self._delivery(row) for row in t.execute(wanted).mappings()]
            for delivery in bounced:
                _set(t, [delivery], error=without_address(why, delivery.draft.address), **state)
            return len(bounced)

        return await self._database.write(body)

    # ------------------------------------------------------------ looking

    async def sent_since(self, way: str, since: datetime, address: str = "") -> int:
        """How many were sent by a way from a time on, to an address if one is given."""
        lately = deliveries.c.sent_at >= rows.to_ms(since)
        wanted = select(func.count()).where(deliveries.c.way == way, lately)
        if address:
            wanted = wanted.where(deliveries.c.address == self._sealed.mark(way, address))
        return int(await self._database.read(lambda t: t.execute(wanted).scalar_one()))

    async def list(
        self, state: DeliveryState | None, number: str, after: int, limit: int
    ) -> Sequence[Delivery]:
        """The newest first; `after` is the id of the last one seen."""
        wanted = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
        if state is not None:
            wanted = wanted.where(deliveries.c.state == state.value)
        if number:
            wanted = wanted.where(deliveries.c.number == number)
        if after:
            wanted = wanted.where(deliveries.c.id < after)
        records = await self._database.read(lambda t: t.execute(wanted).mappings().all())
        return [self._delivery(row) for row in records]

    async def get(self, delivery_id: int) -> Delivery | None:
        wanted = select(deliveries).where(deliveries.c.id == delivery_id)
        row = await self._database.read(lambda t: t.execute(wanted).mappings().first())
        return self._delivery(row) if row else None

    async def move(
        self, delivery_id: int, before: Collection[DeliveryState], after: DeliveryState, now: datetime
    ) -> bool:
        """Send again (WAITING) or drop; False when it was in none of these states."""
        values = {"state": after.value, "due_at": rows.to_ms(now), "attempts": 0, **NOBODYS}
        wanted = update(deliveries).where(
            deliveries.c.id == delivery_id, deliveries.c.state.in_([state.value for state in before])
        )
        return await self._database.write(lambda t: t.execute(wanted.values(**values)).rowcount == 1)

    async def counts(self) -> Mapping[tuple[str, str], int]:
        """How many stand in which state, by way and state; sent ones of the last day only."""
        wanted = select(deliveries.c.way, deliveries.c.state, func.count()).where(
            deliveries.c.state.in_([DeliveryState.WAITING.value, DeliveryState.DEAD.value])
        )
        grouped = wanted.group_by(deliveries.c.way, deliveries.c.state)
        records = await self._database.read(lambda t: t.execute(grouped).all())
        return {(way, state): count for way, state, count in records}

    async def stuck(self, before: datetime) -> int:
        """How many were made before this moment, failed at least once and still wait."""
        wanted = select(func.count()).where(
            deliveries.c.state == DeliveryState.WAITING.value,
            deliveries.c.attempts > 0,
            deliveries.c.made_at < rows.to_ms(before),
        )
        return int(await self._database.read(lambda t: t.execute(wanted).scalar_one()))

    def _delivery(self, row: RowMapping) -> Delivery:
        return Delivery(
            id=row["id"],
            number=row["number"],
            draft=self._sealed.opened(row),
            made_at=rows.of_ms(row["made_at"]),
            due_at=rows.of_ms(row["due_at"]),
            state=DeliveryState(row["state"]),
            attempts=row["attempts"],
            sent_at=rows.of_ms_or_none(row["sent_at"]),
            error=row["error"],
            proof=row["proof"],
        )


def _occasion(row: RowMapping) -> Occasion:
    facts = json.loads(row["payload"])
    what = facts.pop("what", "")
    return Occasion(row["id"], row["topic"], row["number"], rows.of_ms(row["made_at"]), what, facts)


def _set(t: Transaction, chosen: Sequence[Delivery], **values: Any) -> None:
    if chosen:
        t.execute(
            update(deliveries)
            .where(deliveries.c.id.in_([delivery.id for delivery in chosen]))
            .values(**values)
        )
