"""Working the queue: each item in one hand, leases that end, moves, pages."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy.dialects import sqlite

from gateway.core.item import number as numbers
from gateway.core.item.contact import Channel, Kind, Person, Task
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.states import Event
from gateway.errors import Conflict, NotFound
from gateway.intake.intake import Intake
from gateway.intake.writing_up import Sorted
from gateway.storage import Storage
from gateway.storage.queue_query import next_free
from tests.storage.databases import MONDAY, Clock, contact

ANY = QueueQuery()
NOBODY = numbers.make(date(2026, 3, 2), 99)


async def submitted(intake: Intake, count: int) -> list[str]:
    """Numbers in order of arrival."""
    at = [MONDAY + timedelta(seconds=n) for n in range(count)]
    return [(await intake.submit(contact(f"web:{n}", received_at=at[n]))).number for n in range(count)]


async def test_twenty_agents_take_two_hundred_items_each_once(intake: Intake, clock: Clock) -> None:
    at = [MONDAY + timedelta(seconds=n) for n in range(200)]
    await asyncio.gather(*(intake.submit(contact(f"web:{n}", received_at=at[n])) for n in range(200)))
    taken: list[str] = []

    async def agent(who: str) -> None:
        while (detail := await intake.claim(who, ANY)) is not None:
            taken.append(detail.item.number)

    await asyncio.gather(*(agent(f"agent{n}") for n in range(20)))
    assert len(taken) == len(set(taken)) == 200


async def test_the_oldest_first_and_what_is_asked_for(intake: Intake) -> None:
    first, *_, last = await submitted(intake, 3)
    question = await intake.submit(contact("q", kind=Kind.QUESTION, county="141002", channel=Channel.COUNTER))
    for query in (
        QueueQuery(kind=Kind.QUESTION),
        QueueQuery(county="141002"),
        QueueQuery(channel=Channel.COUNTER, state=ItemState.RECEIVED, task=Task.NONE),
    ):
        detail = await intake.claim("agent1", query)
        assert detail and detail.item.number == question.number
        await intake.release(question.number, "agent1")
    assert await intake.claim("agent1", QueueQuery(kind=Kind.REPORT)) is None
    one = await intake.claim("agent1", ANY)
    two = await intake.claim("agent2", ANY, last)
    assert one and two and (one.item.number, two.item.number) == (first, last)
    with pytest.raises(Conflict):
        await intake.claim("agent3", ANY, first)
    with pytest.raises(NotFound):
        await intake.claim("agent3", ANY, NOBODY)


async def test_a_lease_ends(intake: Intake, clock: Clock) -> None:
    (number,) = await submitted(intake, 1)
    first = await intake.claim("agent1", ANY, seconds=60)
    assert first and first.item.lease and first.item.lease.until == clock.at + timedelta(seconds=60)
    clock.on(seconds=59)
    assert await intake.claim("agent2", ANY) is None
    assert (await intake.renew(number, "agent1", 60)).item.lease
    clock.on(seconds=59)
    assert await intake.claim("agent2", ANY) is None
    clock.on(seconds=1)
    second = await intake.claim("agent2", ANY)
    assert second and second.item.lease and second.item.lease.holder == "agent2"
    for late in (intake.renew(number, "agent1"), intake.complete(number, "agent1", "已答复")):
        with pytest.raises(Conflict):
            await late


async def test_release_and_complete(intake: Intake) -> None:
    (number,) = await submitted(intake, 1)
    with pytest.raises(Conflict):
        await intake.complete(number, "agent1", "已答复")
    await intake.claim("agent1", ANY)
    free = await intake.release(number, "agent1", "午休")
    assert (free.item.state, free.item.lease) == (ItemState.RECEIVED, None)
    await intake.claim("agent2", ANY)
    await intake.happen(number, "agent2", Event.ACCEPT)
    closed = await intake.complete(number, "agent2", "已调解")
    assert (closed.item.state, closed.item.lease) == (ItemState.CLOSED, None)
    assert [e.what for e in closed.timeline] == [
        "received",
        "claim",
        "release",
        "claim",
        "accept",
        "complete",
    ]
    assert await intake.claim("agent1", ANY) is None
    with pytest.raises(NotFound):
        await intake.get(NOBODY)


async def test_merge_and_unmerge(intake: Intake) -> None:
    one, two, three = await submitted(intake, 3)
    merged = await intake.merge(two, one, "agent1", "同一件事")
    assert (merged.item.state, merged.item.merged_into) == (ItemState.MERGED, one)
    for wrong in (intake.merge(one, one, "a"), intake.merge(three, two, "a"), intake.merge(two, one, "a")):
        with pytest.raises(Conflict):
            await wrong
    with pytest.raises(NotFound):
        await intake.merge(one, NOBODY, "a")
    apart = await intake.unmerge(two, "agent1", "不是同一件")
    assert (apart.item.state, apart.item.merged_into) == (ItemState.RECEIVED, "")
    past = [(e.what, e.text) for e in (await intake.get(one)).timeline]
    assert past == [("received", "none"), ("merged_here", two), ("unmerged_here", two)]


async def test_two_that_merge_crosswise(intake: Intake) -> None:
    one, two = await submitted(intake, 2)
    done = await asyncio.gather(
        intake.merge(one, two, "agent1"), intake.merge(two, one, "agent2"), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in done) == ["Conflict", "ItemDetail"]


async def test_an_unsorted_item_gets_its_clocks(intake: Intake, clock: Clock) -> None:
    call = contact(
        "c", channel=Channel.PHONE, kind=Kind.UNSORTED, task=Task.LISTEN, content="", person=Person()
    )
    number = (await intake.submit(call)).number
    clock.on(days=2)
    found = Sorted(Kind.COMPLAINT, Person("李四", "13900000000"), "漏电")
    with pytest.raises(Conflict):
        await intake.sort(number, found, "agent1")
    await intake.claim("agent1", ANY)
    item = (await intake.sort(number, found, "agent1")).item
    assert (item.kind, item.content, item.person.name) == (Kind.COMPLAINT, "漏电", "李四")
    assert item.due == (await intake.submit(contact())).due, "they run from the day of receipt"


async def test_pages_go_on_behind_the_last_one_seen(intake: Intake) -> None:
    wanted = await submitted(intake, 25)
    same = [(await intake.submit(contact(f"same:{n}"))).number for n in range(7)]  # all at one moment
    wanted[1:1] = sorted(same)
    seen: list[str] = []
    while page := await intake.page(QueueQuery(after=seen[-1] if seen else "", limit=4)):
        seen += [detail.item.number for detail in page]
        if len(seen) == 8:  # what is gone or new meanwhile shifts nothing
            await intake.merge(seen[0], seen[9 - 2], "agent1")
    assert sorted(seen) == sorted(wanted)
    assert len(seen) == 32
    assert await intake.page(QueueQuery(state=ItemState.CLOSED)) == []


async def test_counts(intake: Intake, storage: Storage) -> None:
    await submitted(intake, 3)
    await intake.claim("agent1", ANY)
    assert sorted(await storage.items.counts()) == [("in_work", "web", 1), ("received", "web", 2)]


async def test_what_waits_is_found_in_order_and_not_sorted(intake: Intake, storage: Storage) -> None:
    """However much is done already: SQLite goes along the index of what waits."""
    if not storage.database.sqlite:
        return
    await submitted(intake, 1)
    statement = str(next_free("sqlite", frozenset()).compile(dialect=sqlite.dialect(paramstyle="qmark")))
    values = (0,) * statement.count("?")
    found = await storage.database.read(
        lambda t: [row[3] for row in t.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    )
    assert found == ["SCAN items USING INDEX items_waiting"]
