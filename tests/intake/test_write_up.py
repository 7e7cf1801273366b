"""An agent's words become the call's own item, whether the call has made it already or not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.item.contact import Channel, Kind, Person, Respondent, Task
from gateway.core.item.item import QueueQuery
from gateway.core.item.matter import LinkKind
from gateway.errors import Conflict
from gateway.intake.intake import Intake
from gateway.storage import Storage
from tests.storage.databases import MONDAY, contact

CALLED = replace(
    contact(), key="call:1.1", channel=Channel.PHONE, kind=Kind.UNSORTED, task=Task.TALK, call_id="1.1"
)
WRITTEN = replace(
    CALLED,
    kind=Kind.COMPLAINT,
    task=Task.NONE,
    person=Person("李四", "13900000001"),
    respondent=Respondent("某超市"),
    content="过期食品",
)


async def test_what_the_call_left_is_written_up(intake: Intake) -> None:
    first = await intake.submit(CALLED)
    receipt = await intake.write_up(WRITTEN, "agent1")
    assert receipt.number == first.number
    detail = await intake.get(first.number)
    item = detail.item
    assert (item.kind, item.task, item.content) == (Kind.COMPLAINT, Task.NONE, "过期食品")
    assert (item.person, item.received_at, item.call_id) == (WRITTEN.person, MONDAY, "1.1")
    assert item.due == receipt.due and item.due
    assert [entry.what for entry in detail.timeline] == ["received", "written_up"]


async def test_what_was_written_first_is_the_calls_item(intake: Intake) -> None:
    written = await intake.write_up(WRITTEN, "agent1")
    later = await intake.submit(CALLED)
    assert (later.number, later.repeated) == (written.number, True)
    assert (await intake.get(written.number)).item.content == "过期食品"


async def test_a_report_is_sealed_when_it_is_written_up(intake: Intake) -> None:
    number = (await intake.submit(CALLED)).number
    await intake.write_up(replace(WRITTEN, kind=Kind.REPORT), "agent1")
    assert "李四" not in str((await intake.get(number)).item)
    assert await intake.phone_of(number) == "13900000001"


async def test_what_another_works_on_is_not_written_over(intake: Intake) -> None:
    number = (await intake.submit(CALLED)).number
    await intake.claim("agent2", QueueQuery(), number)
    with pytest.raises(Conflict):
        await intake.write_up(WRITTEN, "agent1")


async def test_two_items_of_one_call_are_tied_once(intake: Intake, storage: Storage) -> None:
    one = (await intake.write_up(WRITTEN, "agent1")).number
    two = (await intake.write_up(replace(WRITTEN, key="call:1.1:2", kind=Kind.REPORT), "agent1")).number
    for _ in range(2):
        await intake.tie(one, two, LinkKind.SPLIT, "agent1")
    links = await storage.database.read(lambda t: storage.links.links_of(t, one))
    assert [(link.other, link.kind) for link in links] == [(two, LinkKind.SPLIT)]
