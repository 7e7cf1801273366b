"""A write-up merges what is given and keeps every earlier version; it wants the lease."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.core.item.contact import Channel, Contact, Kind, Person, Respondent, Task
from gateway.core.item.item import QueueQuery
from gateway.core.item.revision import version
from gateway.errors import BadContact, Conflict
from gateway.intake.intake import Intake
from gateway.intake.writing_up import Sorted
from gateway.storage import Storage
from tests.storage.databases import MONDAY, contact

MAIL = Contact(
    "mail:1",
    Channel.EMAIL,
    Kind.UNSORTED,
    MONDAY,
    Person("王小明", email="wang@example.cn"),
    content="我买的手机是坏的，商家不退。",
)
WORDS = Contact(
    *("write-up", Channel.WEB, Kind.COMPLAINT, MONDAY, Person(phone="13800000001")),
    respondent=Respondent("某手机店"),
    content="手机质量问题，要求退货",
)


async def taken(intake: Intake, contact: Contact = MAIL, who: str = "agent1") -> str:
    number = (await intake.submit(contact)).number
    await intake.claim(who, QueueQuery(), number)
    return number


async def test_a_mails_address_and_name_survive_a_write_up(intake: Intake) -> None:
    number = await taken(intake)
    item = (await intake.fill_in(number, WORDS, "agent1")).item
    assert item.person == Person("王小明", "13800000001", "wang@example.cn")
    assert (item.channel, item.content, item.task) == (Channel.EMAIL, WORDS.content, Task.NONE)


async def test_every_version_is_kept_with_who_when_before_and_after(intake: Intake, storage: Storage) -> None:
    number = await taken(intake)
    await intake.fill_in(number, WORDS, "agent1")
    await intake.fill_in(number, replace(WORDS, content="手机黑屏", amount=199900), "agent1")
    _, (first, second) = await intake.revisions(number)
    assert (first.who, first.what) == ("agent1", "written_up")
    assert first.changes["content"] == (MAIL.content, WORDS.content)
    assert first.changes["phone"] == ("", "13800000001")
    assert first.changes["kind"] == ("unsorted", "complaint") and "email" not in first.changes
    assert second.changes == {"content": (WORDS.content, "手机黑屏"), "amount": ("", "1999.00")}
    sealed = await storage.database.read(
        lambda t: t.execute(text("SELECT sealed FROM revisions")).scalars().all()
    )
    assert not any("手机".encode() in bytes(row) for row in sealed)


async def test_a_sealed_reporter_survives_what_an_agent_writes(intake: Intake, storage: Storage) -> None:
    reporter = Person("李举报", "13935701234", "li@example.cn", "某路1号")
    number = await taken(intake, contact("web:1", kind=Kind.REPORT, person=reporter))
    said = replace(WORDS, kind=Kind.REPORT, person=Person(), content="该店售假")
    await intake.fill_in(number, said, "agent1")
    item = (await intake.get(number)).item
    known = await storage.database.read(lambda t: storage.items.person_of(t, item))
    assert (known, item.withheld, item.person) == (reporter, True, Person())
    with pytest.raises(BadContact) as caught:
        await intake.fill_in(number, said, "agent1", ["phone", "name"])
    assert {fault.field for fault in caught.value.faults} == {"phone", "name"}


async def test_a_lease_is_needed(intake: Intake) -> None:
    number = (await intake.submit(MAIL)).number
    with pytest.raises(Conflict):
        await intake.fill_in(number, WORDS, "agent1")
    await intake.claim("agent2", QueueQuery(), number)
    with pytest.raises(Conflict):
        await intake.fill_in(number, WORDS, "agent1")
    assert (await intake.get(number)).item.content == MAIL.content


async def test_what_was_changed_since_it_was_read_is_not_written_over(intake: Intake) -> None:
    number = await taken(intake)
    read = version((await intake.get(number)).item)
    await intake.fill_in(number, WORDS, "agent1", of=read)
    late = replace(WORDS, content="别的内容")
    with pytest.raises(Conflict):
        await intake.fill_in(number, late, "agent1", of=read)
    detail = await intake.get(number)
    assert detail.item.content == WORDS.content
    await intake.note(number, "note", "agent2", "已联系")  # says nothing else of the matter
    assert (
        await intake.fill_in(number, late, "agent1", of=version(detail.item))
    ).item.content == late.content


async def test_what_he_sees_he_may_empty_by_name(intake: Intake) -> None:
    number = await taken(intake, contact(occurred_on=None))
    given = replace(WORDS, person=Person(), respondent=Respondent(), content="改写")
    item = (await intake.fill_in(number, given, "agent1", ["claims", "amount", "problem"])).item
    assert (item.claims, item.amount, item.problem, item.subject) == ((), None, "", "household")
    assert (item.person.name, item.respondent.name) == ("张三", "某电器商行")
    for name in ("kind", "content", "number"):
        with pytest.raises(BadContact):
            await intake.fill_in(number, given, "agent1", [name])
    with pytest.raises(BadContact):
        await intake.fill_in(number, given, "agent1", ["name"])  # a complaint needs it


async def test_an_anonymous_report_stays_anonymous(intake: Intake) -> None:
    number = await taken(intake, contact("web:1", kind=Kind.REPORT, person=Person(), anonymous=True))
    said = replace(WORDS, kind=Kind.REPORT, person=Person(), content="该店售假")
    assert (await intake.fill_in(number, said, "agent1")).item.anonymous


async def test_sorting_and_a_talk_written_up_keep_versions_too(intake: Intake) -> None:
    number = await taken(intake)
    await intake.sort(number, Sorted(Kind.QUESTION, Person("王先生"), "问手机保修"), "agent1")
    _, (version,) = await intake.revisions(number)
    assert version.what == "sorted" and version.changes["name"] == ("王小明", "王先生")
    talk = replace(contact("call:1.1"), channel=Channel.PHONE, kind=Kind.UNSORTED, task=Task.TALK)
    called = (await intake.submit(talk)).number
    words = replace(talk, kind=Kind.COMPLAINT, task=Task.NONE, person=Person(), content="过期食品")
    await intake.write_up(words, "agent1")
    item, (version,) = await intake.revisions(called)
    assert item.person == talk.person and version.changes["content"] == (talk.content, "过期食品")
