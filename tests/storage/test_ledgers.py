"""The phone side's ledgers and the tokens, on both kinds of database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gateway.core.call.record import (
    AgentChange,
    Callback,
    CallbackState,
    CallOutcome,
    CallRecord,
    Gap,
    PathStep,
    RecordingState,
)
from gateway.core.call.transfer import TargetKind, Transfer, TransferOutcome, TransferState
from gateway.core.item.contact import Task
from gateway.core.item.item import QueueQuery
from gateway.core.ledgers import CallbackLedger, CallFilters
from gateway.storage import Storage
from gateway.storage.phone import HOLD, Agents, CallBacks
from tests.storage.databases import MONDAY, Clock, contact, intake_on


def after(seconds: float) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


def call(n: int, **changes: object) -> CallRecord:
    whole = CallRecord(f"1772415000.{n:03}", "in", f"1380000{n:04}", "12315", 1 + n % 5, after(n))
    return replace(whole, **changes)  # type: ignore[arg-type]


# ---------------------------------------------------------------- calls


async def test_transfers_are_kept_with_their_call(storage: Storage) -> None:
    asked = Transfer(f"{call(1).id}:1", call(1).id, "8001", "12345", TargetKind.PARTNER, after(10))
    ended = replace(
        asked,
        state=TransferState.OVER,
        outcome=TransferOutcome.HANDED_OVER,
        direct=True,
        line=2,
        answered_at=after(12),
        joined_at=after(12.5),
        ended_at=after(90),
    )
    await storage.calls.keep([call(1)], [asked])
    await storage.calls.keep([call(1)], [ended])
    await storage.calls.keep([call(2)])
    assert await storage.calls.transfers(call(1).id) == [ended]
    assert await storage.calls.transfers(call(2).id) == []


async def test_a_call_is_replaced_as_a_whole(storage: Storage) -> None:
    whole = call(
        1,
        answered_at=after(2.25),
        queued_at=after(9),
        talked_at=after(20),
        ended_at=after(90.125),
        path=(PathStep(after(2.25), "greeting", "1"), PathStep(after(9), "排队")),
        wait_seconds=11.5,
        agent="agent1",
        outcome=CallOutcome.TALKED,
        flow="main@3",
        recording="recordings/20260302/x.wav",
        recording_state=RecordingState.SAVED,
        number="260302000015",
        back_of="earlier",
        rating=2,
    )
    await storage.calls.keep([])
    await storage.calls.keep([call(1), call(2)])
    assert [c.id for c in await storage.calls.open_calls()] == [call(1).id, call(2).id]
    await storage.calls.keep([call(1), whole])
    await storage.calls.keep([whole])
    assert await storage.calls.get(whole.id) == whole
    assert [c.id for c in await storage.calls.open_calls()] == [call(2).id]
    await storage.calls.keep([call(1)])
    assert await storage.calls.get(call(1).id) == call(1), "nothing of the earlier row is left"
    assert await storage.calls.get("none") is None


async def test_pages_of_calls(storage: Storage) -> None:
    same = [call(n, started_at=MONDAY) for n in range(5)]
    later = [call(n, caller="138", dialled="10000", direction="out") for n in range(5, 12)]
    await storage.calls.keep([*later, *same])
    wanted = [c.id for c in sorted((*same, *later), key=lambda c: (c.started_at, c.id), reverse=True)]
    seen: list[str] = []
    while page := await storage.calls.page(None, 5, seen[-1] if seen else ""):
        seen += [c.id for c in page]
    assert seen == wanted
    assert [c.id for c in await storage.calls.page(after(10), 50)] == [call(11).id, call(10).id]
    assert len(await storage.calls.page(None, 50, numbers=("138",))) == 7
    assert len(await storage.calls.page(None, 50, numbers=("+8610000", "10000"))) == 7
    assert await storage.calls.page(None, 50, before="none") == []


async def test_calls_by_agent_outcome_and_end_of_a_period(storage: Storage) -> None:
    await storage.calls.keep(
        [
            call(1, agent="a", outcome=CallOutcome.TALKED),
            call(2, agent="a", outcome=CallOutcome.CUT_OFF),
            call(3, agent="b", outcome=CallOutcome.TALKED),
            call(4, caller="138", dialled="138", direction="out"),
            call(5, caller="12315", dialled="138", direction="out"),
        ]
    )

    async def ids(filters: CallFilters, numbers: tuple[str, ...] = ()) -> list[str]:
        return [one.id for one in await storage.calls.page(None, 9, numbers=numbers, filters=filters)]

    assert await ids(CallFilters(agent="a")) == [call(2).id, call(1).id]
    assert await ids(CallFilters(outcome=CallOutcome.TALKED)) == [call(3).id, call(1).id]
    assert await ids(CallFilters(agent="a", outcome=CallOutcome.TALKED)) == [call(1).id]
    assert await ids(CallFilters(until=call(2).started_at)) == [call(1).id]
    assert await ids(CallFilters(), ("138",)) == [call(5).id, call(4).id]


async def test_turned_away(storage: Storage) -> None:
    await storage.calls.keep([call(n, outcome=CallOutcome.TURNED_AWAY) for n in range(4)] + [call(9)])
    assert await storage.calls.turned_away(after(2)) == 2


async def test_the_caller_may_be_anything(storage: Storage) -> None:
    odd = call(1, caller="\0" + "\udcff" * 100, agent="x" * 200, flow='"; drop table calls; --')
    await storage.calls.keep([odd])
    kept = await storage.calls.get(odd.id)
    assert kept and (kept.caller, kept.agent, kept.flow) == ("?" * 64, "x" * 64, odd.flow)


# ---------------------------------------------------------------- calls that are owed


def owed(n: int, **changes: object) -> Callback:
    return replace(Callback(f"cb{n}", "138", f"call{n}", after(-n), after(n)), **changes)  # type: ignore[arg-type]


async def test_call_backs(storage: Storage) -> None:
    book = storage.call_backs
    for n in range(4):
        assert await book.book(owed(n)) == owed(n)
    assert await moved(book, owed(2), CallbackState.PLACED)
    assert await book.book(owed(2, phone="other")) == owed(2, state=CallbackState.PLACED)
    await book.link("cb1", "260302000015")
    assert await moved(book, owed(0), CallbackState.DONE)
    assert await book.owed() == [
        owed(3),
        owed(2, state=CallbackState.PLACED),
        owed(1, number="260302000015"),
    ]
    assert [o.id for o in await book.owed(CallbackState.DONE)] == ["cb0"]
    assert not await moved(book, owed(9), CallbackState.DONE)


async def moved(book: CallbackLedger, before: Callback, state: CallbackState) -> bool:
    return await book.change(replace(before, state=state), before.state, after(0)) is not None


async def test_a_change_happens_once(storage: Storage) -> None:
    await storage.call_backs.book(owed(1))
    done = await asyncio.gather(
        *(moved(storage.call_backs, owed(1), CallbackState.DIALLING) for _ in range(20))
    )
    assert sorted(done) == [False] * 19 + [True]


async def test_a_change_keeps_counts_and_the_items_number(storage: Storage) -> None:
    book = storage.call_backs
    await book.book(owed(1))
    await book.link("cb1", "260302000015")
    tried = owed(1, attempts=1, dials=2, due_at=after(30))
    assert await book.change(tried, CallbackState.PENDING, after(1)) == replace(tried, number="260302000015")
    assert await book.owed() == [replace(tried, number="260302000015")]


async def test_what_another_gateway_has_placed_is_left_to_it(storage: Storage) -> None:
    """Until it must be gone for good; then it is owed by all again."""
    ours, other = storage.call_backs, CallBacks(storage.database, storage.items, "g000002")
    await other.book(owed(1))
    now = datetime.now(UTC)
    placed = owed(1, state=CallbackState.PLACED)
    assert await other.change(placed, CallbackState.PENDING, now)
    assert (await ours.owed(), await other.owed()) == ([], [placed])
    dialled = owed(1, state=CallbackState.DIALLING, dials=1)
    assert await other.change(dialled, CallbackState.PLACED, now - HOLD - timedelta(seconds=1))
    assert await ours.owed() == [dialled]
    assert await other.change(owed(1, dials=1), CallbackState.DIALLING, now)
    assert await ours.owed() == [owed(1, dials=1)]


async def test_a_call_back_in_vain_stands_on_its_item_and_is_its_task(storage: Storage) -> None:
    intake = intake_on(storage, Clock())
    number = (await intake.submit(contact("web:1"))).number
    await storage.call_backs.book(owed(1))
    await storage.call_backs.link("cb1", number)
    for before, state in (
        (CallbackState.PENDING, CallbackState.DIALLING),
        (CallbackState.DIALLING, CallbackState.FAILED),
    ):
        line = ("call_back_failed", "请人工联系") if state is CallbackState.FAILED else None
        assert await storage.call_backs.change(owed(1, state=state), before, after(1), line)
    assert not await storage.call_backs.change(owed(1), CallbackState.DIALLING, after(2), ("x", "twice"))
    detail = await intake.get(number)
    assert detail.item.task is Task.CALL_BACK
    assert [(one.what, one.text) for one in detail.timeline][1:] == [("call_back_failed", "请人工联系")]


async def test_a_call_back_in_vain_on_a_closed_item_comes_to_a_list(storage: Storage) -> None:
    intake = intake_on(storage, Clock())
    number = (await intake.submit(contact("web:1"))).number
    await intake.claim("agent1", QueueQuery(), number)
    await intake.complete(number, "agent1", "已答复")
    await storage.call_backs.book(owed(1))
    await storage.call_backs.link("cb1", number)
    line = ("call_back_failed", "请人工联系")
    assert await storage.call_backs.change(
        owed(1, state=CallbackState.FAILED), CallbackState.PENDING, after(1), line
    )
    (listed,) = await intake.page(QueueQuery(has_addition=True))
    assert listed.item.number == number
    await intake.read_addition(number, "agent1", "已电话联系")
    assert await intake.page(QueueQuery(has_addition=True)) == []


# ---------------------------------------------------------------- marks, gaps, seats


async def test_marks(storage: Storage) -> None:
    assert await storage.once.mark("journal") == ""
    await storage.once.set_mark("journal", "12")
    await storage.once.set_mark("other", "x")
    await storage.once.set_mark("journal", "13")
    assert (await storage.once.mark("journal"), await storage.once.mark("other")) == ("13", "x")


async def test_gaps_and_seats(storage: Storage) -> None:
    gaps = [Gap(after(n * 10), after(n * 10 + 5), f"why{n}") for n in range(3)]
    for gap in gaps:
        await storage.gaps.add_gap(gap)
    assert await storage.gaps.gaps(after(12)) == gaps[1:]
    changes = [AgentChange(after(n), f"agent{n % 2}", "paused", "午休") for n in range(6)]
    await storage.agents.add_changes([])
    await storage.agents.add_changes(changes)
    name = (await storage.agents.changes(MONDAY))[0].gateway
    changes = [replace(change, gateway=name) for change in changes]
    assert name and await storage.agents.changes(after(2)) == changes[2:]
    assert await storage.agents.changes(MONDAY, "agent1") == changes[1::2]
    other = Agents(storage.database, "other")
    await other.add_changes([AgentChange(after(9), "agent1", "ready")])
    assert await storage.agents.last(MONDAY) == changes[-2:], "what another gateway told is its own"
    assert [change.state for change in await other.last(MONDAY)] == ["ready"]
    assert await storage.agents.last(after(5)) == changes[5:]


# ---------------------------------------------------------------- tokens


async def test_tokens(storage: Storage) -> None:
    now = MONDAY
    one = await storage.tokens.create("agent", "agent1", now, now + timedelta(days=1))
    two = await storage.tokens.create("admin", "root", now)
    info = await storage.tokens.check(one, now)
    assert info and (info.name, info.role, info.expires_at) == ("agent1", "agent", now + timedelta(days=1))
    assert await storage.tokens.check(one, now + timedelta(days=1)) is None
    assert await storage.tokens.check(one[:-1], now) is None
    assert await storage.tokens.check(one, now + timedelta(minutes=4))
    listed = await storage.tokens.list()
    assert [token.used_at for token in listed] == [now, None]
    assert await storage.tokens.check(one, now + timedelta(minutes=5))
    assert (await storage.tokens.list())[0].used_at == now + timedelta(minutes=5)
    assert [token.name for token in listed] == ["agent1", "root"]
    assert await storage.tokens.revoke(listed[1].id, now)
    assert not await storage.tokens.revoke(listed[1].id, now)
    assert await storage.tokens.check(two, now) is None
    assert await storage.tokens.check(one, now)


async def test_a_tokens_text_is_not_in_the_database(storage: Storage) -> None:
    secret = await storage.tokens.create("agent", "agent1", datetime(2026, 1, 1, tzinfo=UTC))
    row = await storage.database.read(lambda t: tuple(t.execute(text("select * from tokens")).one()))
    assert not any(secret[3:] in str(value) for value in row)


@pytest.mark.parametrize("ms", [0, 1, 499, 500, 999])
async def test_times_come_back_as_they_went(storage: Storage, ms: int) -> None:
    at = datetime(2026, 3, 2, 1, 30, 7, ms * 1000, UTC)
    await storage.calls.keep([call(1, started_at=at)])
    kept = await storage.calls.get(call(1).id)
    assert kept and kept.started_at == at
