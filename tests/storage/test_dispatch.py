"""What is to be assigned, on both databases: which items, in what order, who had a respondent's before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.item.contact import Due, Kind, Respondent
from gateway.core.item.item import ItemState, Lease
from gateway.core.order.dispatch import DispatchQuery
from gateway.core.order.order import Order, OrderState, Urgency
from gateway.intake.intake import Intake
from gateway.storage import Storage, Transaction
from tests.storage.databases import MONDAY, ZONE, contact

TODAY = MONDAY.astimezone(ZONE).date()
ORDERS = (
    (OrderState.ASSIGNED, "14100201"),
    (OrderState.CLOSED, "141081"),
    (OrderState.RETURNED, "141024"),  # it was not theirs
    (OrderState.CANCELLED, "141024"),
)
ASKED = DispatchQuery("agent1", MONDAY, limit=2)


async def item(
    storage: Storage, intake: Intake, key: str, state: ItemState, days: int, holder: str = "", **said: object
) -> str:
    number = (await intake.submit(contact(key, **said))).number

    def changed(t: Transaction) -> None:
        storage.items.replace_dues(t, number, [Due("c", TODAY + timedelta(days=days), False, "")])
        storage.items.set_state(t, number, state)
        lease = (
            Lease(holder.strip("-"), MONDAY + timedelta(minutes=-1 if holder[0] == "-" else 1))
            if holder
            else None
        )
        storage.items.set_lease(t, number, lease)

    await storage.database.write(changed)
    return number


async def test_open_items_that_nobody_else_holds_by_their_clock(storage: Storage, intake: Intake) -> None:
    late = await item(storage, intake, "late", ItemState.ACCEPTED, -1, county="141081")
    mine = await item(storage, intake, "mine", ItemState.IN_WORK, 2, "agent1", kind=Kind.REPORT)
    soon = await item(storage, intake, "soon", ItemState.RECEIVED, 1)
    lapsed = await item(storage, intake, "lapsed", ItemState.IN_WORK, 3, "-agent2")
    await item(storage, intake, "held", ItemState.IN_WORK, 0, "agent2")
    await item(storage, intake, "gone", ItemState.HANDED_OVER, 0)
    await item(storage, intake, "unsorted", ItemState.RECEIVED, 0, kind=Kind.UNSORTED)
    first = await storage.dispatch.page(ASKED)
    second = await storage.dispatch.page(replace(ASKED, after=first.next))
    assert [row.row.number for row in (*first.rows, *second.rows)] == [late, soon, mine, lapsed]
    assert (first.total, second.total, second.next) == (4, None, "")
    assert first.rows[0].county == "141081" and first.rows[0].row.clock
    reports = await storage.dispatch.page(replace(ASKED, kind=Kind.REPORT))
    assert [row.row.number for row in reports.rows] == [mine] and reports.rows[0].row.name is None
    without = await storage.dispatch.page(replace(ASKED, county="", limit=9))
    assert [row.row.number for row in without.rows] == [soon, mine, lapsed]
    with pytest.raises(ValueError, match="unpack"):
        await storage.dispatch.page(replace(ASKED, after="1764000000000,261124000017"))


async def test_who_had_a_respondents_matters(storage: Storage, intake: Intake) -> None:
    numbers = []
    for n, (state, unit) in enumerate(ORDERS):
        whom = Respondent("福满超市" if n < 3 else "别家")
        number = (await intake.submit(contact(f"k{n}", respondent=whom))).number
        order = Order(0, number, unit, unit[:6], state, Urgency.GENERAL, MONDAY, MONDAY, TODAY, 5)
        await storage.database.write(lambda t: storage.orders.add(t, order))  # noqa: B023
        numbers.append(number)
    assert await storage.dispatch.earlier(["福满超市", "别家", "没有"]) == {
        "福满超市": {numbers[0]: "141002", numbers[1]: "141081"},
        "别家": {},
        "没有": {},
    }
