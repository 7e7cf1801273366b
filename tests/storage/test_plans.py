"""Reads of lists go along an index that fits them, however many rows there are, on both databases.

An empty database is asked: SQLite knows nothing of how rows are spread in a real one either.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.core.followup import FollowUpQuery, FollowUpState
from gateway.core.item.item import QueueQuery
from gateway.core.order.dispatch import DispatchQuery
from gateway.core.order.figures import Figure
from gateway.core.order.ladder import Rung
from gateway.core.order.order import OrderQuery, OrderState
from gateway.storage import Storage, Transaction
from gateway.storage.order_figures import counts
from gateway.storage.order_period import Span, asked_facts, order_facts
from tests.storage.databases import MONDAY
from tests.storage.plans import SORTS, plans, whole_tables

TODAY = date(2026, 5, 20)
BUREAU = OrderQuery(bureau="141002", today=TODAY)
ORDERS = ("orders", "order_rungs", "order_events", "order_reports", "follow_ups", "items", "calls")


async def test_the_matrix_is_counted_from_its_index_alone(storage: Storage) -> None:
    first, second = await plans(storage, lambda t: counts(t, TODAY, None))
    assert "orders_in_matrix" in first
    assert "TEMP B-TREE" not in first  # the rows of a unit stand together
    assert "orders_given_back" in second
    for plan in await plans(storage, lambda t: counts(t, TODAY, None, ["141002"])):
        assert not whole_tables(plan, *ORDERS), plan


@pytest.mark.parametrize(
    "query",
    [
        BUREAU,
        replace(BUREAU, open=True),
        replace(BUREAU, states=(OrderState.CLOSED,)),
        replace(BUREAU, overdue=TODAY),
        OrderQuery(at="14100201"),
        OrderQuery(open=True),
        OrderQuery(states=(OrderState.EXTENSION_ASKED,)),
        *(replace(BUREAU, figure=figure) for figure in Figure if figure is not Figure.RETURNED),
        *(OrderQuery(figure=figure, today=TODAY) for figure in Figure if figure is not Figure.RETURNED),
    ],
)
async def test_a_list_of_orders_is_read_in_the_order_of_an_index(storage: Storage, query: OrderQuery) -> None:
    for plan in await plans(storage, lambda t: storage.orders.page(t, query)):
        assert not whole_tables(plan, *ORDERS), plan
        if storage.database.sqlite:  # PostgreSQL sorts few rows where it knows that they are few
            assert SORTS not in plan, plan


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (OrderQuery(figure=Figure.RETURNED, today=TODAY), "orders_given_back"),
        (OrderQuery(problem=True), "orders_problem"),
        (OrderQuery(disputed=True), "orders_disputed"),
        (OrderQuery(pressing=True, today=TODAY), "orders_urgent"),
    ],
)
async def test_few_orders_are_listed_from_an_index_over_them_alone(
    storage: Storage, query: OrderQuery, index: str
) -> None:
    (plan,) = await plans(storage, lambda t: storage.orders.page(t, query))
    assert index in plan


async def test_open_problem_orders_are_looked_for_among_problem_orders(storage: Storage) -> None:
    (plan,) = await plans(storage, storage.orders.open_problems)
    few = ("orders_problem", "orders_in_matrix")  # PostgreSQL knows which has fewer
    assert any(index in plan for index in few), plan


async def test_a_period_is_read_from_indexes_of_its_days(storage: Storage) -> None:
    span = Span(TODAY, TODAY, MONDAY, MONDAY + timedelta(days=1))

    def read(t: Transaction) -> None:
        order_facts(t, span, None, lambda at: at.date(), lambda assigned, since: since)
        asked_facts(t, span, None, lambda at: at.date(), lambda unit: unit)

    found, asked = await plans(storage, read)
    assert not whole_tables(found, *ORDERS), found
    for index in ("orders_by_assignment", "orders_by_due", "orders_by_closing", "order_reports_of"):
        assert index in found
    assert "follow_ups_by_closing" in asked


async def test_red_orders_are_read_by_the_orders_that_are_owed(storage: Storage) -> None:
    (supervised,) = await plans(storage, lambda t: storage.supervision.standing(t, (Rung.RED, Rung.RAISED)))
    assert "orders_supervised" in supervised


async def test_follow_up_calls_are_read_in_the_order_of_their_index(storage: Storage) -> None:
    for query in (FollowUpQuery(), FollowUpQuery(state=FollowUpState.ANSWERED)):
        found = await plans(storage, lambda t: storage.follow_ups.page(t, query))  # noqa: B023
        for plan in found[:-1]:
            assert "follow_ups_due" in plan
            assert SORTS not in plan
        for plan in await plans(storage, lambda t: storage.follow_ups.count(t, query)):  # noqa: B023
            assert not whole_tables(plan, *ORDERS), plan


async def test_what_others_hold_is_looked_for_among_what_is_held(storage: Storage) -> None:
    query = DispatchQuery("supervisor", datetime(2026, 5, 20, tzinfo=UTC))
    held, _ = await plans(storage, lambda t: storage.dispatch.total(t, query))
    assert "items_held" in held


async def test_overdue_items_are_found_by_their_next_clock(storage: Storage) -> None:
    places, *_ = await plans(storage, lambda t: storage.items.page(t, QueueQuery(due_before=TODAY)))
    assert "dues" not in places
    assert not whole_tables(places, "items"), places


async def test_calls_to_a_number_are_looked_for_among_those_that_went_out(storage: Storage) -> None:
    numbers = ["13800000000", "+8613800000000"]
    *_, to_it = await plans(storage, lambda t: storage.calls.with_number(t, numbers, 50))
    assert "calls_outgoing" in to_it


async def test_what_stands_open_is_counted_from_the_index_of_what_waits(storage: Storage) -> None:
    now = datetime(2026, 5, 20, tzinfo=UTC)
    found = await plans(storage, lambda t: storage.figures.standing_in(t, TODAY, now))
    waiting = "SCAN items USING COVERING INDEX items_waiting" if storage.database.sqlite else "items_waiting"
    assert any(waiting in plan for plan in found), found
