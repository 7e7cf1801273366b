"""Orders that an earlier version made know after the upgrade whether their item was assigned anew (0049)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import Connection, select, text

from gateway.core.order.figures import Figure
from gateway.storage import Storage
from gateway.storage.database import Database
from gateway.storage.order_figures import counts
from gateway.storage.tables import orders
from tests.storage.databases import empty_url, templates
from tests.storage.earlier import tables_of

__all__ = ["empty_url", "templates"]
AT = 1_772_415_000_000  # 2 March 2026
ITEM = text(
    """insert into items (number, query_code, channel, kind, task, state, received_at, county, anonymous)
       values (:number, '123456', 'web', 'complaint', 'none', :state, :at, '141002', false)"""
)
ORDER = text(
    """insert into orders (id, number, unit, bureau, state, urgency, assigned_at, since, begun_on, budget,
                           due, late_from_start, ever_late, firm, problem, returned_to)
       values (:id, :number, '141002', '141002', :state, 'general', :at, :at, '2026-03-02', 5,
               '2026-03-09', false, false, false, false, :to)"""
)
FIRST, SECOND, THIRD = "260302000017", "260302000025", "260302000033"
MADE = (
    (1, FIRST, "returned"),
    (2, SECOND, "returned"),  # lies with the centre still
    (3, FIRST, "returned"),
    (4, FIRST, "handling"),
    (5, THIRD, "cancelled"),
    (6, THIRD, "closed"),
)


def earlier(connection: Connection) -> None:
    tables_of(connection, "0048")
    for number, state in ((FIRST, "handed_over"), (SECOND, "in_work"), (THIRD, "closed")):
        connection.execute(ITEM, {"number": number, "state": state, "at": AT})
    for id_, number, state in MADE:
        to = "centre" if state == "returned" else ""
        connection.execute(ORDER, {"id": id_, "number": number, "state": state, "at": AT, "to": to})


async def test_an_order_with_a_later_one_of_its_item_is_superseded(empty_url: str, tmp_path: Path) -> None:
    if empty_url.startswith("sqlite"):
        (tmp_path / "gateway.db").touch()
    await Database(empty_url).whole(earlier, change=True)
    storage = await Storage.open(empty_url, tmp_path)
    of_orders = select(orders.c.id, orders.c.superseded).order_by(orders.c.id)
    read = storage.database.read
    superseded = await read(lambda t: [row.id for row in t.execute(of_orders) if row.superseded])
    figures = await read(lambda t: {one.figure: one.count for one in counts(t, date(2026, 3, 3), None)})
    await storage.close()
    assert superseded == [1, 3, 5]
    assert figures[Figure.RETURNED] == 1
    assert figures[Figure.IN_HANDLING] == 1
