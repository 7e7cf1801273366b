"""SIGKILL at random moments while a whole centre works: orders, rungs, mails, calls to units and to people.

No order is lost, none doubled; no rung is told twice; nobody is rung twice for one, nor after he answered.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from gateway.accounts.seed_units import ensure_units
from gateway.core.order.ladder import Rung
from gateway.storage import Storage
from gateway.storage.tables import (
    deliveries,
    duty_calls,
    follow_ups,
    items,
    order_events,
    order_rungs,
    orders,
)
from tests.cases.centre_worker import BUREAU, began, work_for_ever
from tests.cases.order_worker import EVENTS
from tests.cases.test_supervision import MAY_11
from tests.killed import killed
from tests.notify.mail_server import MailServer
from tests.storage.databases import rules, templates, url

__all__ = ["templates", "url"]
KILLS = (8, pytest.param(200, marks=pytest.mark.soak))  # on each kind of database
DAYS = 30
"""From the first kill to the last by the centre's clock: long enough for the whole ladder."""
RUNGS = {rung.value for rung in Rung}


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    made = MailServer()
    await made.start()
    yield made
    await made.stop()


async def prepared(url: str, var: Path) -> None:
    """A unit that is written to and rung, and whose leader is written to."""
    storage = await Storage.open(url, var)
    await ensure_units(storage, rules(), "中心", datetime.now(UTC))
    unit = (await storage.units.tree()).get(BUREAU)
    assert unit is not None
    told = replace(unit, mail="unit@example.cn", leader_mail="leader@example.cn", phones=("03571234567",))
    await storage.units.keep([told], "admin", MAY_11)
    await storage.close()


@pytest.mark.parametrize("kills", KILLS)
async def test_nothing_is_lost_and_nothing_happens_twice(
    url: str, tmp_path: Path, server: MailServer, kills: int
) -> None:
    await prepared(url, tmp_path)
    chance, told = random.Random(12315), list[Any]()
    for round_ in range(kills):
        at = MAY_11 + timedelta(days=DAYS * round_ // kills)
        life = (url, tmp_path, at, server.port, round_)
        words = chance.randint(1, 24)  # so each life does something, however slow the machine is
        told += await asyncio.to_thread(killed, work_for_ever, chance.uniform(0, 0.1), *life, words=words)
    tables = await settled(url, tmp_path, server)
    assert orders_are_whole(tables, told) > kills // 2
    rungs_were_told_once(tables)
    nobody_was_rung_twice(tables, told)
    each_mail_came(tables, server, kills)


async def settled(url: str, var: Path, server: MailServer) -> dict[str, list[Any]]:
    """Let all that is owed be done by one that lives; every row that there is then."""
    work = await began(url, var, MAY_11 + timedelta(days=DAYS + 1), server.port, lambda told: None)
    await work.centre.supervision.look()
    await work.office.start()
    wanted = (deliveries.c.state == "waiting") & (deliveries.c.way == "mail")
    async with asyncio.timeout(120):
        while await rows(work.centre.storage, deliveries, wanted):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await work.centre.orders.close_told()
    await work.office.stop()
    known = (deliveries, duty_calls, follow_ups, items, order_events, order_rungs, orders)
    tables = {table.name: await rows(work.centre.storage, table) for table in known}
    await work.centre.storage.close()
    return tables


async def rows(storage: Storage, table: Table, *wanted: Any) -> list[Any]:
    return await storage.database.read(lambda t: list(t.execute(select(table).where(*wanted)).all()))


def orders_are_whole(tables: dict[str, list[Any]], told: list[Any]) -> int:
    """One order for each item, with every act that was acknowledged and with no half of one; how many."""
    acknowledged: Counter[int] = Counter()
    for what, order, *rest in told:
        if what == "act":
            acknowledged[order] = max(acknowledged[order], rest[0])
    assert all(count == 1 for count in Counter(order.number for order in tables["orders"]).values())
    acts = defaultdict(list)
    for event in sorted(tables["order_events"], key=lambda event: int(event.id)):
        if event.event not in RUNGS and not event.event.startswith("duty_"):
            acts[event.order_id].append(event.event)
    assert acknowledged.keys() <= acts.keys() == {order.id for order in tables["orders"]}
    for order, done in acts.items():
        assert done == list(EVENTS[: len(done)])
        assert len(done) >= acknowledged[order], "what was acknowledged is there"
    assigned = {order.number for order in tables["orders"]}
    assert all((item.state == "received") is (item.number not in assigned) for item in tables["items"])
    return len(acts)


def rungs_were_told_once(tables: dict[str, list[Any]]) -> None:
    """In the ledger, in the order's history, and by every way that the ledger names."""
    lines = [line for line in tables["order_rungs"] if not line.passed_over]
    ledger = Counter((line.order_id, line.rung) for line in lines)
    history = Counter((e.order_id, e.event) for e in tables["order_events"] if e.event in RUNGS)
    assert ledger == history and set(ledger.values()) == {1}
    assert {rung for _, rung in ledger} >= {"orange", "red"}
    posted = Counter(
        int(one.key.split(":")[2]) for one in tables["deliveries"] if one.key.startswith("mail:rung:")
    )
    called = Counter(call.rung_id for call in tables["duty_calls"])
    for line in lines:
        words = json.loads(line.told)
        assert posted[line.id] == sum(word.startswith("mail") for word in words), line
        assert called[line.id] == words.count("call"), line
    sheets = [line.sheet for line in lines if line.sheet]
    assert len(sheets) == len(set(sheets)) > 0


def nobody_was_rung_twice(tables: dict[str, list[Any]], told: list[Any]) -> None:
    """Each dial is made once, and none for what somebody has answered or taken note of."""
    dials, over = Counter[str](), set[str]()
    for what, *rest in told:
        if what == "dialled":
            dials[rest[0]] += 1
            assert rest[1] not in over, rest
        elif what == "settled":
            over.add(rest[0])
    assert dials and set(dials.values()) == {1}
    assert {call.partition("-")[0] for call in over} == {"duty", "survey"}
    taken = {f"duty-{call.id}" for call in tables["duty_calls"] if call.state == "taken"}
    answered = {f"survey-{call.id}" for call in tables["follow_ups"] if call.state == "answered"}
    assert over <= taken | answered
    asked = Counter((call.number, call.round) for call in tables["follow_ups"])
    closed = {item.number for item in tables["items"] if item.state == "closed"}
    assert asked == dict.fromkeys(((number, 1) for number in closed), 1)


def each_mail_came(tables: dict[str, list[Any]], server: MailServer, kills: int) -> None:
    """The same mail may come again when the kill came between handing it over and writing that down."""
    sent = [one for one in tables["deliveries"] if one.way == "mail"]
    assert {one.state for one in sent} == {"sent"}
    ids = Counter(str(mail["Message-ID"]) for mail in server.mails())
    assert len(ids) == len(sent)
    assert ids.total() - len(ids) <= kills
    answered = Counter(one.number for one in sent if one.notice == "answered")
    closed = {item.number for item in tables["items"] if item.state == "closed"}
    assert set(answered.values()) == {1} and closed <= answered.keys()
