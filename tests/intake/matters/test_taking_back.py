"""What was done to an item is undone within seconds, and retracted later with a reason; closing waits for the
law's step."""

from __future__ import annotations

import pytest

from gateway.core.item.contact import Kind
from gateway.core.item.delivery import About, Occasion, Plan
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.states import Event
from gateway.core.item.taking_back import HELD, UNDO
from gateway.errors import BadContact, Conflict
from gateway.intake.decisions import Act
from tests.intake.matters.conftest import House, said


async def told(house: House, number: str) -> list[str]:
    """What others are told of an item now."""
    words: list[str] = []

    def plan(occasion: Occasion, about: About) -> Plan:
        if occasion.number == number:
            words.append(occasion.what or occasion.topic)
        return Plan()

    await house.storage.outbox.plan(plan, 50, house.clock())
    return words


async def test_an_undone_acceptance_leaves_clocks_lease_and_readers_as_they_were(house: House) -> None:
    number = await house.held()
    before = (await house.intake.get(number)).item
    await told(house, number)
    await house.matters.act(number, "agent1", Act(Event.ACCEPT), held=True)
    assert (await house.intake.get(number)).item.due != before.due
    assert await told(house, number) == []
    house.clock.on(seconds=UNDO.total_seconds())
    await house.intake.undo(number, "agent1")
    assert (await house.intake.get(number)).item == before
    house.clock.on(seconds=HELD.total_seconds())
    assert await told(house, number) == []
    assert (await house.past(number))[-1] == ("undone", "受理")


async def test_after_the_time_for_undoing_others_are_told_and_a_reason_is_needed(house: House) -> None:
    number = await house.held()
    await told(house, number)
    await house.matters.act(number, "agent1", Act(Event.ACCEPT), held=True)
    house.clock.on(seconds=HELD.total_seconds())
    assert await told(house, number) == ["accept"]
    house.clock.on(seconds=1)
    with pytest.raises(Conflict, match="撤回"):
        await house.intake.undo(number, "agent1")
    await house.intake.retract(number, "agent1", "材料不全")
    assert (await house.intake.get(number)).item.state is ItemState.IN_WORK
    assert (await house.past(number))[-1] == ("retracted", "受理：材料不全")
    assert [one.event for one in (await house.matters.matter(number)).decisions] == ["accept", "retracted"]
    with pytest.raises(Conflict, match="没有可撤回"):
        await house.intake.retract(number, "agent1", "再来")


async def test_nobody_undoes_what_another_did(house: House) -> None:
    number = await house.held()
    await house.matters.act(number, "agent1", Act(Event.HAND_OVER, said(to="141002")))
    with pytest.raises(Conflict, match="本人"):
        await house.intake.undo(number, "agent2")
    await house.intake.undo(number, "agent1")
    item = (await house.intake.get(number)).item
    assert item.county == "" and item.lease and item.lease.holder == "agent1"


async def test_a_closing_is_retracted_step_by_step(house: House) -> None:
    number = await house.held()
    await house.matters.act(number, "agent1", Act(Event.ANSWER, said(text="已退款")))
    await house.intake.complete(number, "agent1")
    house.clock.on(days=3)
    await house.intake.retract(number, "agent2", "消费者称未收到退款")
    assert (await house.intake.get(number)).item.state is ItemState.ANSWERED
    await house.intake.retract(number, "agent2", "消费者称未收到退款")
    assert (await house.intake.get(number)).item.state is ItemState.IN_WORK


async def test_a_closing_that_somebody_works_on_again_is_not_retracted(house: House) -> None:
    number = await house.held(kind=Kind.QUESTION)
    await house.intake.complete(number, "agent1", "已答复")
    await house.matters.act(number, "agent2", Act(Event.REOPEN, said(reason="又来电")))
    with pytest.raises(Conflict, match="没有可撤回"):
        await house.intake.retract(number, "agent2", "误办结")


async def test_a_complaint_is_closed_when_it_is_decided_or_answered_or_for_a_reason(house: House) -> None:
    number = await house.held()
    with pytest.raises(BadContact) as refused:
        await house.intake.complete(number, "agent1", " ")
    assert [fault.field for fault in refused.value.faults] == ["text"]
    assert (await house.intake.complete(number, "agent1", "消费者来电撤诉")).item.state is ItemState.CLOSED
    answered = await house.held("web:2")
    await house.matters.act(answered, "agent1", Act(Event.ANSWER, said(text="已退款")))
    await house.intake.complete(answered, "agent1")
    asked = await house.held("web:3", kind=Kind.QUESTION)
    await house.intake.complete(asked, "agent1")
    assert not await house.intake.claim("agent1", QueueQuery())
