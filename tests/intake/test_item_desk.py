"""Notes that name colleagues, files of the house, the query code, what was said first, canned answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from gateway.core.item.answers import CannedAnswer
from gateway.core.item.contact import Evidence, Kind, Person, Respondent
from gateway.core.item.item import QueueQuery
from gateway.core.item.notes import named_in
from gateway.errors import BadContact, Conflict, NotFound
from gateway.intake.faults import registration_faults
from gateway.intake.intake import Intake
from gateway.intake.item_desk import ItemDesk
from gateway.storage import Storage
from tests.storage.databases import MONDAY, ZONE, contact

ANSWER = CannedAnswer(
    "got", "已收到", frozenset({Kind.COMPLAINT}), "{姓名}您好，{编号}期限{期限}，{被投诉人}"
)


@pytest.fixture
def desk(intake: Intake, storage: Storage) -> ItemDesk:
    return ItemDesk(intake, storage, (ANSWER,), "临汾市12315热线")


async def number_of(intake: Intake, key: str = "web:1", **changes: object) -> str:
    return (await intake.submit(contact(key, **changes))).number


async def test_a_note_tells_the_colleague_named_in_it_until_he_looks(
    desk: ItemDesk, intake: Intake, storage: Storage
) -> None:
    for account, name, role in (
        ("agent1", "李红", "agent"),
        ("agent2", "王芳", "agent"),
        ("audit", "审计", "auditor"),
    ):
        await storage.accounts.add(account, name, role, "-", MONDAY)
    number = await number_of(intake)
    detail = await desk.note(number, "agent1", "请@王芳 看一下，@审计 无关，@李红 本人")
    assert (detail.timeline[-1].what, detail.timeline[-1].who) == ("note", "agent1")
    assert [(one.number, one.by) for one in await desk.mentions("agent2")] == [(number, "agent1")]
    assert not await desk.mentions("audit") and not await desk.mentions("agent1")
    await desk.see_mentions(number, "agent2")
    assert not await desk.mentions("agent2")


def test_of_two_names_that_fit_the_longer_is_meant() -> None:
    colleagues = {"a": "王芳", "b": "王芳芳", "agent3": "赵六"}
    assert named_in("@王芳芳：看", colleagues) == {"b"}
    assert named_in("＠王芳 看，@agent3", colleagues) == {"a", "agent3"}
    assert named_in("li@example.cn", colleagues) == set()


async def test_files_of_the_house_stand_beside_an_item_in_any_state(
    desk: ItemDesk, intake: Intake, tmp_path: Path
) -> None:
    number = await number_of(intake, kind=Kind.QUESTION)
    await intake.claim("agent1", QueueQuery(), number)
    await intake.complete(number, "agent1", "已答复")
    (tmp_path / "note.pdf").write_bytes(b"%PDF-1.4 x")
    file = Evidence(str(tmp_path / "note.pdf"), "笔录.pdf", "application/pdf")
    detail = await desk.add_files(number, "agent2", (file,), "现场笔录")
    assert [one.name for one in detail.attachments] == ["笔录.pdf"]
    assert (detail.timeline[-1].what, detail.timeline[-1].text) == ("file_added", "笔录.pdf：现场笔录")
    assert detail.item.added_at is None  # nothing that the person added


async def test_the_query_code_is_read_again_by_whoever_holds_the_item(desk: ItemDesk, intake: Intake) -> None:
    receipt = await intake.submit(contact())
    with pytest.raises(Conflict):
        await desk.query_code(receipt.number, "agent1")
    await intake.claim("agent1", QueueQuery(), receipt.number)
    assert await desk.query_code(receipt.number, "agent1") == receipt.query_code
    with pytest.raises(Conflict, match="agent1"):
        await desk.query_code(receipt.number, "agent2")
    with pytest.raises(NotFound):
        await desk.query_code("261124000000", "agent2")


async def test_what_was_said_first_is_there_after_every_correction(desk: ItemDesk, intake: Intake) -> None:
    number = await number_of(intake, content="买到坏牛奶", amount=29900)
    await intake.claim("agent1", QueueQuery(), number)
    for content in ("买到过期牛奶", "买到过期酸奶"):
        await intake.fill_in(number, contact(content=content, amount=1500), "agent1", ("amount",))
    said = (await desk.arrival(number)).fields
    assert (said["content"], said["amount"]) == ("买到坏牛奶", "299.00")


async def test_a_complaint_without_a_name_is_taken_when_the_caller_would_not_tell_it(intake: Intake) -> None:
    nameless = Person(phone="13835701234")
    with pytest.raises(BadContact):
        await number_of(intake, person=nameless)
    number = await number_of(intake, person=nameless, declined=("name",))
    assert (await intake.get(number)).item.declined == ("name",)
    await intake.claim("agent1", QueueQuery(), number)
    await intake.fill_in(number, contact(person=Person(name="赵六")), "agent1")
    item, past = await intake.revisions(number)
    assert (item.declined, past[-1].changes["declined"]) == ((), ("name", ""))


def test_on_a_call_a_complaint_wants_names_or_that_they_are_not_told() -> None:
    bare = contact(person=Person(phone="13835701234"), respondent=Respondent())
    assert [one.field for one in registration_faults(bare)] == ["name", "respondent_name"]
    assert [one.field for one in registration_faults(replace(bare, declined=("name",)))] == [
        "respondent_name"
    ]
    assert not registration_faults(replace(bare, kind=Kind.QUESTION))


async def test_a_canned_answer_has_the_items_words_and_shows_what_is_missing(
    desk: ItemDesk, intake: Intake
) -> None:
    number = await number_of(intake, person=Person("赵六", "13835701234"))
    now = datetime(2026, 11, 24, 9, tzinfo=ZONE)
    (answer,) = await desk.answers(number, "李红", now)
    assert answer.text.startswith(f"赵六您好，{number}期限2026年") and answer.missing == ()
    report = await number_of(intake, "web:2", kind=Kind.REPORT)
    assert await desk.answers(report, "李红", now) == []
