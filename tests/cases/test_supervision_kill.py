"""SIGKILL at random moments while rungs are told: each is told once, with all that goes out because of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from gateway.accounts.seed_units import ensure_units
from gateway.core.order.ladder import Rung
from gateway.storage import Transaction
from gateway.storage.tables import deliveries, order_events, order_rungs
from tests.cases.climber import climb
from tests.cases.test_supervision import BUREAU, MAY_11, opened
from tests.killed import killed
from tests.storage.databases import Clock, rules, templates, url

__all__ = ["templates", "url"]
ORDERS = 24
DAYS = (13, 15, 19, 26)  # of May 2026: not signed for, blue, orange, red
KILLS = 2  # on each of these days
CLIMBED = (Rung.UNSIGNED, Rung.BLUE, Rung.ORANGE, Rung.RED)


async def test_no_rung_is_lost_or_told_twice(url: str, tmp_path: Path) -> None:
    clock, chance = Clock(), random.Random(12315)
    clock.at = MAY_11
    centre = await opened(url, tmp_path, clock)
    await ensure_units(centre.storage, rules(), "临汾市12315中心", clock.at)
    unit = (await centre.storage.units.tree()).get(BUREAU)
    assert unit is not None
    await centre.storage.units.keep([replace(unit, mail="unit@example.cn")], "admin", clock.at)
    for n in range(ORDERS):
        await centre.assigned(f"web:{n}")
    for day in DAYS:
        clock.at = datetime(2026, 5, day, 1, tzinfo=UTC)
        for _ in range(KILLS):
            await asyncio.to_thread(killed, climb, chance.uniform(0, 0.12), url, tmp_path, clock.at)
        await centre.supervision.look()

    def kept(t: Transaction) -> tuple[Counter[str], Counter[str], int, int]:
        rungs = Counter(t.execute(select(order_rungs.c.rung)).scalars())
        told = [rung.value for rung in CLIMBED]
        events = t.execute(select(order_events.c.event).where(order_events.c.event.in_(told))).scalars()
        sheets = set(t.execute(select(order_rungs.c.sheet).where(order_rungs.c.sheet != "")).scalars())
        return rungs, Counter(events), len(t.execute(select(deliveries.c.id)).all()), len(sheets)

    rungs, events, mails, sheets = await centre.storage.database.read(kept)
    assert rungs == events == Counter({rung.value: ORDERS for rung in CLIMBED})
    assert (mails, sheets) == (ORDERS * len(CLIMBED), ORDERS)
    await centre.storage.close()
