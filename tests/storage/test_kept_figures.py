"""Figures of days that are over are kept, and are at any time what would be counted afresh."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import delete, insert, select, update

from gateway.calls.statistics import Statistics
from gateway.core.call.record import AgentChange, Callback, CallOutcome
from gateway.core.item.contact import Channel
from gateway.core.statistics import Figures, day_of, figures
from gateway.intake.intake import Intake
from gateway.storage import Storage, kept_figures
from gateway.storage.rows import to_ms
from gateway.storage.tables import agent_changes, call_backs, calls, items
from tests.storage.databases import MONDAY, ZONE, contact
from tests.storage.test_bulk import add
from tests.storage.test_ledgers import call

TODAY = MONDAY.astimezone(ZONE).date()
DAYS = [TODAY - timedelta(days=n) for n in range(5, -1, -1)]
OVER = [day_of(day, ZONE) for day in DAYS[:-1]]
Change = Callable[[Storage, Intake, Random], Awaitable[object]]


def book(storage: Storage) -> Statistics:
    return Statistics(storage.figures, ZONE, lambda: MONDAY)


async def asked(storage: Storage) -> list[Figures]:
    return [counted async for _, counted in book(storage).days(DAYS[0], DAYS[-1])]


async def fresh(storage: Storage, days: Sequence[date] = DAYS) -> list[Figures]:
    periods = [day_of(day, ZONE) for day in days]
    rows = await storage.figures.rows(periods)
    return [figures(period, row, MONDAY) for period, row in zip(periods, rows, strict=True)]


def some_time(chance: Random) -> timedelta:
    """Before MONDAY; often near a midnight, and on both sides of the first day."""
    near = chance.choice([0, 0, chance.randrange(-2, 3)])
    day = timedelta(days=chance.randrange(8), hours=9, minutes=30)
    return day + timedelta(milliseconds=near) if near else timedelta(seconds=chance.randrange(8 * 86400))


async def a_call(storage: Storage, intake: Intake, chance: Random) -> None:
    began = MONDAY - some_time(chance)
    await storage.calls.keep(
        [
            call(
                chance.randrange(40),  # the same id again replaces the call, also on another day
                started_at=began,
                queued_at=chance.choice([None, began]),
                talked_at=chance.choice([None, began]),
                wait_seconds=chance.random() * 40,
                agent=chance.choice(["", "agent1", "agent2"]),
                direction=chance.choice(["in", "in", "out"]),
                back_of=chance.choice(["", "1.1"]),
                ended_at=chance.choice([None, began + timedelta(minutes=3)]),
                outcome=chance.choice(list(CallOutcome)),
            )
        ]
    )


async def a_seat_change(storage: Storage, intake: Intake, chance: Random) -> None:
    state = chance.choice(["talking", "wrap_up", "available"])
    await storage.agents.add_changes([AgentChange(MONDAY - some_time(chance), "agent1", state, "")])


async def an_item(storage: Storage, intake: Intake, chance: Random) -> None:
    key = f"web:{chance.getrandbits(60)}"
    channel = chance.choice([Channel.WEB, Channel.LETTER, Channel.PHONE])
    await intake.submit(contact(key, received_at=MONDAY - some_time(chance), channel=channel))


async def a_call_back(storage: Storage, intake: Intake, chance: Random) -> None:
    id_ = f"b{chance.getrandbits(60)}"
    await storage.call_backs.book(Callback(id_, "139", id_, MONDAY, MONDAY - some_time(chance)))


async def many_items(storage: Storage, intake: Intake, chance: Random) -> None:
    await add(storage, chance.choice(DAYS), 10)


async def a_repair_by_hand(storage: Storage, intake: Intake, chance: Random) -> None:
    """What an administrator does on the database's console."""
    at = to_ms(MONDAY - some_time(chance))
    statement = chance.choice(
        [
            delete(calls).where(calls.c.started_at < at),
            update(calls).values(outcome="talked", wait_seconds=1.5),
            update(calls).where(calls.c.started_at > at).values(started_at=at),
            delete(agent_changes).where(agent_changes.c.at < at),
            update(items).values(channel="email"),
            update(items).where(items.c.received_at > at).values(received_at=at),
            update(call_backs).values(booked_at=at),
            delete(call_backs),
        ]
    )
    await storage.database.write(lambda t: t.execute(statement).close())


