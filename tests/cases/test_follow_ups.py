"""Follow-up calls on a real database: made with the closing, once a round, with what they lead to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.cases.follow_ups import FollowUps, Try
from gateway.core.followup import Answers, FollowUp, FollowUpQuery, FollowUpState
from gateway.core.item.contact import Kind, Person
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.states import Event
from gateway.errors import BadContact, Conflict
from gateway.intake.decisions import Act
from tests.intake.matters.conftest import House, house, templates
from tests.storage.databases import ZONE, rules

__all__ = ["house", "templates"]

CONTENT = Answers(True, True, 1, 1)
UNSOLVED = Answers(True, False, 2, 4, "未解决", "仍未退款")
TUESDAY = datetime(2026, 3, 3, 1, tzinfo=UTC)  # 09:00 in Linfen


def follow_ups(house: House) -> FollowUps:
    return FollowUps(house.intake.changes, rules(), ZONE)


async def close(house: House, number: str) -> None:
    await house.intake.claim("agent1", QueueQuery(), number)
    await house.intake.complete(number, "agent1", "已电话答复")


async def due(calls: FollowUps, **wanted: object) -> list[FollowUp]:
    return [row.call for row in (await calls.page(FollowUpQuery(**wanted))).rows]  # type: ignore[arg-type]


async def test_a_matter_that_is_closed_is_asked_about_once_a_round(house: House) -> None:
    calls = follow_ups(house)
    number = await house.number()
    await close(house, number)
    (call,) = await due(calls)
    assert (call.number, call.round, call.due_at) == (number, 1, TUESDAY)

    await house.intake.undo(number, "agent1")  # closed by mistake: nobody is called
    assert not await due(calls)
    house.clock.on(days=1)
    await house.intake.complete(number, "agent1", "已电话答复")
    (call,) = await due(calls)
    assert (call.round, call.due_at) == (1, TUESDAY + timedelta(days=1))

    row = await calls.result(call.id, "agent2", replace(UNSOLVED), "call-1")
    assert (row.call.again, row.call.verdict, row.call.answers) == (
        True,
        "dissatisfied",
        replace(UNSOLVED, reason="not_solved"),
    )
    item = (await house.intake.get(number)).item
    assert (item.state, item.lease) == (ItemState.IN_WORK, None)
    past = await house.past(number)
    assert past[-1] == ("reopen", "回访不满意：未解决")
    assert past[-2][0] == "asked" and past[-2][1].startswith("第1次回访：已联系；未解决")
    assert not await due(calls)

    await close(house, number)  # done again: asked a second time, and content
    (second,) = await due(calls)
    assert second.round == 2
    await calls.result(second.id, "agent2", CONTENT)
    await house.act(number, Act(Event.REOPEN, {"reason": "补录金额"}))
    await close(house, number)  # opened again by us, not for what he answered: he is not asked once more
    assert not await due(calls)
    assert [one.state for one in await calls.of_item(number)] == [FollowUpState.ANSWERED] * 2


async def test_answers_are_taken_once_and_by_one(house: House) -> None:
    calls = follow_ups(house)
    number = await house.number()
    await close(house, number)
    (call,) = await due(calls)
    with pytest.raises(BadContact) as wrong:
        await calls.result(call.id, "agent1", replace(CONTENT, outcome=5))
    assert [fault.field for fault in wrong.value.faults] == ["reason"]
    given = [replace(CONTENT, handler=grade) for grade in (1, 2)]
    done = await asyncio.gather(
        *(calls.result(call.id, "agent1", answers) for answers in given), return_exceptions=True
    )
    (refused,) = [one for one in done if isinstance(one, Conflict)]
    kept = (await calls.get(call.id)).call.answers
    assert refused and kept in given
    again = await calls.result(call.id, "agent1", kept)  # the same a second time
    assert again.call.answers == kept
    assert [what for what, _ in await house.past(number)].count("asked") == 1


async def test_who_disagrees_with_the_law_costs_the_unit_nothing(house: House) -> None:
    calls = follow_ups(house)
    number = await house.number()
    await close(house, number)
    (call,) = await due(calls)
    row = await calls.result(call.id, "agent1", Answers(True, False, 1, 5, "law"))
    assert (row.call.again, row.call.verdict, row.item.state) == (False, "law", ItemState.CLOSED)


async def test_who_is_not_reached_is_tried_again_and_not_for_ever(house: House) -> None:
    calls = follow_ups(house)
    number = await house.number()
    await close(house, number)
    house.clock.at = TUESDAY + timedelta(hours=10)  # 19:00
    (call,) = await due(calls)
    row = await calls.tried(call.id, "agent1", Try.NOT_REACHED)
    assert row.call.due_at == TUESDAY + timedelta(days=1)  # two hours later nobody is called any more
    await calls.tried(call.id, "agent1", Try.NOT_REACHED, "忙音")
    row = await calls.tried(call.id, "agent1", Try.NOT_REACHED)
    assert row.call.state is FollowUpState.UNREACHED and not await due(calls)
    with pytest.raises(Conflict):
        await calls.tried(call.id, "agent1", Try.DECLINED)
    row = await calls.result(call.id, "agent1", CONTENT)  # he calls himself
    assert row.call.state is FollowUpState.ANSWERED


async def test_who_is_asked_goes_by_kind_and_telephone_and_a_reporter_is_secret(house: House) -> None:
    calls = follow_ups(house)
    for key, changes in {
        "none": {"person": Person("李四", email="li@example.cn")},
        "report": {"kind": Kind.REPORT},
        "unsorted": {"kind": Kind.UNSORTED},
    }.items():
        await close(house, await house.number(key, **changes))
    (row,) = (await calls.page(FollowUpQuery())).rows
    assert (row.call.kind, row.secret, row.item.person) == (Kind.REPORT, True, Person())
    assert (await calls.person(row.call.id)).phone == "13835700000"


async def test_pages_go_on_where_the_last_ended_and_count_all(house: House) -> None:
    calls = follow_ups(house)
    for key in "abcde":
        await close(house, await house.number(key))
        house.clock.on(hours=9)
    ids, lengths, after = [], [], 0
    while rows := (await calls.page(FollowUpQuery(after=after, limit=2))).rows:
        ids += [row.call.id for row in rows]
        lengths.append(len(rows))
        after = ids[-1]
    assert lengths == [2, 2, 1] and sorted(ids) == ids
    until = calls.due_by(TUESDAY.astimezone(ZONE).date())
    by_tuesday = await calls.page(FollowUpQuery(until))
    assert by_tuesday.count == len(by_tuesday.rows) == 2
