"""Provisional clocks are counted anew when the calendar of their year has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from gateway.core.item.calendar import Holiday, Year
from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Rules
from gateway.core.item.item import QueueQuery
from gateway.intake.intake import Intake
from gateway.storage import Storage, Transaction
from tests.storage.databases import ZONE, Clock, contact, rules

MAY = datetime(2026, 5, 11, 1, tzinfo=UTC)
NEW_YEAR = datetime(2029, 12, 28, 2, tzinfo=UTC)  # a Friday of a year without a calendar


def with_calendar(*holidays: Holiday) -> Rules:
    years = {year: Year((), (), "test") for year in (2029, 2030)}
    years[2030] = Year(holidays, (), "test")
    calendar = replace(rules().calendar, years=MappingProxyType({**rules().calendar.years, **years}))
    return replace(rules(), calendar=calendar)


async def test_recount(intake: Intake, storage: Storage, clock: Clock) -> None:
    late = (await intake.submit(contact("late", received_at=NEW_YEAR))).number
    done = (await intake.submit(contact("done", received_at=NEW_YEAR))).number
    known = (await intake.submit(contact("known"))).number
    await intake.claim("agent1", QueueQuery(), done)
    await intake.complete(done, "agent1", "已答复")
    guessed = (await intake.get(late)).item.due
    assert guessed and all(due.provisional for due in guessed)
    assert await intake.recount() == 0, "nothing is known yet"

    holiday = Holiday("春节", "Spring Festival", date(2030, 1, 1), date(2030, 1, 7))
    newer = Intake(storage, with_calendar(holiday), ZONE, now=clock)
    heard: list[tuple[str, str]] = []
    newer.on_change(lambda what, number: heard.append((what, number)))
    assert await newer.recount() == 1
    assert heard == [("changed", late)]
    detail = await newer.get(late)
    assert {due.clock for due in detail.item.due} == {due.clock for due in guessed}
    assert not any(due.provisional for due in detail.item.due)
    assert min(due.on for due in detail.item.due) > min(due.on for due in guessed)
    assert (detail.timeline[-1].what, detail.timeline[-1].who) == ("recounted", "system")
    assert (await newer.get(done)).item.due[0].provisional, "no clock runs on what is closed"
    assert len((await newer.get(known)).timeline) == 1
    assert await newer.recount() == 0


async def test_recount_goes_through_all_pages(intake: Intake, storage: Storage, clock: Clock) -> None:
    intake_of_2029 = [contact(f"n{n}", received_at=NEW_YEAR, kind=Kind.COMPLAINT) for n in range(7)]
    for one in intake_of_2029:
        await intake.submit(one)

    def all_pages(t: Transaction) -> list[str]:
        seen: list[str] = []
        while page := storage.items.with_clocks(t, seen[-1] if seen else "", 3):
            seen += page
        return seen

    seen = await storage.database.read(all_pages)
    assert len(seen) == len(set(seen)) == 7
    assert await Intake(storage, with_calendar(), ZONE, now=clock).recount() == 7


async def test_a_changed_rule_recounts_what_runs_with_a_reason(
    intake: Intake, storage: Storage, clock: Clock
) -> None:
    """Of items counted by an order with another limit; a closed item keeps what it had."""
    moved = (await intake.submit(contact("moved", kind=Kind.REPORT, received_at=MAY))).number
    closed = (await intake.submit(contact("closed", kind=Kind.REPORT, received_at=MAY))).number
    await intake.claim("agent1", QueueQuery(), closed)
    await intake.complete(closed, "agent1", "重复")
    assert await intake.recount() == 0
    before = (await intake.get(moved)).item.due
    newest = rules().sets[-1]
    clocks = tuple(replace(c, count=10) if c.name == "check_report" else c for c in newest.clocks)
    changed = replace(rules(), sets=(*rules().sets[:-1], replace(newest, clocks=clocks)))
    newer = Intake(storage, changed, ZONE, now=clock)
    assert await newer.recount() == 1
    assert await newer.recount() == 0, "counted by these rules already"
    detail = await newer.get(moved)
    assert detail.item.due[0].on < before[0].on
    assert detail.timeline[-1].text == f"时限规则或放假安排已更新：check_report {detail.item.due[0].on}"
    assert (await newer.get(closed)).item.due[0].on == before[0].on
