"""What was handed over to a bureau before there were orders is an order there after the upgrade."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from gateway.accounts.seed_units import ensure_units
from gateway.cases.orders import Orders
from gateway.core.item.deadlines import day_of
from gateway.core.order.order import OrderState
from gateway.storage import Storage
from gateway.storage.database import Database
from tests.cases.conftest import WHO
from tests.storage.databases import ZONE, empty_url, rules, templates
from tests.storage.earlier import tables_of

__all__ = ["empty_url", "templates"]

BEFORE = "0034"
AT = 1_772_415_000_000  # 2 March 2026
ITEM = text(
    """insert into items (number, query_code, channel, kind, task, state, received_at, county, anonymous)
       values (:number, '123456', 'web', :kind, 'none', :state, :at, :county, false)"""
)
HANDED = text(
    """insert into timeline (number, at, what, who, text)
       values ('260302000017', :at, 'hand_over', 'agent1', '')"""
)
ITEMS = (
    ("260302000017", "complaint", "handed_over", "141002"),
    ("260302000025", "question", "handed_over", "141021"),
    ("260302000033", "complaint", "in_work", "141002"),
    ("260302000041", "complaint", "closed", "141002"),
)


def earlier(connection: Connection) -> None:
    """The tables as they were, with items."""
    tables_of(connection, BEFORE)
    for number, kind, state, county in ITEMS:
        values = {"number": number, "kind": kind, "state": state, "county": county, "at": AT}
        connection.execute(ITEM, values)
    connection.execute(HANDED, {"at": AT + 60_000})


async def test_what_was_handed_over_is_an_order_that_begins_today(empty_url: str, tmp_path: Path) -> None:
    if empty_url.startswith("sqlite"):
        (tmp_path / "gateway.db").touch()
    await Database(empty_url).whole(earlier, change=True)
    storage = await Storage.open(empty_url, tmp_path)
    await ensure_units(storage, rules(), "中心", datetime.now(UTC))
    orders = Orders(storage, rules(), ZONE)
    await orders.recount()
    made = {
        number: [shown.order for shown in await orders.of_item(number, WHO["leader"])] for number, *_ in ITEMS
    }
    await storage.close()
    assert [len(made[number]) for number, *_ in ITEMS] == [1, 1, 0, 0]
    one = made["260302000017"][0]
    assert (one.unit, one.bureau, one.state, one.firm) == ("141002", "141002", OrderState.HANDLING, True)
    assert one.assigned_at.timestamp() * 1000 == AT + 60_000
    assert (one.budget, made["260302000025"][0].budget) == (5, 3)
    assert one.due and one.due > day_of(datetime.now(UTC), ZONE) and not one.ever_late
