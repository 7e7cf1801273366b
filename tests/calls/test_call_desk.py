"""What an agent writes of a call, on the real door and database: the halves of one talk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.calls.desk import CallDesk
from gateway.core.call.record import CallOutcome, CallRecord
from gateway.core.item.contact import Kind, Person
from gateway.settings import schema as config
from gateway.storage import Storage
from tests.calls.conftest import Board
from tests.storage.databases import MONDAY, Clock, contact, door

CALL = "1772415000.7"


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    made = await Storage.open(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path)
    yield made
    await made.close()


async def test_nothing_ties_an_anonymous_report_to_the_complaint_of_the_same_call(
    storage: Storage, settings: config.Config
) -> None:
    clock = Clock()
    intake = door(storage, clock)
    desk = CallDesk(Board(settings).switchboard, storage, intake, clock)
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
