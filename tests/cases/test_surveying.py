"""What the survey dials: once for each try, never outside its hours, then it is an agent's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.cases.follow_ups import FollowUps
from gateway.cases.surveying import LOST, SOON, Surveying
from gateway.core.followup import Dial, FollowUp, FollowUpQuery, FollowUpState
from gateway.core.item.contact import Kind
from tests.cases.test_follow_ups import TUESDAY, close, due
from tests.intake.matters.conftest import House, house, templates
from tests.storage.databases import ZONE, rules

__all__ = ["house", "templates"]

BY_PBX = (replace(rules().follow_ups[0], by_pbx=frozenset({Kind.COMPLAINT})),)
ANSWERS = {"contacted": "yes", "solved": "no", "handler": "2", "outcome": "4", "reason": "not_solved"}


def survey(house: House) -> tuple[FollowUps, Surveying]:
    calls = FollowUps(house.intake.changes, replace(rules(), follow_ups=BY_PBX), ZONE)
    return calls, Surveying(calls)


async def one(calls: FollowUps, number: str) -> FollowUp:
    return (await calls.of_item(number))[-1]


async def test_it_dials_in_decent_hours_and_opens_the_matter_again(house: House) -> None:
    calls, surveying = survey(house)
    number = await house.number()
    await close(house, number)
    assert await surveying.take() is None  # due tomorrow
    house.clock.at = TUESDAY + timedelta(hours=3, minutes=30)  # 12:30
    assert await surveying.take() is None
    house.clock.on(hours=2)
    dial = await surveying.take()
    call = await one(calls, number)
    assert dial == Dial(f"survey-{call.id}-1", "13835700000", number)
    assert (call.state, call.dials) == (FollowUpState.DIALLING, 1)
    assert await surveying.take() is None  # nobody is rung twice
    assert not await surveying.answered(dial.call, ANSWERS | {"reason": "weather"})
    assert not await surveying.answered(dial.call, {"contacted": "yes"})
    assert await surveying.answered(dial.call, ANSWERS)
    call = await one(calls, number)
    assert (call.state, call.again, call.who, call.call_id) == ("answered", True, "survey", dial.call)
    await surveying.ended(dial.call, "ANSWER")
    assert await one(calls, number) == call


async def test_after_its_tries_it_is_an_agents(house: House) -> None:
    calls, surveying = survey(house)
    number = await house.number()
    await close(house, number)
    house.clock.at = TUESDAY
    for status, wait in (("NOLINE", SOON), ("CANCEL", SOON), ("NOANSWER", timedelta(hours=2))):
        dial = await surveying.take()
        assert dial and dial.call.endswith("-1")
        await surveying.ended(dial.call, status)
        await surveying.ended(dial.call, status)  # noted twice
        call = await one(calls, number)
        assert (call.due_at, call.by_pbx) == (house.clock.at + wait, True)
        house.clock.at = call.due_at
    house.clock.on(hours=3)  # it was noon
    dial = await surveying.take()
    assert dial and dial.call.endswith("-2")
    await surveying.ended(dial.call, "BUSY")
    call = await one(calls, number)
    assert (call.state, call.by_pbx, call.dials) == (FollowUpState.DUE, False, 2)
    assert [told for what, told in await house.past(number) if what == "asked"] == [
        "第1次回访：自动回访未接通（第1次）",
        "第1次回访：自动回访未接通（第2次），转人工回访",
    ]
    assert await surveying.take() is None
    assert len(await due(calls, by_pbx=False)) == 1


async def test_who_answers_and_is_cut_off_is_an_agents_and_a_lost_dial_counts(house: House) -> None:
    calls, surveying = survey(house)
    first, second = await house.number("a"), await house.number("b")
    for number in (first, second):
        await close(house, number)
    house.clock.at = TUESDAY
    dials = [await surveying.take(), await surveying.take()]
    assert [dial and dial.number for dial in dials] == [first, second]
    assert dials[0]
    await surveying.ended(dials[0].call, "ANSWER")
    assert not (await one(calls, first)).by_pbx
    house.clock.at += LOST + timedelta(seconds=1)  # the gateway died: nobody noted how the second ended
    assert await surveying.take() is None
    call = await one(calls, second)
    assert (call.state, call.dials, call.due_at > house.clock.at) == (FollowUpState.DUE, 1, True)


async def test_an_item_that_is_opened_again_is_not_called_about(house: House) -> None:
    calls, surveying = survey(house)
    number = await house.number()
    await close(house, number)
    await house.intake.undo(number, "agent1")
    house.clock.at = TUESDAY
    assert await surveying.take() is None
    assert (await calls.page(FollowUpQuery(state=FollowUpState.DUE))).count == 1
