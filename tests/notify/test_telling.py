"""What the desk does about telling a person: replies in their thread, calls, another way after a failure."""

from __future__ import annotations

import pytest

from gateway.channels.email.reception import Reception
from gateway.core.item.contact import Kind, Person
from gateway.core.item.delivery import DeliveryState
from gateway.core.item.item import QueueQuery
from gateway.core.item.lists import ListQuery, Tab
from gateway.core.item.notice import NoticeState
from gateway.core.item.states import Event
from gateway.errors import BadContact, Conflict, NotFound
from gateway.intake.decisions import Act
from gateway.notify.post_office import PostOffice
from tests.mail.mails import mail
from tests.notify.conftest import INBOX, ZHANG, House
from tests.notify.mail_server import MailServer
from tests.notify.test_answers import arrival, work
from tests.notify.test_mail_out import plan

TEXT = "请补一张小票照片，谢谢。"


async def test_a_reply_goes_out_in_its_thread_and_stands_in_the_timeline(
    house: House, office: PostOffice, reception: Reception, server: MailServer
) -> None:
    taken = await reception.take(mail(Message_ID="<his@example.cn>", sender=ZHANG), arrival(INBOX))
    await house.intake.claim("agent1", QueueQuery(), taken.number)
    for _ in range(2):
        await house.matters.reply(taken.number, "agent1", TEXT, ("mail",), "once")
    await work(house, office)
    assert len(server.took) == 2, "the acknowledgement and one reply"
    reply = server.mails()[1]
    assert reply["In-Reply-To"] == reply["References"] == "<his@example.cn>"
    assert TEXT in reply.get_content() and reply["Auto-Submitted"] == "no"
    assert ("reply", TEXT) in await house.past(taken.number)
    (_, notice) = (await house.intake.get(taken.number)).notices
    assert (notice.kind, notice.way, notice.to, notice.state) == ("reply", "mail", ZHANG, NoticeState.SENT)
    assert TEXT in notice.text and "OK" in notice.proof and notice.sent_at


async def test_a_reply_is_written_by_who_holds_the_item(house: House) -> None:
    number = (await house.form()).number
    with pytest.raises(Conflict):
        await house.matters.reply(number, "agent1", TEXT, ())
    await house.intake.claim("agent2", QueueQuery(), number)
    with pytest.raises(Conflict):
        await house.matters.reply(number, "agent1", TEXT, ())
    with pytest.raises(NotFound):
        await house.matters.reply("261124000010", "agent1", TEXT, ())


@pytest.mark.parametrize("ways", [("fax",), ("phone", "letter")])
async def test_a_way_that_leads_nowhere_is_told_at_once(house: House, ways: tuple[str, ...]) -> None:
    number = (await house.form(kind=Kind.QUESTION, person=Person("张三", "13835700000"))).number
    await house.intake.claim("agent1", QueueQuery(), number)
    with pytest.raises(BadContact) as refused:
        await house.matters.reply(number, "agent1", TEXT, ways)
    assert refused.value.faults[0].field == "ways"
    assert "reply" not in [what for what, _ in await house.past(number)]


async def test_a_call_is_noted_by_who_made_it(house: House, server: MailServer) -> None:
    office = house.office(house.settings(server.port))
    number = (await house.form(email="")).number
    await house.intake.claim("agent1", QueueQuery(), number)
    await house.matters.act(number, "agent1", Act(Event.ACCEPT))
    await plan(house, office)
    (notice,) = (await house.intake.get(number)).notices
    assert (notice.way, notice.state) == ("phone", NoticeState.TO_DO)
    detail = await house.matters.told_by_hand(number, "agent2", notice.id, "本人接听")
    (done,) = detail.notices
    assert (done.state, done.proof) == (NoticeState.DONE, "agent2：本人接听") and done.sent_at
    assert detail.timeline[-1].what == "told" and "受理告知" in detail.timeline[-1].text
    with pytest.raises(Conflict):
        await house.matters.told_by_hand(number, "agent2", notice.id, "")


async def test_what_failed_is_told_another_way_and_to_the_address_of_now(
    house: House, server: MailServer
) -> None:
    server.answers[ZHANG] = "550 5.1.1 no such user"
    await house.opened(house.settings(server.port))
    number = (await house.form()).number
    await house.until(DeliveryState.DEAD)
    await house.intake.claim("agent1", QueueQuery(), number)
    await house.matters.act(number, "agent1", Act(Event.ANSWER, {"text": TEXT}))
    await house.until(DeliveryState.DEAD, 2)
    _, answer = (await house.intake.get(number)).notices
    assert answer.state is NoticeState.FAILED and "550" in answer.proof
    assert await to_answer(house) == [number], "the failure is seen at the desk"
    await house.matters.tell_again(number, "agent1", answer.id, "phone")
    await plan(house, house._offices[0])
    first, old, new = (await house.intake.get(number)).notices
    assert (old.state, new.state, new.way) == (NoticeState.DROPPED, NoticeState.TO_DO, "phone")
    assert TEXT in new.text and "电话告知" in old.proof
    with pytest.raises(Conflict):
        await house.matters.tell_again(number, "agent1", old.id, "phone")
    assert await to_answer(house) == [number]
    await house.matters.tell_again(number, "agent1", first.id, "phone")
    await plan(house, house._offices[0])
    for notice in (await house.intake.get(number)).notices:
        if notice.state is NoticeState.TO_DO:
            await house.matters.told_by_hand(number, "agent1", notice.id, "")
    assert await to_answer(house) == []


async def test_what_is_taken_back_is_told_as_it_was_told(house: House, server: MailServer) -> None:
    office = house.office(house.settings(server.port))
    number = (await house.form(email="")).number
    await house.intake.claim("agent1", QueueQuery(), number)
    await house.matters.act(number, "agent1", Act(Event.ACCEPT))
    await house.intake.retract(number, "agent1", "应由县局受理")
    await plan(house, office)
    _, retracted = (await house.intake.get(number)).notices
    assert (retracted.kind, retracted.way, retracted.state) == ("retracted", "phone", NoticeState.TO_DO)
    assert "撤回的内容：受理" in retracted.text and "目前状态：办理中" in retracted.text
    assert "县局" not in retracted.text, "the reason is the house's own"

    # A hand-over is told by mail alone: nobody is called to hear that it was taken back.
    await house.matters.act(number, "agent1", Act(Event.HAND_OVER, {"to": "141081"}))
    await house.intake.retract(number, "agent1", "选错区县")
    await plan(house, office)
    assert len((await house.intake.get(number)).notices) == 2


async def test_the_code_in_an_acknowledgement_is_masked(house: House, server: MailServer) -> None:
    await house.opened(house.settings(server.port))
    receipt = await house.form()
    await house.until(DeliveryState.SENT)
    (notice,) = (await house.intake.get(receipt.number)).notices
    assert "查询码：······" in notice.text and receipt.query_code not in notice.text


async def to_answer(house: House) -> list[str]:
    """The numbers in that tab of the desk; its count is the same."""
    now = house.now()
    query = ListQuery(Tab.TO_ANSWER, "agent1", now, now.date(), now)
    rows = (await house.storage.lists.page(query)).rows
    assert (await house.storage.lists.counts(query))[Tab.TO_ANSWER] == len(rows)
    return [row.number for row in rows]
