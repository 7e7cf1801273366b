"""The rows that figures are counted from, on both kinds of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.core.call.record import AgentChange, Callback, CallbackState, CallOutcome
from gateway.core.item.contact import Channel, Kind, Task
from gateway.core.item.item import QueueQuery
from gateway.core.statistics import WINDOW, Rows, Standing, day_of, facts_of
from gateway.intake.intake import Intake
from gateway.storage import Storage
from tests.storage.databases import MONDAY, ZONE, contact
from tests.storage.test_ledgers import after, call

TODAY = day_of(MONDAY.astimezone(ZONE).date(), ZONE)


async def test_rows_are_those_of_the_period_and_a_day_before(storage: Storage) -> None:
    ended = {"ended_at": after(200), "outcome": CallOutcome.TALKED}
    kept = [
        call(1, started_at=TODAY.since - WINDOW, **ended),
        call(2, queued_at=after(3), talked_at=after(9), wait_seconds=6.0, agent="agent1", **ended),
        call(3, direction="out", back_of="1.1", ended_at=after(9), outcome=CallOutcome.NOT_REACHED),
        call(4, started_at=TODAY.until - timedelta(milliseconds=1), **ended),
    ]
    outside = [
        call(5, started_at=TODAY.since - WINDOW - timedelta(milliseconds=1), **ended),
        call(6, started_at=TODAY.until, **ended),
        call(7),
    ]
    await storage.calls.keep([*outside, *kept])
    changes = [AgentChange(after(n), "agent1", "talking" if n % 2 else "wrap_up", "x") for n in range(4)]
    await storage.agents.add_changes([replace(changes[0], at=TODAY.since - 2 * WINDOW), *changes])
    changes = (await storage.agents.changes(TODAY.since))[-4:]
    for n, at in enumerate((TODAY.since, TODAY.until - timedelta(milliseconds=1), TODAY.until)):
        await storage.call_backs.book(Callback(f"b{n}", "139", f"b{n}", MONDAY, at))
    assert await storage.figures.rows([TODAY]) == [Rows([facts_of(one) for one in kept], changes, [], 2)]


async def test_what_came_in_writing_is_counted_by_channel(storage: Storage, intake: Intake) -> None:
    for n, channel in enumerate((Channel.WEB, Channel.WEB, Channel.LETTER, Channel.PHONE)):
        await intake.submit(contact(f"k{n}", channel=channel))
    await intake.submit(contact("k9", received_at=TODAY.since - timedelta(seconds=1)))
    (found,) = await storage.figures.rows([TODAY])
    assert sorted(found.written) == [(Channel.LETTER, 1), (Channel.WEB, 2)]


async def test_what_stands_open(storage: Storage, intake: Intake) -> None:
    assert await storage.figures.standing(MONDAY.date(), MONDAY) == Standing()
    web = await intake.submit(contact("web:1"))
    first = min(due.on for due in web.due)
    for today, overdue, soon in (
        (first - timedelta(days=3), 0, 0),
        (first - timedelta(days=2), 0, 1),
        (first, 0, 1),
        (first + timedelta(days=1), 1, 0),
    ):
        found = await storage.figures.standing(today, MONDAY)
        assert (found.overdue, found.due_soon) == (overdue, soon), today
        assert (found.owed, found.waiting, found.provisional) == (0, ((Channel.WEB, 1),), 0)
    await intake.submit(contact("call:1", channel=Channel.PHONE, task=Task.GAVE_UP, kind=Kind.UNSORTED))
    await intake.claim("agent1", QueueQuery(), web.number)
    await intake.complete(web.number, "agent1", "已答复")
    assert await storage.figures.standing(MONDAY.date(), MONDAY) == Standing(
        1, waiting=((Channel.PHONE, 1),), to_take=1
    )


async def test_calls_owed_are_those_that_somebody_still_waits_for(storage: Storage, intake: Intake) -> None:
    receipt = await intake.submit(contact("call:1", channel=Channel.PHONE, task=Task.CALL_BACK))
    for n, state in enumerate(CallbackState):
        one = Callback(f"b{n}", "139", f"b{n}", MONDAY, MONDAY, state, receipt.number)
        await storage.call_backs.book(one)
    assert (await storage.figures.standing(MONDAY.date(), MONDAY)).owed == 4, "all but done and cancelled"
    await intake.claim("agent1", QueueQuery(), receipt.number)
    await intake.complete(receipt.number, "agent1", "已答复")
    assert (await storage.figures.standing(MONDAY.date(), MONDAY)).owed == 3, "not reached, and dealt with"


async def test_clocks_of_what_is_over_no_longer_run(storage: Storage, intake: Intake) -> None:
    """Merged, closed, taken back: the figure follows each change of state."""
    receipts = [await intake.submit(contact(f"web:{n}")) for n in range(3)]
    late = max(due.on for due in receipts[0].due) + timedelta(days=400)

    async def overdue() -> int:
        return (await storage.figures.standing(late, MONDAY)).overdue

    assert await overdue() == 3
    await intake.merge(receipts[0].number, receipts[1].number, "agent1", "")
    assert await overdue() == 2
    await intake.unmerge(receipts[0].number, "agent1", "")
    assert await overdue() == 3
    await intake.claim("agent1", QueueQuery(), receipts[2].number)
    await intake.complete(receipts[2].number, "agent1", "已答复")
    assert await overdue() == 2
