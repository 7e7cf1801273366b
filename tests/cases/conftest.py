"""Items, units, orders and a clock that is set by hand, on a real database of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gateway.accounts.seed_units import ensure_units
from gateway.cases.assigning import Assignment
from gateway.cases.order_actions import OrderInput
from gateway.cases.orders import OrderDetail, Orders
from gateway.core.item.item import Item
from gateway.core.order.order import Order, Report, Urgency
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account, Role
from gateway.intake.decisions import Act
from gateway.intake.intake import Intake
from gateway.intake.matters import Matters
from gateway.storage import Storage
from tests.storage.databases import KINDS, ZONE, Clock, Templates, contact, intake_on, rules, templates

__all__ = ["templates"]

BUREAU, STATION, NEXT_STATION, OTHER = "141002", "14100201", "14100202", "141021"
WHO = {
    "agent": Account("agent1", Role.AGENT),
    "dispatcher": Account("dispatcher1", Role.DISPATCHER),
    "leader": Account("leader1", Role.LEADER),
    "bureau": Account("bureau1", Role.UNIT_LEADER, unit=BUREAU),
    "station": Account("station1", Role.HANDLER, unit=STATION),
    "other": Account("other1", Role.HANDLER, unit=OTHER),
}
REPORT = Report("mediated", "已调解，商家退款。", "商家同意退款。", 129900, 129900, "李局长")


@dataclass
class Town:
    """One installation without its outside."""

    storage: Storage
    intake: Intake
    matters: Matters
    orders: Orders
    clock: Clock
    told: list[tuple[str, str]] = field(default_factory=list)

    async def number(self, key: str = "web:1", **changes: object) -> str:
        return (await self.intake.submit(contact(key, received_at=self.clock.at, **changes))).number

    async def assign(
        self, number: str, unit: str = BUREAU, urgency: Urgency = Urgency.GENERAL, who: str = "dispatcher"
    ) -> Order:
        return (await self.orders.assign(number, WHO[who], Assignment(unit, "", urgency))).order

    async def act(self, order: Order, who: str, what: OrderEvent, /, **said: object) -> OrderDetail:
        return await self.orders.act(order.id, WHO[who], what, OrderInput(**said))  # type: ignore[arg-type]

    async def make_offline(self, unit: str, **changes: object) -> None:
        """Its people have no accounts from now on."""
        there = (await self.storage.units.tree()).get(unit)
        assert there
        await self.storage.units.keep([replace(there, online=False, **changes)], "admin", self.clock())  # type: ignore[arg-type]

    async def desk(self, number: str, act: Act, who: str = "agent1") -> Item:
        return (await self.matters.act(number, who, act)).item

    async def order(self, order: Order) -> Order:
        return (await self.orders.order(order.id, WHO["leader"])).shown.order

    async def events(self, order: Order) -> list[str]:
        return [entry.event for entry in (await self.orders.order(order.id, WHO["leader"])).events]


@pytest.fixture(params=KINDS)
async def town(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> AsyncIterator[Town]:
    storage = await Storage.open(await templates.copied(request.param, tmp_path), tmp_path)
    clock, told = Clock(), []
    intake = intake_on(storage, clock)
    orders = Orders(
        *(storage, rules(), ZONE), on_change=lambda what, number: told.append((what, number)), now=clock
    )
    matters = Matters(intake, storage, rules(), ZONE, now=clock, handed_over=orders.handed_over)
    await ensure_units(storage, rules(), "临汾市12315热线", clock())
    yield Town(storage, intake, matters, orders, clock, told)
    await storage.close()


__all__ += ["BUREAU", "NEXT_STATION", "OTHER", "REPORT", "STATION", "WHO", "Town", "town"]
