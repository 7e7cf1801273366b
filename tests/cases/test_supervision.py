"""Rungs on a real database: told once each, whoever looks, with what goes out; and what leaders write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.accounts.seed_units import ensure_units
from gateway.cases.assigning import Assignment
from gateway.cases.order_actions import OrderInput
from gateway.cases.orders import Orders
from gateway.cases.supervision import Supervision
from gateway.core.item.contact import Kind
from gateway.core.order.ladder import Rung
from gateway.core.order.order import Urgency
from gateway.core.order.rungs import FiredRung
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account, Role
from gateway.intake.intake import Intake
from gateway.mail.thread import Marks
from gateway.notify.letterhead import Letterhead
from gateway.notify.rung_papers import RungPapers
from gateway.storage import Storage
from gateway.storage.tables import deliveries
from tests.storage.databases import KINDS, ZONE, Clock, Templates, contact, intake_on, rules, templates

__all__ = ["templates"]

BUREAU = "141002"
MAY_11 = datetime(2026, 5, 11, 1, tzinfo=UTC)  # Monday, 09:00 in Linfen; due on Monday the 18th
E, R = OrderEvent, Rung


def account(role: Role, unit: str = "") -> Account:
    return Account(role.value, role, unit=unit)


LEADER, HANDLER = account(Role.LEADER), account(Role.HANDLER, BUREAU)


@dataclass
class Centre:
    """One gateway on a database, without its outside."""

    storage: Storage
    intake: Intake
    orders: Orders
    supervision: Supervision
    clock: Clock

    async def assigned(self, key: str = "web:1", urgency: Urgency = Urgency.GENERAL) -> int:
        """A report, whose legal clock ends long after the order's own days."""
        new = contact(key, kind=Kind.REPORT, received_at=self.clock.at)
        number = (await self.intake.submit(new)).number
        shown = await self.orders.assign(number, LEADER, Assignment(BUREAU, urgency=urgency))
        return shown.order.id

    async def at(self, day: date, hour: int = 9) -> int:
        """Look at the ladder at an hour of a day in Linfen."""
        self.clock.at = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC)
        return await self.supervision.look()

    async def ledger(self, order: int) -> tuple[FiredRung, ...]:
        return await self.storage.database.read(lambda t: self.storage.supervision.of_order(t, order))

    async def told(self, order: int) -> list[tuple[Rung, str]]:
        """The rungs that were told, each with its day."""
        rungs = [fired for fired in await self.ledger(order) if not fired.passed_over]
        return [(fired.rung, f"{fired.at.astimezone(ZONE):%m-%d}") for fired in rungs]

    async def sent(self) -> list[str]:
        rows = await self.storage.database.read(lambda t: t.execute(select(deliveries.c.key)).scalars().all())
        return sorted(key.rsplit(":", 1)[1] for key in rows)

    async def act(self, order: int, who: Account, event: OrderEvent, **said: object) -> None:
        await self.orders.act(order, who, event, OrderInput(**said))  # type: ignore[arg-type]


async def opened(url: str, var: Path, clock: Clock) -> Centre:
    storage = await Storage.open(url, var)
    head = Letterhead("临汾市12315中心", "12315", "a@example.cn", ZONE, Marks(b"0123456789abcdef"))
    orders = Orders(storage, rules(), ZONE, now=clock)
    papers = RungPapers(head, frozenset({"mail", "fax"}))
    supervision = Supervision(orders.changes, papers)
    orders.on_directed(supervision.directed)
    return Centre(storage, intake_on(storage, clock), orders, supervision, clock)


@pytest.fixture(params=KINDS)
async def centre(
    request: pytest.FixtureRequest, templates: Templates, tmp_path: Path
) -> AsyncIterator[Centre]:
    clock = Clock()
    clock.at = MAY_11
    one = await opened(await templates.copied(request.param, tmp_path), tmp_path, clock)
    await ensure_units(one.storage, rules(), "临汾市12315中心", clock.at)
    unit = (await one.storage.units.tree()).get(BUREAU)
    assert unit is not None
    told = replace(unit, mail="unit@example.cn", leader_mail="leader@example.cn", fax="03571234567")
    await one.storage.units.keep([told], "admin", clock.at)
    yield one
    await one.storage.close()


