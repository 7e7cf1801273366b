"""Whatever people do in whatever order: no order is lost, none stands beside another, none goes sideways."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.states import Event
from gateway.core.order.order import Order
from gateway.core.order.states import OPEN, TABLE, OrderEvent
from gateway.errors import Refused
from gateway.intake.decisions import Act
from gateway.storage.orders import OrderRows
from tests.cases.conftest import BUREAU, NEXT_STATION, OTHER, REPORT, STATION, WHO, Town

UNITS = (BUREAU, STATION, NEXT_STATION, OTHER)
SAID: dict[OrderEvent, dict[str, object]] = {
    OrderEvent.RETURN: {"reason": "other"},
    OrderEvent.ASK_EXTENSION: {"days": 3, "reason": "鉴定"},
    OrderEvent.DECIDE_EXTENSION: {"granted": True},
    OrderEvent.SUSPEND: {"reason": "检测", "paper": "1"},
    OrderEvent.DECIDE: {"event": "accept"},
    OrderEvent.CANCEL: {"reason": "派错"},
    OrderEvent.REPORT: {"report": REPORT},
    OrderEvent.DO_AGAIN: {"reason": "未解决"},
}
ACTS = st.tuples(
    st.sampled_from([event for event in OrderEvent if event is not OrderEvent.SUPERVISE]),
    st.sampled_from(("dispatcher", "leader", "bureau", "station", "other")),
    st.sampled_from(UNITS),
)
STEPS = st.one_of(
    ACTS,
    ACTS,
    ACTS,
    ACTS,
    st.tuples(st.just("assign"), st.sampled_from(("dispatcher", "agent")), st.sampled_from(UNITS)),
    st.tuples(st.sampled_from(("day", "told", "withdraw", "reopen", "claim")), st.just(""), st.just("")),
)


async def step(town: Town, number: str, what: str, who: str, unit: str) -> None:
    """One step by somebody; what is refused changes nothing."""
    orders = await town.orders.of_item(number, WHO["leader"])
    with suppress(Refused):
        if what == "assign":
            await town.assign(number, unit, who=who)
        elif what == "day":
            town.clock.on(days=1)
        elif what == "told":
            await town.storage.outbox.plan(None, 100, town.clock())
            await town.orders.close_told()
        elif what == "claim":
            await town.intake.claim("agent1", QueueQuery(), number, 1)
            town.clock.at += timedelta(seconds=2)
        elif what in ("withdraw", "reopen"):
            await town.desk(number, Act(Event(what), {"reason": "又来", "text": "撤回"}))
        elif orders:
            event = OrderEvent(what)
            said = {"text": "说明", "unit": unit, **SAID.get(event, {})}
            await town.act(orders[-1].order, who, event, **said)


async def holds(town: Town, number: str, before: dict[int, Order]) -> dict[int, Order]:
    """What is true of an item's orders after each step."""
    rows: OrderRows = town.storage.orders
    orders = await town.storage.database.read(lambda t: rows.of_item(t, number))
    tree = await town.storage.units.tree()
    item = (await town.intake.get(number)).item
    assert before.keys() <= {order.id for order in orders}, "none is lost"
    open_orders = [order for order in orders if order.state in OPEN]
    assert len(open_orders) <= 1, "none stands beside another"
    assert not open_orders or item.state not in (ItemState.RECEIVED, ItemState.IN_WORK, ItemState.CLOSED)
    for order in orders:
        assert tree.within(order.unit, order.bureau), "it stays below its bureau"
        earlier = before.get(order.id)
        if earlier:
            assert order.bureau == earlier.bureau, "it never goes sideways"
            assert order.state == earlier.state or order.state in reachable(earlier)
            assert order.ever_late or not earlier.ever_late, "that it was late stays"
            granted = order.granted > earlier.granted
            assert not granted or (order.legal_due and order.due and order.due <= order.legal_due)
    if open_orders:
        (last,) = open_orders
        assert last.due is None or last.legal_due is None or last.due <= max(last.legal_due, last.begun_on)
    return {order.id: order for order in orders}


def reachable(order: Order) -> set[str]:
    """Where one step may lead; approving closes at once."""
    after = set(TABLE[order.state].values())
    return after | {follows for state in after for follows in TABLE[state].values()}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(st.lists(STEPS, min_size=12, max_size=30))
async def test_random_acts_lose_nothing(town: Town, steps: list[tuple[str, str, str]]) -> None:
    count = await town.storage.items.counts()
    number = await town.number(f"web:{sum(row[2] for row in count)}")
    await town.assign(number)
    orders = await holds(town, number, {})
    for what, who, unit in steps:
        await step(town, number, what, who, unit)
        orders = await holds(town, number, orders)
