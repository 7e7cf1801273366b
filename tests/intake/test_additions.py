"""What is added to an item is a task in whatever state the item is, and tells nothing of a reporter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.channels.email import contact as email
from gateway.core.item.contact import Contact, Kind, Person
from gateway.core.item.item import QueueQuery
from gateway.errors import Conflict
from gateway.intake.intake import Intake
from gateway.mail.message import read
from gateway.storage import Storage
from gateway.web.api import translate
from tests.storage.databases import MONDAY, contact

REPORTER = Person("李举报", "13935701234", "li@example.cn")
MAIL = b"From: =?utf-8?b?5p2O5Li+5oql?= <li@example.cn>\r\nSubject: Re\r\n\r\nagain yesterday\r\n"


async def waiting(intake: Intake) -> list[str]:
    return [one.item.number for one in await intake.page(QueueQuery(has_addition=True))]


async def closed(intake: Intake, contact: Contact) -> str:
    number = (await intake.submit(contact)).number
    await intake.claim("agent1", QueueQuery(), number)
    await intake.complete(number, "agent1", "已答复")
    return number


async def mailed(intake: Intake, number: str, key: str = "mail:1") -> None:
    arrival = email.Arrival("smtp", MONDAY)
    made = email.addition(number, read(MAIL), arrival, key)
    await intake.append(number, made.key, made.text, made.evidence, made.who, contact=made.contact)


async def test_what_is_added_to_a_closed_item_waits_until_it_is_read(intake: Intake) -> None:
    number = await closed(intake, contact())
    assert await waiting(intake) == []
    assert await intake.append(number, "k", "又发生了", (), "web")
    assert not await intake.append(number, "k", "又发生了", (), "web")
    assert await waiting(intake) == [number]
    detail = await intake.read_addition(number, "agent1", "已联系商家")
    assert (detail.item.state.value, detail.item.added_at) == ("closed", None)
    assert (detail.timeline[-1].what, detail.timeline[-1].text) == ("addition_read", "已联系商家")
    assert await waiting(intake) == []
    with pytest.raises(Conflict):
        await intake.read_addition(number, "agent1")


async def test_another_holds_the_item(intake: Intake) -> None:
    number = (await intake.submit(contact())).number
    await intake.append(number, "k", "又发生了", (), "web")
    await intake.claim("agent2", QueueQuery(has_addition=True))
    with pytest.raises(Conflict):
        await intake.read_addition(number, "agent1")
    assert not (await intake.read_addition(number, "agent2")).item.added_at


async def test_of_a_merged_item_both_wait(intake: Intake) -> None:
    one, two = [(await intake.submit(contact(f"web:{n}"))).number for n in (1, 2)]
    await intake.merge(one, two, "agent1")
    await intake.append(one, "k", "又发生了", (), "web")
    assert sorted(await waiting(intake)) == sorted([one, two])


async def test_a_second_form_keeps_all_its_fields(intake: Intake) -> None:
    number = (await intake.submit(contact())).number
    second = contact("form:2", person=Person("张三", "13900009999"), claims=("退款",), amount=5000)
    await intake.append(number, "form:2", "补充", (), "web", contact=second)
    item, (version,) = await intake.revisions(number)
    assert item.person.phone == "13835700000", "the item itself stays"
    assert version.what == "follow_up"
    assert version.changes["phone"] == ("13835700000", "13900009999")
    assert version.changes["claims"] == ('["退货"]', '["退款"]')
    assert version.changes["amount"] == ("199.90", "50.00")
    line = (await intake.get(number)).timeline[-1]
    assert "联系电话、投诉请求、涉及金额" in line.text and "13900009999" not in line.text


async def test_a_reporters_mail_leaves_no_name_in_the_open(intake: Intake, storage: Storage) -> None:
    number = (await intake.submit(contact(kind=Kind.REPORT, person=replace(REPORTER, email="")))).number
    await mailed(intake, number)
    lines = await storage.database.read(
        lambda t: [tuple(row) for row in t.execute(text("SELECT who, text FROM timeline"))]
    )
    assert "li@example.cn" not in str(lines) and "李举报" not in str(lines)
    assert "again yesterday" in str(lines)
    item, (version,) = await intake.revisions(number)
    assert version.changes["email"] == ("", "li@example.cn")
    shown = str(translate.revisions(item, (version,)))
    assert "li@example.cn" not in shown and "withheld=True" in shown


async def test_who_wrote_on_another_item_is_told(intake: Intake) -> None:
    number = (await intake.submit(contact())).number
    await mailed(intake, number)
    line = (await intake.get(number)).timeline[-1]
    assert line.who == "li@example.cn" and line.text.startswith("发件人：李举报 <li@example.cn>")


async def test_what_was_mailed_before_it_was_a_report_is_shown_without_the_sender(intake: Intake) -> None:
    number = (await intake.submit(contact())).number
    await mailed(intake, number)
    await intake.claim("agent1", QueueQuery(), number)
    words = contact("x", kind=Kind.REPORT, person=Person(), content="售假")
    shown = translate.whole(await intake.fill_in(number, words, "agent1"))
    line = next(one for one in shown.timeline if one.what == "follow_up")
    assert line.who == "email" and "example.cn" not in line.text and "again yesterday" in line.text
