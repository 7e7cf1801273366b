"""Decisions: what the table, the lease and the rules allow, what is written down, which clocks run on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.core.item.contact import Kind, Task
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.states import Event
from gateway.errors import BadContact, Conflict, NotFound
from gateway.intake.decisions import Act
from gateway.intake.writing_up import Sorted
from tests.intake.matters.conftest import House, said

E = Event
REFUSE = Act(E.REFUSE_ACCEPTANCE, said(text="已告知消费者其他途径"), ground=3)
OLD_ORDER = datetime(2026, 4, 14, 15, 59, tzinfo=UTC)  # 23:59 in Linfen, the last day of Order 20
NEW_ORDER = datetime(2026, 4, 14, 16, 0, tzinfo=UTC)


def clocks(item) -> set[str]:  # type: ignore[no-untyped-def]
    return {due.clock for due in item.due}


async def test_accepted_within_time_begins_the_mediation(house: House) -> None:
    house.clock.at = NEW_ORDER + timedelta(hours=9)
    number = await house.held(received_at=NEW_ORDER)
    house.clock.on(days=1)
    item = await house.act(number, Act(E.ACCEPT))
    assert (item.state, clocks(item)) == (ItemState.ACCEPTED, {"end_mediation"})
    assert item.due[0].on == date(2026, 6, 15)  # 60 days after 16 April, a Monday
    matter = await house.matters.matter(number)
    assert matter.milestones == (("accepted", date(2026, 4, 16)),)
    assert [decision.event for decision in matter.decisions] == ["accept"]


async def test_not_accepted_with_a_ground_of_the_order(house: House) -> None:
    house.clock.at = NEW_ORDER
    number = await house.held(received_at=NEW_ORDER)
    item = await house.act(number, REFUSE)
    assert (item.state, clocks(item)) == (ItemState.NOT_ACCEPTED, set())
    (decision,) = (await house.matters.matter(number)).decisions
    assert (decision.ground, decision.basis, decision.who) == (3, "总局令第121号第十六条", "agent1")
    assert decision.text.startswith("第（3）项：不是为生活消费需要")
    assert decision.text.endswith("已告知消费者其他途径")


async def test_the_grounds_are_those_of_the_day_of_receipt(house: House) -> None:
    """Order 121 has seven grounds, Order 20 fewer: number seven came with it."""
    house.clock.at = NEW_ORDER
    old, new = await house.held("a", received_at=OLD_ORDER), await house.held("b", received_at=NEW_ORDER)
    seventh = Act(E.REFUSE_ACCEPTANCE, ground=7)
    assert (await house.act(new, seventh)).state is ItemState.NOT_ACCEPTED
    with pytest.raises(BadContact) as refused:
        await house.act(old, seventh)
    assert refused.value.faults[0].field == "ground"
    assert (await house.intake.get(old)).item.state is ItemState.IN_WORK
    item = await house.act(old, REFUSE)
    assert item.state is ItemState.NOT_ACCEPTED
    assert (await house.matters.matter(old)).decisions[0].basis != "总局令第121号第十六条"


@pytest.mark.parametrize("ground", [None, 0, 8, 99])
async def test_a_ground_that_the_order_does_not_have(house: House, ground: int | None) -> None:
    number = await house.held(received_at=NEW_ORDER)
    with pytest.raises(BadContact):
        await house.act(number, Act(E.REFUSE_ACCEPTANCE, ground=ground))


@pytest.mark.parametrize("kind", [Kind.REPORT, Kind.QUESTION, Kind.UNSORTED])
async def test_only_a_complaint_is_accepted_or_not(house: House, kind: Kind) -> None:
    number = await house.held(kind=kind)
    with pytest.raises(Conflict):
        await house.act(number, REFUSE)


async def test_reopened_the_clock_of_the_decision_runs_again(house: House) -> None:
    number = await house.held()
    before = (await house.intake.get(number)).item.due
    await house.act(number, REFUSE)
    item = await house.act(number, Act(E.REOPEN, said(reason="理由有误")))
    assert (item.state, item.due) == (ItemState.IN_WORK, before)
    assert ("reopen", "理由有误") in await house.past(number)


async def test_handed_over_to_a_county_and_back(house: House) -> None:
    number = await house.held()
    item = await house.act(number, Act(E.HAND_OVER, said(to="141081", text="属地管辖")))
    assert (item.state, item.county, item.lease) == (ItemState.HANDED_OVER, "141081", None)
    assert ("hand_over", "侯马市（141081），属地管辖") in await house.past(number)
    with pytest.raises(BadContact):
        await house.act(number, Act(E.HAND_BACK))
    item = await house.act(number, Act(E.HAND_BACK, said(reason="无管辖权")), "agent2")
    assert item.state is ItemState.IN_WORK
    decisions = (await house.matters.matter(number)).decisions
    assert [(decision.event, decision.county) for decision in decisions] == [
        ("hand_over", "141081"),
        ("hand_back", ""),
    ]


@pytest.mark.parametrize("code", ["", "侯马市", "999999"])
async def test_handed_over_to_nobody_we_know(house: House, code: str) -> None:
    number = await house.held()
    with pytest.raises(BadContact) as refused:
        await house.act(number, Act(E.HAND_OVER, said(to=code)))
    assert refused.value.faults[0].field == "to"


async def test_the_county_decides_without_a_lease(house: House) -> None:
    number = await house.held()
    await house.act(number, Act(E.HAND_OVER, said(to="141081")))
    assert (await house.act(number, Act(E.ACCEPT), "agent2")).state is ItemState.ACCEPTED


async def test_papers_that_are_waited_for(house: House) -> None:
    number = await house.held()
    item = await house.act(number, Act(E.WAIT_FOR_PAPERS, said(papers="身份证明", text="限三日内")))
    assert (item.state, item.lease) == (ItemState.WAITING, None)
    assert ("wait_for_papers", "身份证明，限三日内") in await house.past(number)
    await house.intake.claim("agent2", QueueQuery(), number)
    assert (await house.act(number, Act(E.PAPERS_CAME), "agent2")).state is ItemState.IN_WORK


@pytest.mark.parametrize(
    ("event", "need"), [(E.ANSWER, "text"), (E.WAIT_FOR_PAPERS, "papers")], ids=["answer", "papers"]
)
async def test_what_must_be_said(house: House, event: Event, need: str) -> None:
    number = await house.held()
    for word in ("", "  "):
        with pytest.raises(BadContact) as refused:
            await house.act(number, Act(event, {need: word}))
        assert refused.value.faults[0].field == need
    assert (await house.act(number, Act(event, {need: "好"}))).state in (
        ItemState.ANSWERED,
        ItemState.WAITING,
    )


async def test_who_does_not_hold_it_decides_nothing(house: House) -> None:
    number = await house.held()
    for act in (Act(E.ACCEPT), REFUSE, Act(E.WITHDRAW), Act(E.HAND_OVER, said(to="141081"))):
        with pytest.raises(Conflict):
            await house.act(number, act, "agent2")
    free = await house.number("web:2")
    with pytest.raises(Conflict):
        await house.act(free, Act(E.ACCEPT))
    with pytest.raises(NotFound):
        await house.act("260302999993", Act(E.ACCEPT))


async def test_withdrawn_and_taken_up_again(house: House) -> None:
    number = await house.number()
    item = await house.act(number, Act(E.WITHDRAW, said(text="已和解")))
    assert item.state is ItemState.WITHDRAWN
    with pytest.raises(BadContact):
        await house.act(number, Act(E.REOPEN))
    item = await house.act(number, Act(E.REOPEN, said(reason="商家反悔")))
    assert (item.state, item.lease) == (ItemState.IN_WORK, None)
    claimed = await house.intake.claim("agent2", QueueQuery())
    assert claimed
    assert claimed.item.number == number


async def test_a_move_that_the_table_does_not_know(house: House) -> None:
    number = await house.held()
    with pytest.raises(Conflict):
        await house.act(number, Act(E.PAPERS_CAME))
    assert (await house.matters.matter(number)).decisions == ()


async def test_every_change_is_told(house: House) -> None:
    number = await house.held()
    await house.act(number, Act(E.ACCEPT))
    assert house.told == [("changed", number)]


# ---------------------------------------------------------------- what the queue is asked for


async def test_overdue_and_due_before(house: House) -> None:
    old = await house.held("web:1")
    house.clock.on(days=30)
    await house.number("web:2", received_at=house.clock.at)
    done = await house.held("web:3", received_at=house.clock.at - timedelta(days=25))
    await house.intake.complete(done, "agent1", "已答复")
    met = await house.held("web:4", received_at=house.clock.at - timedelta(days=25))
    await house.act(met, Act(E.ACCEPT))
    today = house.clock.at.date()
    assert await numbers(house, due_before=today) == [old]
    assert len(await numbers(house, due_before=today + timedelta(days=14))) == 2


async def test_provisional(house: House) -> None:
    await house.number("web:1")
    far = await house.number("web:2", received_at=datetime(2026, 12, 28, tzinfo=UTC))
    assert await numbers(house, provisional=True) == [far]


async def test_the_next_by_age_kind_and_county(house: House) -> None:
    now = house.clock.at
    await house.number("web:1", kind=Kind.QUESTION, received_at=now - timedelta(hours=60))
    wanted = await house.number("web:2", county="141081", received_at=now - timedelta(hours=50))
    await house.number("web:3", county="141081", received_at=now - timedelta(hours=2))
    query = QueueQuery(kind=Kind.COMPLAINT, county="141081", received_before=now - timedelta(hours=48))
    first = await house.intake.claim("agent1", query)
    assert first
    assert first.item.number == wanted
    assert await house.intake.claim("agent2", query) is None
    due = QueueQuery(due_before=now.date() + timedelta(days=5), task=Task.NONE)
    assert await house.intake.claim("agent2", due) is None


async def test_sorted_as_a_complaint_it_can_be_refused(house: House) -> None:
    number = await house.held(kind=Kind.UNSORTED)
    await house.intake.sort(number, Sorted(Kind.COMPLAINT), "agent1")
    assert (await house.act(number, REFUSE)).state is ItemState.NOT_ACCEPTED


async def numbers(house: House, **asked: object) -> list[str]:
    return [found.item.number for found in await house.intake.page(QueueQuery(**asked))]  # type: ignore[arg-type]
