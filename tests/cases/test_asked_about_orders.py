"""Follow-up calls about what units did: their order on the row, done again for it, asked once more."""

from __future__ import annotations

from datetime import timedelta

from gateway.cases.follow_ups import FollowUps
from gateway.cases.orders import asked_about
from gateway.core.followup import Answers, FollowUp, FollowUpQuery
from gateway.core.item.item import ItemState
from gateway.core.order.order import Order, OrderState
from gateway.core.order.states import OrderEvent
from tests.cases.conftest import BUREAU, REPORT, Town
from tests.storage.databases import ZONE, rules

E = OrderEvent


async def told(town: Town, order: Order) -> None:
    """The unit reports, the centre approves, and the answer goes out: the item is closed."""
    await town.act(order, "bureau", E.REPORT, report=REPORT)
    await town.act(order, "dispatcher", E.APPROVE)
    await town.storage.outbox.plan(None, 100, town.clock())
    assert await town.orders.close_told() == 1


async def asked(calls: FollowUps) -> FollowUp:
    (row,) = (await calls.page(FollowUpQuery())).rows
    return row.call


async def test_the_unit_does_again_what_was_its_fault_and_is_asked_about_once_more(town: Town) -> None:
    calls = FollowUps(town.intake.changes, rules(), ZONE)
    asked_about(town.orders, calls)
    order = await town.assign(await town.number())
    await town.act(order, "bureau", E.SIGN)
    await told(town, order)
    first = await asked(calls)
    assert (first.unit, first.order, first.round) == (BUREAU, order.id, 1)
    town.clock.at = first.due_at
    row = await calls.result(first.id, "agent1", Answers(False, False, 4, 4, "not_contacted"))
    again = await town.order(order)
    assert (again.state, again.rounds) == (OrderState.DONE_AGAIN, 1)
    assert (row.item.state, row.call.again) == (ItemState.HANDED_OVER, True)
    assert not (await calls.page(FollowUpQuery())).rows

    await told(town, order)
    second = await asked(calls)
    assert (second.unit, second.order, second.round) == (BUREAU, order.id, 2)
    assert second.due_at > first.due_at + timedelta(hours=12)
    await calls.result(second.id, "agent1", Answers(True, False, 1, 5, "law"))
    assert (await town.order(order)).state is OrderState.CLOSED
    assert [call.verdict for call in await calls.of_item(order.number)] == ["dissatisfied", "law"]
