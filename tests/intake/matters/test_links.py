"""Suggestions, links, merging and splitting: by a person, with a reason, told on both, undoable."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.channels import counter
from gateway.channels.counter import Registration
from gateway.core.item.contact import Channel, Kind, Person, Respondent
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.matter import LinkKind
from gateway.errors import BadContact, Conflict, NotFound
from gateway.intake.clocks import hour_of
from gateway.intake.splits import Split
from tests.intake.matters.conftest import House
from tests.storage.databases import MONDAY, contact

STORY = "在该店购买电饭煲一台，价格399元，使用两天即损坏，商家拒绝退货，要求退款并赔偿损失。"
FIRM = Respondent("临汾市尧都区某某电器有限公司")
NOBODY = "260302999993"


async def test_what_may_be_the_same_is_suggested_with_its_reasons(house: House) -> None:
    one = await house.number("web:1", content=STORY, respondent=FIRM)
    mail = await house.number(
        "mail:1",
        channel=Channel.EMAIL,
        kind=Kind.UNSORTED,
        person=Person("张先生", "+86 138-3570-0000"),
        respondent=Respondent("某某电器"),
        content="请问怎么处理了？",
    )
    copied = await house.number("web:2", person=Person("李四", "13900000001"), content=STORY, respondent=FIRM)
    for n in range(3):
        await house.number(f"web:x{n}", person=Person("王五", f"1310000000{n}"), content=f"别的事{n}" * 9)
    found = await house.matters.likely(one)
    assert {likely.item.number for likely in found} == {mail, copied}
    reasons = {likely.item.number: {reason.what for reason in likely.reasons} for likely in found}
    assert reasons[mail] >= {"phone", "respondent", "time"}
    assert reasons[copied] >= {"respondent", "text"}


@pytest.mark.parametrize(
    ("given", "other"),
    [
        (Person("甲", "", "Zhang@Example.com"), Person("乙", "", "zhang@example.com")),
        (Person("甲", id_number="14102519900101123x"), Person("乙", id_number="14102519900101123X")),
        (Person("甲", "03572012345"), Person("乙", "0357-2012345")),
    ],
)
async def test_a_person_is_found_by_each_sign(house: House, given: Person, other: Person) -> None:
    one = await house.number("web:1", person=given, anonymous=True, kind=Kind.REPORT)
    two = await house.number("web:2", person=other, anonymous=True, kind=Kind.REPORT)
    assert [likely.item.number for likely in await house.matters.likely(one)] == [two]


async def test_what_is_tied_or_merged_is_suggested_no_more(house: House) -> None:
    one, two, three = [await house.number(f"web:{n}") for n in range(3)]
    assert len(await house.matters.likely(one)) == 2
    await house.matters.link(one, two, "agent1", "同一件事")
    await house.intake.merge(three, one, "agent1")
    assert await house.matters.likely(one) == ()


async def test_suggestions_stay_few_and_near_when_many_are_alike(house: House) -> None:
    one = await house.number("web:now")
    for n in range(120):
        await house.number(f"web:{n}", received_at=MONDAY - timedelta(hours=n))
    found = await house.matters.likely(one)
    assert len(found) == 80
    assert found[0].score == 80


async def test_a_link_is_told_on_both_and_can_be_undone(house: House) -> None:
    one, two = await house.number("web:1"), await house.number("web:2")
    tied = await house.matters.link(one, two, "agent1", "同一件事")
    assert [(link.other, link.kind, link.reason) for link in tied.links] == [
        (two, LinkKind.SAME_MATTER, "同一件事")
    ]
    assert [link.other for link in (await house.matters.matter(two)).links] == [one]
    assert ("link", f"{two} 同一件事") in await house.past(one)
    assert ("link", f"{one} 同一件事") in await house.past(two)
    assert house.told[-2:] == [("changed", one), ("changed", two)]

    with pytest.raises(Conflict):
        await house.matters.link(two, one, "agent2", "再来一次")
    assert (await house.matters.unlink(two, one, "agent2", "弄错了")).links == ()
    assert (await house.matters.matter(one)).links == ()
    assert ("unlink", f"{two} 弄错了") in await house.past(one)
    with pytest.raises(Conflict):
        await house.matters.unlink(one, two, "agent1", "再来一次")
    for number in (one, two):
        assert (await house.intake.get(number)).item.state is ItemState.RECEIVED


async def test_links_of_nothing(house: House) -> None:
    one = await house.number()
    with pytest.raises(Conflict):
        await house.matters.link(one, one, "agent1", "自己")
    with pytest.raises(NotFound):
        await house.matters.link(one, NOBODY, "agent1", "没有")
    with pytest.raises(NotFound):
        await house.matters.matter(NOBODY)
    with pytest.raises(NotFound):
        await house.matters.likely(NOBODY)


async def test_two_who_link_at_once(house: House) -> None:
    one, two = await house.number("web:1"), await house.number("web:2")
    done = await asyncio.gather(
        house.matters.link(one, two, "agent1", "甲"),
        house.matters.link(two, one, "agent2", "乙"),
        return_exceptions=True,
    )
    assert sorted(isinstance(answer, Conflict) for answer in done) == [False, True]
    assert len((await house.matters.matter(one)).links) == 1


async def test_a_merge_is_undone_with_a_reason(house: House) -> None:
    one, two = await house.number("web:1"), await house.number("web:2")
    await house.intake.merge(two, one, "agent1", "重复")
    parted = await house.matters.unmerge(two, "agent2", "不是同一件")
    assert (parted.item.state, parted.item.merged_into) == (ItemState.RECEIVED, "")
    assert ("unmerge", "不是同一件") in await house.past(two)
    assert ("unmerged_here", two) in await house.past(one)


# ---------------------------------------------------------------- one contact, two items


async def test_a_complaint_that_is_a_report_too(house: House) -> None:
    evidence = (house.file("a.png", b"picture"),)
    first = await house.submit("web:1", evidence=evidence, mediation_consent=True, county="141002")
    house.clock.on(days=2)
    second = await house.matters.split(first.number, Split(Kind.REPORT, "涉嫌无照经营"), "agent1")
    report, complaint = (await house.intake.get(second.number)), await house.intake.get(first.number)
    assert (report.item.kind, report.item.content) == (Kind.REPORT, "涉嫌无照经营")
    assert report.item.received_at == complaint.item.received_at
    assert {due.clock for due in report.item.due} == {"check_report"}
    assert {due.clock for due in complaint.item.due} == {"decide_acceptance"}
    assert report.item.withheld and report.item.person == Person()
    assert await house.matters.identity(second.number) == complaint.item.person
    assert (report.item.claims, report.item.mediation_consent) == ((), None)
    assert [file.sha256 for file in report.attachments] == [file.sha256 for file in complaint.attachments]
    (link,) = (await house.matters.matter(first.number)).links
    assert (link.other, link.kind, link.other_kind) == (second.number, LinkKind.SPLIT, Kind.REPORT)
    assert ("split", second.number) in await house.past(first.number)
    assert ("split", first.number) in await house.past(second.number)


async def test_asked_again_it_is_the_same_item(house: House) -> None:
    one = await house.number()
    first = await house.matters.split(one, Split(Kind.REPORT), "agent1")
    await house.intake.append(one, "more", "补充", (house.file("b.png", b"more"),), "web")
    again = await house.matters.split(one, Split(Kind.REPORT, "别的话"), "agent1")
    assert (again.number, again.query_code, again.repeated) == (first.number, first.query_code, True)
    assert [what for what, _ in await house.past(one)].count("split") == 1


async def test_a_reporter_who_is_to_stay_unknown(house: House) -> None:
    one = await house.number(evidence=(house.file("a.png", b"picture of me"),), call_id="17.1")
    half = await house.matters.split(one, Split(Kind.REPORT, "线索", anonymous=True), "agent1")
    report = await house.intake.get(half.number)
    assert (report.item.person, report.item.anonymous, report.item.call_id) == (Person(), True, "")
    assert report.attachments == ()


async def test_an_anonymous_half_is_tied_to_the_named_one_nowhere(house: House) -> None:
    one = await house.number()
    half = await house.matters.split(one, Split(Kind.REPORT, "线索", anonymous=True), "agent1")
    again = await house.matters.split(one, Split(Kind.REPORT, "线索", anonymous=True), "agent1")
    assert again.number == half.number, "sent again it is the same item"
    for number, other in ((one, half.number), (half.number, one)):
        assert (await house.matters.matter(number)).links == ()
        assert other not in [likely.item.number for likely in await house.matters.likely(number)]
        assert all(other not in entry.text for entry in (await house.intake.get(number)).timeline)
    rows = await house.storage.database.read(
        lambda t: [tuple(row) for row in t.execute(text("SELECT key, number FROM contacts"))]
    )
    assert all(one not in key for key, number in rows if number == half.number)
    report = (await house.intake.get(half.number)).item
    assert report.received_at == hour_of((await house.intake.get(one)).item.received_at)


async def test_a_letters_dates_go_with_both_halves(house: House) -> None:
    registered = Registration("agent1", MONDAY, came_by="挂号信")
    letter = counter.contact(contact("counter:1"), Channel.LETTER, registered)
    one = (await house.intake.submit(letter)).number
    two = (await house.matters.split(one, Split(Kind.REPORT), "agent1")).number
    for number in (one, two):
        item, raw = await house.matters.registered(number)
        assert item.channel == Channel.LETTER
        assert counter.registration(raw) == registered


@pytest.mark.parametrize("kind", [Kind.QUESTION, Kind.UNSORTED, Kind.REPORT])
async def test_what_cannot_be_split(house: House, kind: Kind) -> None:
    one = await house.number(kind=kind)
    with pytest.raises(Conflict):
        await house.matters.split(one, Split(Kind.REPORT), "agent1")


async def test_what_others_hold_or_is_merged_is_not_split(house: House) -> None:
    one, two = await house.held("web:1", "agent2"), await house.number("web:2")
    with pytest.raises(Conflict):
        await house.matters.split(one, Split(Kind.REPORT), "agent1")
    await house.intake.merge(two, one, "agent2")
    with pytest.raises(Conflict):
        await house.matters.split(two, Split(Kind.REPORT), "agent1")


async def test_a_complaint_cannot_come_of_an_anonymous_report(house: House) -> None:
    one = await house.number(kind=Kind.REPORT, person=Person(), anonymous=True)
    with pytest.raises(BadContact):
        await house.matters.split(one, Split(Kind.COMPLAINT), "agent1")
    assert len(await house.intake.page(QueueQuery())) == 1


async def test_what_was_split_stays_tied(house: House) -> None:
    one = await house.number()
    two = (await house.matters.split(one, Split(Kind.REPORT), "agent1")).number
    with pytest.raises(Conflict):
        await house.matters.unlink(one, two, "agent1", "不要")


async def test_the_platforms_number(house: House) -> None:
    one = await house.number()
    await house.matters.set_external(one, "12315", "LF-1", "agent1")
    noted = await house.matters.set_external(one, "12315", "LF-2", "agent2")
    assert [(e.source, e.external_no, e.who) for e in noted.externals] == [("12315", "LF-2", "agent2")]
    assert ("external", "12315 LF-1") in await house.past(one)
    await house.matters.set_external(one, "12345", "X-1", "agent2")
    await house.matters.set_external(one, "12315", "LF-2", "agent2")
    _, (revision,) = await house.intake.revisions(one)
    assert (revision.what, revision.who) == ("external", "agent2")
    assert revision.changes == {"external_no": ("12315 LF-1", "12315 LF-2")}
    with pytest.raises(NotFound):
        await house.matters.set_external(NOBODY, "12315", "1", "agent1")


async def test_a_firm_whose_name_begins_alike_is_another_firm(house: House) -> None:
    named = (
        "恒信新世纪美容院",
        "临汾市恒信新世纪美容院有限公司",
        "恒信新世纪美容院（解放路店）",
        "恒信新世纪家电商行",
    )
    first, *others = [
        await house.number(f"web:{n}", person=Person("赵六", f"1380013800{n}"), respondent=Respondent(name))
        for n, name in enumerate(named)
    ]
    beside = await house.matters.history(first)
    assert {one.number for one in beside.respondent} == set(others[:2])


async def test_the_history_beside_an_item_tells_of_no_reporter(house: House) -> None:
    person, shop = Person("赵六", "13800138000"), Respondent("好再来超市")
    first = await house.number("web:1", person=person, respondent=shop)
    second = await house.number("web:2", person=person, respondent=Respondent("另一家店"))
    report = await house.number("web:3", kind=Kind.REPORT, person=person, respondent=shop)
    beside = await house.matters.history(first)
    assert [one.number for one in beside.person] == [second]
    assert [one.number for one in beside.respondent] == [report]
    assert not beside.respondent[0].person.phone
    assert not (await house.matters.history(report)).person
