"""SIGKILL while orders are worked: none is lost, none doubled, no half of an act stays."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.accounts.seed_units import ensure_units
from gateway.cases.orders import OrderDetail, Orders
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.order.order import OrderState
from gateway.storage import Storage
from tests.cases.order_worker import EVENTS, WHO, work_for_ever
from tests.killed import killed
from tests.storage.databases import ZONE, Clock, intake_on, rules, templates, url

__all__ = ["templates", "url"]

KILLS = (6, pytest.param(200, marks=pytest.mark.soak))  # on each kind of database
Told = dict[int, tuple[str, int]]
STATES = dict(
    zip(
        range(1, 8),
        (
            *(OrderState.ASSIGNED, OrderState.SIGNED, OrderState.HANDLING, OrderState.REPORTED),
            *(OrderState.SENT_BACK, OrderState.REPORTED, OrderState.CLOSED),
        ),
        strict=True,
    )
)
"""The state after so many acts."""


@pytest.mark.parametrize("kills", KILLS)
async def test_no_order_is_lost_and_none_is_half_done(url: str, tmp_path: Path, kills: int) -> None:
    chance, told = random.Random(12315), Told()
    storage = await Storage.open(url, tmp_path)
    await ensure_units(storage, rules(), "中心", datetime.now(UTC))
    await storage.close()
    for round_ in range(kills):
        for number, order, done in killed(work_for_ever, chance.uniform(0, 0.3), url, tmp_path, round_):
            told[order] = (number, done)
    assert len(told) >= kills

    storage = await Storage.open(url, tmp_path)
    intake, orders = intake_on(storage, Clock()), Orders(storage, rules(), ZONE, now=Clock())
    counted = 0
    for detail in await intake.page(QueueQuery(limit=100_000)):
        for shown in await orders.of_item(detail.item.number, WHO["centre"]):
            whole = await orders.order(shown.order.id, WHO["centre"])
            check(whole, told.get(shown.order.id, (detail.item.number, 1)))
            counted += 1
        assert (detail.item.state is not ItemState.RECEIVED) is bool(
            await orders.of_item(detail.item.number, WHO["centre"])
        )
    assert counted >= len(told)
    await storage.close()


def check(whole: OrderDetail, told: tuple[str, int]) -> None:
    """It is the item's only order, with all that was acknowledged and with nothing of half an act."""
    number, done = told
    order, events = whole.shown.order, [entry.event for entry in whole.events]
    assert (order.number, whole.item.item.number) == (number, number)
    acts = min(len(events), 7)
    assert acts >= done, "what was acknowledged is there"
    assert events == list(EVENTS[: 8 if acts == 7 else acts])
    assert order.state is STATES[acts]
    assert len(whole.reports) == events.count("report")
    assert (order.suspension is not None) is (acts == 3)
    answered = (ItemState.ANSWERED, ItemState.CLOSED)
    assert whole.item.item.state in (answered if acts == 7 else (ItemState.HANDED_OVER,))
