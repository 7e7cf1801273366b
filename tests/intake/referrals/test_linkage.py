"""What passes between us and partners: two numbers, a day, an end, and nothing that is not theirs."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest

from gateway.core.call.record import CallOutcome, CallRecord
from gateway.core.call.transfer import TargetKind, Transfer, TransferOutcome, TransferState
from gateway.core.item.contact import Channel, Kind
from gateway.core.item.delivery import DeliveryState
from gateway.core.item.item import QueueQuery
from gateway.core.item.referral import (
    TABLE,
    WHO,
    Direction,
    ReferralEvent,
    ReferralState,
    Side,
    move,
    side_of,
)
from gateway.errors import BadContact, Conflict, NotAllowed, NotFound
from gateway.intake.referrals import DONE_DAYS, OWED_DAYS
from tests.intake.referrals.conftest import House
from tests.storage.databases import MONDAY, contact

E, S = ReferralEvent, ReferralState


async def test_what_is_handed_over_has_a_number_a_day_and_a_slip(house: House) -> None:
    number = await house.number()
    made = await house.linkage.refer(number, "12345", "agent1", text="请贵方协助")
    assert (made.id, made.direction, made.state) == (f"{number}-1", Direction.OUT, S.SENT)
    assert made.due == date(2026, 3, 9)  # five workdays after Monday, 2 March
    assert dict(made.slip) == {
        "kind": "complaint",
        "content": "商家拒绝退款",
        "name": "张三",
        "phone": "13835700000",
    }
    sent = await house.storage.outbox.list(None, number, 0, 10)
    assert [(one.draft.way, one.draft.address, one.state) for one in sent] == [
        ("mail", "desk@12345.example", DeliveryState.WAITING)
    ]
    text = sent[0].draft.content["text"]
    assert made.id in text and "2026-03-09" in text and f"/partner/{made.id}." in text and "退款" in text
    assert [what for what, _ in await house.past(number)] == ["received", "referred"]
    again = await house.linkage.refer(number, "110", "agent1")
    assert again.id == f"{number}-2" and again.due == date(2026, 3, 3)


async def test_nothing_tells_a_partner_who_a_reporter_is(house: House) -> None:
    number = await house.number(kind=Kind.REPORT)
    made = await house.linkage.refer(number, "12345", "agent1")
    assert set(made.slip) == {"kind", "content"}
    sent = (await house.storage.outbox.list(None, number, 0, 10))[0].draft.content["text"]
    assert "张三" not in sent and "13835700000" not in sent


async def test_a_partner_accepts_answers_and_we_close(house: House) -> None:
    number = await house.number()
    made = await house.linkage.refer(number, "12345", "agent1")
    happen = house.linkage.happen
    accepted = await happen(made.id, E.ACCEPT, "partner:12345", their_number="P-77", partner="12345")
    assert (accepted.state, accepted.their_number) == (S.ACCEPTED, "P-77")
    house.clock.on(days=2)
    await happen(made.id, E.ANSWER, "partner:12345", text="已协调退款", partner="12345")
    closed = await happen(made.id, E.CLOSE, "agent1", satisfied=True)
    assert closed.state is S.CLOSED and closed.ended_at == house.clock.at and closed.satisfied is True
    told = [what for what, _ in await house.past(number)]
    assert told == ["received", "referred", "referral_accept", "referral_answer", "referral_close"]
    matter = await house.storage.database.read(lambda t: house.storage.links.matter(t, number))
    assert [(one.source, one.external_no) for one in matter.externals] == [("12345", "P-77")]
    counted = (await house.linkage.accounts(MONDAY.date(), MONDAY.date()))[0]
    assert (counted.made, counted.answered, counted.in_time, counted.satisfied) == (1, 1, 1, 1)


async def test_what_is_not_ones_own_to_say_is_refused(house: House) -> None:
    number = await house.number()
    made = await house.linkage.refer(number, "12345", "agent1")
    happen = house.linkage.happen
    with pytest.raises(NotAllowed):
        await happen(made.id, E.ACCEPT, "agent1")
    with pytest.raises(NotAllowed):
        await happen(made.id, E.KEEP, "partner:12345", partner="12345")
    with pytest.raises(NotFound):
        await happen(made.id, E.ACCEPT, "partner:110", partner="110")
    with pytest.raises(BadContact):
        await happen(made.id, E.REFUSE, "partner:12345", partner="12345")
    with pytest.raises(Conflict):
        await happen(made.id, E.CLOSE, "agent1")
    await happen(made.id, E.REFUSE, "partner:12345", text="不属我方", partner="12345")
    with pytest.raises(Conflict):
        await happen(made.id, E.ACCEPT, "partner:12345", partner="12345")
    assert house.linkage.opens(made.id, house.linkage.token(made.id))
    assert not house.linkage.opens(f"{number}-2", house.linkage.token(made.id))


async def test_a_partner_pushes_a_matter_once(house: House) -> None:
    said = contact("x", kind=Kind.COMPLAINT)
    receipt, made = await house.linkage.take(said, "12345", "P-1")
    again, same = await house.linkage.take(said, "12345", "P-1")
    assert again.number == receipt.number and again.repeated and same == made
    assert (made.direction, made.their_number, made.state) == (Direction.IN, "P-1", S.SENT)
    item = (await house.intake.get(receipt.number)).item
    assert item.channel == Channel.PARTNER
    accepted = await house.linkage.happen(made.id, E.ACCEPT, "agent1")
    assert accepted.state is S.ACCEPTED
    told = await house.storage.outbox.list(None, receipt.number, 0, 10)
    assert ["已受理" in one.draft.content["text"] for one in told] == [True]
    with pytest.raises(BadContact):
        await house.linkage.take(said, "12345", "")
    with pytest.raises(NotFound):
        await house.linkage.take(said, "12333", "P-1")


def transfer(n: int, outcome: TransferOutcome) -> Transfer:
    return Transfer(
        *(f"1.1:{n}", "1.1", "8001", "12345", TargetKind.PARTNER, MONDAY),
        state=TransferState.OVER,
        outcome=outcome,
    )


async def test_a_call_that_was_handed_over_is_in_the_ledger_once(house: House) -> None:
    number = await house.number()
    record = CallRecord("1.1", "in", "139", "12315", 1, MONDAY, outcome=CallOutcome.TALKED, number=number)
    moved = (transfer(1, TransferOutcome.BUSY), transfer(2, TransferOutcome.HANDED_OVER))
    await house.linkage.of_call(record, moved)
    await house.linkage.of_call(record, moved)
    found = await house.linkage.page("", None, number, "", 10)
    assert [(one.id, one.call_id, one.key) for one in found] == [(f"{number}-1", "1.1", "transfer:1.1:2")]


async def test_partners_are_reminded_once_before_and_once_after(house: House) -> None:
    number = await house.number()
    await house.linkage.refer(number, "12345", "agent1")
    assert await house.linkage.remind() == 0
    house.clock.on(days=6)  # Sunday, a day before
    await house.linkage.remind()
    await house.linkage.remind()
    subjects = [one.draft.content["subject"] for one in await house.storage.outbox.list(None, number, 0, 10)]
    assert sum("催办" in subject for subject in subjects) == 1
    house.clock.on(days=2)
    await house.linkage.remind()
    assert len(await house.storage.outbox.list(None, number, 0, 10)) == 3
    counted = (await house.linkage.accounts(MONDAY.date(), MONDAY.date()))[0]
    assert (counted.owed, counted.overdue) == (1, 1)


async def test_pages_go_on_where_the_last_one_ended(house: House) -> None:
    numbers = [await house.number(f"web:{n}") for n in range(5)]
    for number in numbers:
        await house.linkage.refer(number, "110", "agent1")
        house.clock.on(seconds=1)
    first = await house.linkage.page("110", S.SENT, "", "", 3)
    rest = await house.linkage.page("110", S.SENT, "", first[-1].id, 3)
    assert [one.number for one in (*first, *rest)] == numbers[::-1]
    assert await house.linkage.page("12345", None, "", "", 3) == []


def test_every_event_is_for_one_side_and_leads_somewhere() -> None:
    for state, event in product(S, E):
        if event in TABLE[state]:
            assert move(state, event) is TABLE[state][event]
        else:
            with pytest.raises(Conflict):
                move(state, event)
    assert set(WHO) == set(E)
    assert side_of(Direction.OUT, True) is Side.GIVER and side_of(Direction.IN, True) is Side.RECEIVER
    ends = {state for state in S if not TABLE[state]}
    assert ends == {S.CLOSED, S.REFUSED, S.RETURNED, S.KEPT}


async def told(house: House) -> list[str]:
    """Texts of the mails to partners, the oldest first."""
    claimed = await house.storage.outbox.claim(("mail",), 20, house.clock(), timedelta(minutes=5))
    return [one.draft.content["text"] for one in claimed]


async def test_a_corrected_answer_is_sent_and_a_repeated_one_is_not(house: House) -> None:
    _, one = await house.linkage.take(contact("x"), "12345", "P-1")
    for text in ("商家已退款", "商家已退款", "更正：商家只退了一半", "商家已退款"):
        await house.linkage.happen(one.id, ReferralEvent.ANSWER, "agent1", text=text)
        house.clock.on(seconds=1)
    answers = [text for text in await told(house) if "我方已反馈" in text]
    assert len(answers) == 3
    assert "更正：商家只退了一半" in answers[1] and "商家已退款" in answers[2]


async def test_what_came_in_is_worded_from_our_side(house: House) -> None:
    receipt, one = await house.linkage.take(contact("x"), "12345", "P-1")
    await house.linkage.happen(one.id, ReferralEvent.ACCEPT, "agent1")
    past = (await house.past(receipt.number))[-1]
    assert past[0] == "referral_accept" and "我方已受理" in past[1] and "对方" not in past[1]
    with pytest.raises(Conflict, match="我方已受理"):
        await house.linkage.happen(one.id, ReferralEvent.ACCEPT, "agent1")
    assert any("我方已受理" in text for text in await told(house))


async def test_a_partners_answer_on_a_closed_item_has_to_be_read(house: House) -> None:
    number = await house.number()
    one = await house.linkage.refer(number, "12345", "agent1")
    await house.intake.claim("agent1", QueueQuery(), number)
    await house.intake.complete(number, "agent1", "已答复")
    await house.linkage.happen(one.id, ReferralEvent.ANSWER, "partner:12345", text="已处理", partner="12345")
    assert [one.item.number for one in await house.intake.page(QueueQuery(has_addition=True))] == [number]


async def test_slip_links_expire(house: House) -> None:
    one = await house.linkage.refer(await house.number(), "12345", "agent1")
    assert not house.linkage.expired(one)
    house.clock.on(days=(one.due - house.clock().date()).days + OWED_DAYS)
    assert not house.linkage.expired(one)
    answered = await house.linkage.happen(
        one.id, ReferralEvent.ANSWER, "partner:12345", text="已处理", partner="12345"
    )
    house.clock.on(days=DONE_DAYS)
    assert not house.linkage.expired(answered) and house.linkage.expired(one)
    house.clock.on(days=1)
    assert house.linkage.expired(answered)