CHANGES: tuple[Change, ...] = (
    a_call,
    a_call,
    a_seat_change,
    an_item,
    a_call_back,
    many_items,
    a_repair_by_hand,
)


@pytest.mark.parametrize("seed", range(4))
async def test_kept_figures_are_those_counted_afresh_after_any_change(
    storage: Storage, intake: Intake, seed: int
) -> None:
    chance = Random(seed)
    for step in range(25):
        change = chance.choice(CHANGES)
        await change(storage, intake, chance)
        assert await asked(storage) == await fresh(storage), (step, change.__name__)
        assert await asked(storage) == await fresh(storage), (step, change.__name__, "kept")
        assert list(await storage.figures.kept(OVER)) == OVER


async def test_what_is_kept_is_not_counted_again(storage: Storage, intake: Intake) -> None:
    for n in range(30):
        await a_call(storage, intake, Random(n))
    await asked(storage)
    false = Figures(offered=12315)
    periods = dict.fromkeys(OVER, false)
    ticket, _ = await storage.figures.rows_to_keep(OVER)
    await storage.figures.keep(ticket, periods)
    assert (await asked(storage))[:-1] == [false] * len(OVER)
    await storage.calls.keep([call(99, started_at=OVER[1].since, ended_at=OVER[1].since)])
    assert [f == false for f in await asked(storage)] == [True, False, False, True, True, False], (
        "its day and the next"
    )


async def test_figures_of_other_rules_are_counted_again(
    storage: Storage, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, _ = await storage.figures.rows_to_keep(OVER)
    await storage.figures.keep(ticket, {period: Figures(offered=12315) for period in OVER})
    table = kept_figures.kept_figures
    await storage.database.write(lambda t: t.execute(update(table).values(counted_by="older")).close())
    assert await asked(storage) == await fresh(storage)
    by = await storage.database.read(lambda t: set(t.execute(select(table.c.counted_by)).scalars()))
    assert by == {kept_figures.COUNTED_BY}


async def test_what_changes_while_it_is_counted_is_not_kept(storage: Storage) -> None:
    ticket, rows = await storage.figures.rows_to_keep(OVER)
    late = call(1, started_at=OVER[2].since, ended_at=OVER[2].since, outcome=CallOutcome.TALKED)
    await storage.calls.keep([late])
    counted = [figures(period, row, MONDAY) for period, row in zip(OVER, rows, strict=True)]
    await storage.figures.keep(ticket, dict(zip(OVER, counted, strict=True)))
    assert list(await storage.figures.kept(OVER)) == [OVER[0], OVER[1], OVER[4]]
    assert await asked(storage) == await fresh(storage)


async def test_a_writer_that_is_not_done_lets_nothing_be_kept(storage: Storage) -> None:
    """On PostgreSQL its rows are not seen yet; SQLite has one writer at a time."""
    if storage.database.sqlite:
        return
    late = replace(call(1), started_at=OVER[2].since, ended_at=OVER[2].since, outcome=CallOutcome.TALKED)
    async with storage.database._engine._engine.begin() as writer:  # type: ignore[attr-defined]
        values = {"id": "x", "direction": "in", "line": 1, "started_at": to_ms(late.started_at)}
        ends = {"ended_at": to_ms(late.started_at), "outcome": "talked", "recording_state": "none"}
        await writer.execute(insert(calls).values(**values, **ends))
        async with asyncio.timeout(5):
            before = await asked(storage)
        assert before[2].offered == 0 and await storage.figures.kept(OVER) == {}
    after = await asked(storage)
    assert after[2].offered == 1 and after == await fresh(storage)
    assert list(await storage.figures.kept(OVER)) == OVER


async def test_days_that_are_over_are_counted_ahead(storage: Storage, intake: Intake) -> None:
    """Whoever asks first finds them kept; a day that changed is counted again by the next round."""
    chance = Random(7)
    for _ in range(30):
        await a_call(storage, intake, chance)
    await book(storage).keep_ahead()
    assert set(await storage.figures.kept(OVER)) == set(OVER)
    assert await asked(storage) == await fresh(storage)
    await storage.calls.keep([call(99, started_at=OVER[2].since, ended_at=OVER[2].since)])
    assert OVER[2] not in await storage.figures.kept(OVER)
    await book(storage).keep_ahead()
    assert set(await storage.figures.kept(OVER)) == set(OVER)
    assert await asked(storage) == await fresh(storage)
