"""Orders worked in a process of its own, to be killed: from the assignment to the closed item, each act
told."""

from __future__ import annotations

import asyncio
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from gateway.cases.assigning import Assignment
from gateway.cases.order_actions import OrderInput
from gateway.cases.orders import Orders
from gateway.core.order.order import Report
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account, Role
from gateway.storage import Storage
from tests.storage.databases import ZONE, Clock, contact, intake_on, rules

BUREAU = "141002"
ACTS = (
    ("bureau", OrderEvent.SIGN, OrderInput()),
    ("bureau", OrderEvent.SUSPEND, OrderInput(reason="检测", paper="1")),
    ("bureau", OrderEvent.REPORT, OrderInput(report=Report("mediated", "已调解", "已退款", signed_by="李"))),
    ("centre", OrderEvent.SEND_BACK, OrderInput(text="补正")),
    ("bureau", OrderEvent.REPORT, OrderInput(report=Report("mediated", "已调解", "已退款", signed_by="李"))),
    ("centre", OrderEvent.APPROVE, OrderInput()),
)
WHO = {
    "centre": Account("dispatcher1", Role.DISPATCHER),
    "bureau": Account("bureau1", Role.UNIT_LEADER, unit=BUREAU),
}
EVENTS = ("assign", "sign", "suspend", "report", "send_back", "report", "approve", "close")
"""The history of an order whose acts were all done."""


def work_for_ever(url: str, var: Path, round_: int, told: Connection) -> None:
    """Take items through their orders until somebody ends it; tells number, order and how many acts are
    done."""
    asyncio.run(_work(url, var, round_, told))


async def _work(url: str, var: Path, round_: int, told: Connection) -> None:
    storage = await Storage.open(url, var)
    intake, orders = intake_on(storage, Clock()), Orders(storage, rules(), ZONE, now=Clock())
    for place in count():
        number = (await intake.submit(contact(f"{round_}:{place}"))).number
        order = (await orders.assign(number, WHO["centre"], Assignment(BUREAU))).order
        told.send((number, order.id, 1))
        for done, (who, event, said) in enumerate(ACTS, 2):
            await orders.act(order.id, WHO[who], event, said)
            told.send((number, order.id, done))
        await storage.outbox.plan(None, 100, Clock()())
        await orders.close_told()
