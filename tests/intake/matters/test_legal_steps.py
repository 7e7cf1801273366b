"""Steps of the law that somebody writes down, and reports that come again (Articles 27, 33, 35)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Milestone
from gateway.core.item.states import Event
from gateway.core.item.steps import Step
from gateway.errors import BadContact, Conflict
from gateway.intake.decisions import Act
from tests.intake.matters.conftest import House

M = Milestone
MAY_11 = datetime(2026, 5, 11, 1, tzinfo=UTC)


async def due_of(house: House, number: str) -> dict[str, date]:
    return {due.clock: due.on for due in (await house.intake.get(number)).item.due}


async def at(house: House, number: str, milestone: Milestone, day: date, by: str = "") -> dict[str, date]:
    house.clock.at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    await house.matters.take_step(number, "agent1", Step(milestone, day, by))
    return await due_of(house, number)


async def test_a_lead_is_checked_and_a_dispute_settled(house: House) -> None:
    house.clock.at = MAY_11
    number = await house.held(received_at=MAY_11)
    await house.act(number, Act(Event.ACCEPT))
    assert (await at(house, number, M.LEAD_FOUND, date(2026, 5, 20)))["check_lead"] == date(2026, 6, 10)
    with pytest.raises(BadContact) as refused:
        await at(house, number, M.CHECK_EXTENDED, date(2026, 6, 9))
    assert refused.value.faults[0].field == "approved_by"
    dues = await at(house, number, M.CHECK_EXTENDED, date(2026, 6, 9), "王局长")
    assert dues["check_lead_extended"] == date(2026, 7, 2)
    assert ("step", "2026-06-09 批准延长核查，批准人：王局长") in await house.past(number)
    dues = await at(house, number, M.COMPETENCE_DISPUTED, date(2026, 6, 10))
    assert dues["settle_competence"] == date(2026, 6, 22)
    dues = await at(house, number, M.COMPETENCE_SETTLED, date(2026, 6, 11))
    assert "settle_competence" not in dues
    dues = await at(house, number, M.CASE_FILED, date(2026, 6, 12))
    assert "check_lead_extended" not in dues and "decide_case" in dues
    await house.matters.act(number, "agent1", Act(Event.END_MEDIATION, ground=3))
    await house.intake.retract(number, "agent1", "理由有误")
    assert set(await due_of(house, number)) == {"decide_case", "end_mediation"}, "a step stays"


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (Step(M.LEAD_FOUND, date(2026, 5, 11)), "step"),  # of a report there is no mediation
        (Step(M.REPORTER_TOLD, date(2026, 5, 11)), "step"),  # no such duty under Order 121
        (Step(M.FILING_DECIDED, date(2026, 5, 10)), "on"),
        (Step(M.FILING_DECIDED, date(2026, 6, 10)), "on"),
        (Step(M.CHECK_EXTENDED, date(2026, 6, 2), "王局长"), "on"),  # the 15 workdays ended on 1 June
    ],
)
async def test_a_step_that_cannot_be(house: House, step: Step, field: str) -> None:
    house.clock.at = datetime(2026, 6, 3, 1, tzinfo=UTC)
    number = await house.number(kind=Kind.REPORT, received_at=MAY_11)
    with pytest.raises(BadContact) as refused:
        await house.matters.take_step(number, "agent1", step)
    assert refused.value.faults[0].field == field


async def test_new_facts_start_the_period_anew_and_a_repetition_does_not(house: House) -> None:
    house.clock.at = MAY_11 + timedelta(days=20)
    days = [MAY_11 + timedelta(days=count) for count in (0, 2, 4, 9)]
    first, same, second, third = [
        await house.number(f"web:{day}", kind=Kind.REPORT, received_at=day) for day in days
    ]
    plain = (await due_of(house, first))["check_report"]
    await house.intake.merge(same, first, "agent1")
    assert (await due_of(house, first))["check_report"] == plain
    assert ("not_handled_again", first) in await house.past(same)
    await house.intake.merge(third, first, "agent1", new_facts=True)
    await house.intake.merge(second, first, "agent1", new_facts=True)  # an earlier one does not move it back
    assert (await due_of(house, first))["check_report"] == date(2026, 6, 10)
    await house.intake.unmerge(third, "agent1", "不是同一人")
    assert (await due_of(house, first))["check_report"] == date(2026, 6, 5)
    await house.intake.unmerge(second, "agent1", "不是同一人")
    assert (await due_of(house, first))["check_report"] == plain
    await at(house, first, M.FILING_DECIDED, date(2026, 6, 1))
    with pytest.raises(Conflict):
        await house.intake.merge(third, first, "agent1", new_facts=True)
