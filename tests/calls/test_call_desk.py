"""What an agent writes of a call, on the real intake and database: the halves of one talk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.calls.after_call import AfterCall
from gateway.calls.desk import CallDesk
from gateway.channels import phone
from gateway.core.call.record import Callback, CallbackState, CallOutcome, CallRecord
from gateway.core.call.state import CallState
from gateway.core.item.contact import Channel, Kind, Person, Task
from gateway.core.item.item import Item, QueueQuery
from gateway.errors import Conflict, NotFound
from gateway.intake.intake import Intake
from gateway.settings import schema as config
from gateway.storage import Storage
from tests.calls.conftest import Board
from tests.storage.databases import MONDAY, ZONE, Clock, contact, intake_on, sqlite_in

CALL = "1772415000.7"


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    made = await Storage.open(await sqlite_in(tmp_path), tmp_path)
    yield made
    await made.close()


def desk_on(storage: Storage, settings: config.Config) -> tuple[Intake, CallDesk]:
    clock = Clock()
    intake = intake_on(storage, clock)
    return intake, CallDesk(Board(settings).switchboard, storage, intake, clock)


async def test_nothing_ties_an_anonymous_report_to_the_complaint_of_the_same_call(
    storage: Storage, settings: config.Config
) -> None:
    intake, desk = desk_on(storage, settings)
    began = MONDAY.replace(minute=17, second=23)
    record = CallRecord(
        *(CALL, "in", "13835700000", "12315", 1, began), outcome=CallOutcome.TALKED, agent="agent1"
    )
    await storage.calls.keep([record])
    complaint = contact("x")
    report = replace(
        contact("y", kind=Kind.REPORT, claims=(), amount=None, content="无照经营"),
        person=Person(),
        anonymous=True,
    )
    one, two = await desk.write(CALL, [complaint, report], "agent1", None)
    again = await desk.write(CALL, [complaint, report], "agent1", None)
    assert [receipt.number for receipt in again] == [one.number, two.number], "sent twice"
    named, nameless = (await intake.get(one.number)).item, await intake.get(two.number)
    assert (named.call_id, named.received_at) == (CALL, began)
    assert (nameless.item.call_id, nameless.item.person) == ("", Person())
    assert nameless.item.received_at == began.replace(minute=0, second=0), "to the hour"
    told = " ".join(f"{entry.who} {entry.text}" for entry in nameless.timeline)
    assert one.number not in told and CALL not in told
    links = await storage.database.read(lambda t: storage.links.links_of(t, one.number))
    assert links == ()
    kept = await storage.database.read(lambda t: storage.links.raw_of(t, two.number))
    assert CALL.encode() not in kept and b"13835700000" not in kept


async def test_what_is_written_in_a_call_back_stands_in_the_item_that_owed_it(
    storage: Storage, settings: config.Config
) -> None:
    intake, desk = desk_on(storage, settings)
    asked = CallRecord(*(CALL, "in", "13835700000", "12315", 1, MONDAY), outcome=CallOutcome.CALL_BACK)
    owing = await intake.submit(
        replace(contact(f"call:{CALL}"), channel=Channel.PHONE, task=Task.CALL_BACK, call_id=CALL)
    )
    back = CallRecord(
        *(f"back2-{CALL}", "out", "", "13835700000", 1, Clock()()), agent="agent1", back_of=CALL
    )
    await storage.calls.keep([asked, back])
    await storage.call_backs.book(Callback(CALL, "13835700000", CALL, MONDAY, MONDAY, attempts=1))
    await storage.call_backs.link(CALL, owing.number)
    pop = await desk.pop(back.id, "agent1")
    assert pop.back and (pop.back.number, pop.back.attempts) == (owing.number, 1)
    first = await desk.save_draft(f"back-{CALL}", "agent1", 0, "one")
    assert first and (await desk.draft(back.id, "agent1")).text == "one", "all tries share one draft"
    wrote = replace(contact("x"), content="回电已核实：手机无法开机", kind=Kind.COMPLAINT)
    (receipt,) = await desk.write(back.id, [wrote], "agent1", None)
    assert receipt.number == owing.number
    item = (await intake.get(owing.number)).item
    assert (item.content, item.task, item.call_id) == ("回电已核实：手机无法开机", Task.NONE, CALL)
    assert (await desk.drafts("agent1")) == []


async def test_a_call_back_that_failed_is_owed_again_when_asked_for(
    storage: Storage, settings: config.Config
) -> None:
    intake, desk = desk_on(storage, settings)
    owing = await intake.submit(contact("a"))
    owed = Callback(CALL, "13835700000", CALL, MONDAY, MONDAY, attempts=3, dials=3)
    await storage.call_backs.book(owed)
    with pytest.raises(NotFound):
        await desk.owe_again(owing.number, "agent1")
    await storage.call_backs.link(CALL, owing.number)
    with pytest.raises(Conflict):
        await desk.owe_again(owing.number, "agent1")
    failed = replace(owed, state=CallbackState.FAILED)
    await storage.call_backs.change(failed, CallbackState.PENDING, Clock()())
    again = await desk.owe_again(owing.number, "agent1")
    assert (again.state, again.attempts, again.dials) == (CallbackState.PENDING, 0, 3)
    assert await storage.call_backs.owed() == [again]
    last = (await intake.get(owing.number)).timeline[-1]
    assert (last.what, last.who) == ("call_back_again", "agent1")
    with pytest.raises(Conflict):
        await desk.owe_again(owing.number, "agent1")


async def over(storage: Storage, intake: Intake) -> Item:
    """The call is over, and what it left in the queue is there."""
    record = CallRecord(
        *(CALL, "in", "13835700000", "12315", 1, MONDAY), outcome=CallOutcome.TALKED, agent="agent1"
    )
    left = phone.contact(record, Kind.UNSORTED, (), ZONE)
    assert left
    number = (await intake.submit(left)).number
    await storage.calls.keep([replace(record, number=number)])
    return (await intake.get(number)).item


async def test_what_a_caller_adds_is_a_task_in_the_item_and_the_talk_leaves_none(
    storage: Storage, settings: config.Config
) -> None:
    intake, desk = desk_on(storage, settings)
    known = (await intake.submit(contact("x"))).number
    await intake.claim("agent2", QueueQuery(), known)
    await intake.complete(known, "agent2", "已答复")
    left = await over(storage, intake)
    for text in ("商家又来电威胁", "商家又来电威胁", "还有一张小票"):
        await desk.add(CALL, known, text, "agent1")
    detail = await intake.get(known)
    added = [entry for entry in detail.timeline if entry.what == "follow_up"]
    assert [entry.text for entry in added] == ["来电补充：商家又来电威胁", "来电补充：还有一张小票"]
    assert {entry.who for entry in added} == {"agent1"}
    assert detail.item.added_at and detail.item.state.value == "closed"
    assert (await intake.get(left.number)).item.merged_into == known


async def test_no_item_that_names_the_caller_joins_a_report(
    storage: Storage, settings: config.Config
) -> None:
    intake, desk = desk_on(storage, settings)
    report = (await intake.submit(contact("x", kind=Kind.REPORT))).number
    left = await over(storage, intake)
    await desk.add(CALL, report, "昨晚又在售卖", "agent1")
    own = (await intake.get(left.number)).item
    assert (own.state.value, own.merged_into) == ("closed", "")
    assert report not in str(await intake.get(left.number))
    nameless = contact("y", kind=Kind.REPORT, person=Person(), anonymous=True)
    hidden = (await intake.submit(nameless)).number
    with pytest.raises(Conflict):
        await desk.add(CALL, hidden, "昨晚又在售卖", "agent1")
    assert not (await intake.get(hidden)).item.added_at


async def test_a_call_that_ends_after_it_added_something_leaves_no_item(
    storage: Storage, settings: config.Config, tmp_path: Path
) -> None:
    """Also when the gateway has been killed in between: what counts is in the database."""
    clock = Clock()
    intake = intake_on(storage, clock)
    known = (await intake.submit(contact("x"))).number
    board = Board(settings)
    ledgers, places = (storage.calls, storage.call_backs), (tmp_path / "messages", tmp_path / "recordings")
    after = AfterCall(intake, *ledgers, *places, ZONE, lambda seat: "agent1")
    talked = replace(
        CallRecord(CALL, "in", "13835700000", "12315", 1, MONDAY), agent="1", outcome=CallOutcome.TALKED
    )
    desk = CallDesk(board.switchboard, storage, intake, clock)
    await storage.calls.keep([talked])  # so that the desk knows of it
    await desk.add(CALL, known, "商家又来电威胁", "agent1")
    closed = await after.close(CallState(CALL, talked))
    assert closed.number == known and len(await intake.page(QueueQuery())) == 1


async def test_one_more_matter_of_the_same_call_is_an_item_of_its_own(
    storage: Storage, settings: config.Config
) -> None:
    intake, desk = desk_on(storage, settings)
    record = CallRecord(*(CALL, "in", "13835700000", "12315", 1, MONDAY), agent="agent1")
    await storage.calls.keep([record])
    (first,) = await desk.write(CALL, [contact("x")], "agent1", None)
    other = replace(contact("y"), content="另一家店的手机无法开机")
    (second,) = await desk.write(CALL, [other], "agent1", None, "m1")
    (again,) = await desk.write(CALL, [other], "agent1", None, "m1")
    assert second.number == again.number != first.number
    items = [(await intake.get(one.number)).item for one in (first, second)]
    assert [one.call_id for one in items] == [CALL, CALL]
    assert items[0].content == contact("x").content, "the first stays as it was"