async def test_an_order_climbs_rung_by_rung_and_each_is_told_once(centre: Centre) -> None:
    order = await centre.assigned()
    await centre.act(order, HANDLER, E.SIGN)
    for day in range(40):
        for hour in (3, 9, 15):
            await centre.at(date(2026, 5, 11) + timedelta(days=day), hour)
    assert await centre.told(order) == [
        (R.BLUE, "05-15"),
        (R.ORANGE, "05-19"),
        (R.RED, "05-26"),
        (R.RAISED, "06-02"),
    ]
    _, orange, red, _ = await centre.ledger(order)
    assert orange.told == ("mail unit", "fax unit", "mail unit_leader")
    assert (red.sheet, red.due) == ("督〔2026〕第 1 号", date(2026, 5, 29))
    assert await centre.sent() == [
        *["03571234567"] * 3,
        *["leader@example.cn"] * 3,
        *["unit@example.cn"] * 3,
    ]
    whole = await centre.orders.order(order, LEADER)
    item, outbox = whole.item.item, centre.storage.outbox
    about = await centre.storage.database.read(lambda t: outbox.about(t, item, centre.clock.at))
    assert about.sent_here == 0, "what units get does not use up the mails to the person"
    assert [entry.event for entry in whole.events if entry.who == "system"][-4:] == [
        *("blue", "orange", "red", "raised")
    ]
    assert whole.shown.order.supervised_due == date(2026, 5, 29)


async def test_nothing_is_told_of_what_is_suspended_reported_closed_or_merged(centre: Centre) -> None:
    waiting, suspended, withdrawn = [await centre.assigned(f"web:{n}") for n in range(3)]
    for order in (waiting, suspended, withdrawn):
        await centre.act(order, HANDLER, E.SIGN)
    await centre.act(suspended, HANDLER, E.SUSPEND, reason="鉴定", paper="鉴字1号")
    number = (await centre.orders.order(withdrawn, LEADER)).item.item.number
    await centre.intake.merge(number, (await centre.orders.order(waiting, LEADER)).item.item.number, "agent1")
    await centre.at(date(2026, 5, 19))
    assert await centre.told(waiting) == [(R.ORANGE, "05-19")]
    assert await centre.ledger(suspended) == await centre.ledger(withdrawn) == ()
    await centre.act(suspended, HANDLER, E.RESUME)
    assert await centre.at(date(2026, 5, 19), 10) == 0, "resumed, it has its days again"


async def test_an_urgent_order_is_told_at_night_and_on_a_holiday(centre: Centre) -> None:
    centre.clock.at = datetime(2026, 5, 15, 1, tzinfo=UTC)  # Friday; due on Monday
    order = await centre.assigned(urgency=Urgency.PRESSING)
    await centre.at(date(2026, 5, 16), 23)  # Saturday
    assert await centre.told(order) == []
    await centre.at(date(2026, 5, 17), 0)
    assert await centre.told(order) == [(R.BLUE, "05-17")]


async def test_what_leaders_write_stands_in_the_same_ledger(centre: Centre) -> None:
    order = await centre.assigned()
    await centre.act(order, LEADER, E.URGE, text="请尽快联系消费者")
    await centre.act(order, LEADER, E.URGE, text="再次催办")
    due = date(2026, 5, 14)
    await centre.act(order, LEADER, E.SUPERVISE, text="群众反映强烈，请局长过问", day=due)
    first, second, red = await centre.ledger(order)
    assert [(line.rung, line.nth, line.who) for line in (first, second, red)] == [
        (R.URGE, 1, "leader"),
        (R.URGE, 2, "leader"),
        (R.RED, 0, "leader"),
    ]
    assert (red.text, red.due, red.sheet) == ("群众反映强烈，请局长过问", due, "督〔2026〕第 1 号")
    await centre.at(date(2026, 5, 19))
    assert (R.ORANGE, "05-19") not in await centre.told(order), "a leader has gone further already"
    await centre.at(date(2026, 5, 26))
    assert [rung for rung, _ in await centre.told(order)].count(R.RED) == 1


async def test_what_was_late_before_supervision_began_is_passed_over(centre: Centre) -> None:
    order = await centre.assigned()
    await centre.at(date(2026, 5, 20))
    assert [line.passed_over for line in await centre.ledger(order)] == [True, True, True]
    await centre.at(date(2026, 5, 26))
    assert await centre.told(order) == [(R.RED, "05-26")]


async def test_two_gateways_on_one_postgresql_tell_no_rung_twice(
    templates: Templates, tmp_path: Path
) -> None:
    url, clock = await templates.copied("postgresql", tmp_path), Clock()
    clock.at = MAY_11
    gateways = [await opened(url, tmp_path, clock) for _ in range(2)]
    one = gateways[0]
    await ensure_units(one.storage, rules(), "临汾市12315中心", clock.at)
    ids = [await one.assigned(f"web:{n}") for n in range(12)]
    for day in (date(2026, 5, 13), date(2026, 5, 15), date(2026, 5, 19), date(2026, 5, 26)):
        clock.at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
        counts = await asyncio.gather(*(gateway.supervision.look() for gateway in gateways * 2))
        assert sum(counts) == 12
    sheets = {(await one.ledger(order))[-1].sheet for order in ids}
    assert len(sheets) == 12
    for gateway in gateways:
        await gateway.storage.close()
