"""Taking in: one receipt for one key, numbers without gaps, clocks, follow-ups."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from gateway import health_checks
from gateway.core.item import number as numbers
from gateway.core.item.contact import Channel, Evidence, Kind, Person, Task
from gateway.core.item.item import Attachment, ItemState, QueueQuery
from gateway.errors import BadContact, KeyReused, NotFound
from gateway.intake.fingerprint import fingerprint_before
from gateway.intake.intake import Intake
from gateway.storage import Storage
from gateway.storage.tables import contacts, outbox, serials
from tests.storage.databases import MONDAY, Clock, contact


async def posted(storage: Storage) -> list[tuple[str, str]]:
    wanted = select(outbox.c.topic, outbox.c.number).order_by(outbox.c.id)
    return await storage.database.read(lambda t: [(row[0], row[1]) for row in t.execute(wanted)])


async def test_a_contact_becomes_an_item(intake: Intake, storage: Storage) -> None:
    heard: list[tuple[str, str]] = []
    intake.on_change(lambda what, number: heard.append((what, number)))
    receipt = await intake.submit(contact(raw=b"\x00raw"))
    assert receipt.number == numbers.make(date(2026, 3, 2), 1)
    assert (receipt.status, receipt.repeated, receipt.received_at) == ("received", False, MONDAY)
    assert receipt.due and all(not due.provisional for due in receipt.due)
    detail = await intake.get(receipt.number)
    assert (detail.item.person, detail.item.content) == (Person("张三", "13835700000"), "商家拒绝退款")
    assert (detail.item.claims, detail.item.amount, detail.item.due) == (("退货",), 19990, receipt.due)
    assert [(entry.what, entry.who) for entry in detail.timeline] == [("received", "web")]
    assert heard == [("new", receipt.number)]
    assert await posted(storage) == [("item.new", receipt.number)]
    kept = await storage.database.read(lambda t: t.execute(select(contacts.c.raw)).scalar_one())
    assert kept == b"\x00raw"


async def test_the_same_key_again(intake: Intake) -> None:
    first = await intake.submit(contact())
    again = await intake.submit(contact(received_at=MONDAY + timedelta(days=3)))
    assert again == replace(first, repeated=True)
    with pytest.raises(KeyReused):
        await intake.submit(contact(content="别的内容"))
    assert (await intake.submit(contact("web:2"))).number == numbers.make(date(2026, 3, 2), 2)
    assert len(await intake.page(QueueQuery())) == 2


async def test_what_an_older_gateway_took_in_comes_again(intake: Intake, storage: Storage) -> None:
    first = await intake.submit(contact())
    older = {"fingerprint": fingerprint_before(contact(), ())}
    await storage.database.write(lambda t: t.execute(update(contacts).values(**older)).close())
    assert await intake.submit(contact()) == replace(first, repeated=True)
    with pytest.raises(KeyReused):
        await intake.submit(contact(content="别的内容"))


async def test_half_a_character_has_a_fingerprint_too(intake: Intake) -> None:
    first = await intake.submit(contact(content="半个字\ud800"))
    assert (await intake.submit(contact(content="半个字\ud800"))).number == first.number
    with pytest.raises(KeyReused):
        await intake.submit(contact(content="半个字\ud801"))


async def test_what_a_machine_took_in_has_one_content(intake: Intake) -> None:
    call = contact("call:1", channel=Channel.PHONE, kind=Kind.UNSORTED, task=Task.TALK, content="")
    first = await intake.submit(call)
    again = await intake.submit(replace(call, content="重新读取", task=Task.LISTEN))
    assert (again.number, again.repeated) == (first.number, True)


async def test_fifty_at_once_with_one_key(intake: Intake, storage: Storage) -> None:
    receipts = await asyncio.gather(*(intake.submit(contact()) for _ in range(50)))
    assert len({(r.number, r.query_code, r.received_at, r.due) for r in receipts}) == 1
    assert [r.repeated for r in receipts].count(False) == 1
    assert len(await posted(storage)) == 1
    assert (await intake.submit(contact("next"))).number == numbers.make(date(2026, 3, 2), 2)


async def test_fifty_at_once_get_fifty_numbers_in_a_row(intake: Intake) -> None:
    receipts = await asyncio.gather(*(intake.submit(contact(f"web:{n}")) for n in range(50)))
    day = date(2026, 3, 2)
    assert sorted(r.number for r in receipts) == [numbers.make(day, n) for n in range(1, 51)]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 2, 15, 59, 59, 999999, UTC), date(2026, 3, 2)),
        (datetime(2026, 3, 2, 16, 30, tzinfo=UTC), date(2026, 3, 3)),
        (datetime(2026, 3, 2, 23, 0, tzinfo=UTC), date(2026, 3, 3)),
    ],
)
async def test_the_day_is_the_centres(intake: Intake, at: datetime, day: date) -> None:
    await intake.submit(contact("before", received_at=datetime(2026, 3, 2, 10, tzinfo=UTC)))
    receipt = await intake.submit(contact(received_at=at))
    assert numbers.day_of(receipt.number) == day
    assert int(receipt.number[6:11]) == (2 if day == date(2026, 3, 2) else 1)
    assert receipt == replace(await intake.submit(contact(received_at=at)), repeated=False)


async def test_what_is_missing_is_named_and_nothing_is_kept(intake: Intake) -> None:
    bad = contact(person=Person(), content=" ", received_at=datetime(2026, 3, 2))
    with pytest.raises(BadContact) as caught:
        await intake.submit(bad)
    assert {fault.field for fault in caught.value.faults} == {"content", "name", "phone", "received_at"}
    with pytest.raises(BadContact):
        await intake.submit(contact("k" * 201))
    assert await intake.page(QueueQuery()) == []


async def test_texts_that_databases_disagree_on(intake: Intake) -> None:
    odd = contact(
        "fax:1",
        channel=Channel.FAX,
        content="上\0下\udcff",
        county="县" * 300,
        claims=("\udc80",),
        call_id="c" * 100,
    )
    item = (await intake.get((await intake.submit(odd)).number)).item
    assert (item.content, item.county, item.call_id) == ("上下?", "县" * 40, "c" * 64)
    assert len(item.claims) == 1


# ---------------------------------------------------------------- files


def evidence(folder: Path, name: str, content: bytes, role: str = "evidence") -> Evidence:
    file = folder / name
    file.write_bytes(content)
    return Evidence(str(file), name, "image/png", role)


async def test_files_are_kept_by_their_hash(intake: Intake, storage: Storage, tmp_path: Path) -> None:
    files = tuple(evidence(tmp_path, f"{n}.png", b"picture" * (n // 2)) for n in range(1, 4))
    receipt = await intake.submit(contact(evidence=files))
    detail = await intake.get(receipt.number)
    assert detail.item.attachments == 3
    sums = [hashlib.sha256(b"picture" * (n // 2)).hexdigest() for n in range(1, 4)]
    assert [a.sha256 for a in detail.attachments] == sums
    assert detail.attachments[1] == Attachment(sums[1], "2.png", "image/png", "evidence", 7)
    assert [storage.files.path(s).read_bytes() for s in sums] == [b"", b"picture", b"picture"]
    assert not any((tmp_path / "files" / "incoming").iterdir())
    assert (await intake.page(QueueQuery()))[0].attachments == detail.attachments
    assert await storage.items.files() == frozenset(sums)
    with pytest.raises(KeyReused):
        await intake.submit(contact(evidence=files[:2]))
    assert (await intake.submit(contact(evidence=files))).number == receipt.number


async def test_a_follow_up_comes_once(intake: Intake, storage: Storage, tmp_path: Path) -> None:
    number = (await intake.submit(contact())).number
    more = (evidence(tmp_path, "more.pdf", b"more"),)
    assert await intake.append(number, "mail:7", "补充材料", more, "email")
    assert not await intake.append(number, "mail:7", "补充材料", more, "email")
    detail = await intake.get(number)
    assert [(e.what, e.who, e.text) for e in detail.timeline][1:] == [("follow_up", "email", "补充材料")]
    assert (detail.item.attachments, len(detail.attachments)) == (1, 1)
    assert [topic for topic, _ in await posted(storage)] == ["item.new", "item.changed"]
    with pytest.raises(NotFound):
        await intake.append(numbers.make(date(2026, 3, 2), 77), "mail:8", "", (), "email")


async def test_the_timeline_is_in_the_order_in_which_things_happened(intake: Intake, clock: Clock) -> None:
    number = (await intake.submit(contact())).number
    for n in range(12):
        clock.on(seconds=-1)  # a clock that is set back changes nothing
        await intake.note(number, "note", "agent1", str(n))
    assert [e.text for e in (await intake.get(number)).timeline[1:]] == [str(n) for n in range(12)]
    assert (await intake.get(number)).item.state is ItemState.RECEIVED


async def given(storage: Storage, on: date, serial: int) -> None:
    """So many numbers of a day are given."""
    made = insert(serials).values(day=on.isoformat(), last=serial)
    await storage.database.write(lambda t: t.execute(made).close())


async def test_a_full_day_takes_the_next_days_numbers(intake: Intake, storage: Storage) -> None:
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    await given(storage, monday, numbers.LAST_SERIAL - numbers.RESERVE)
    web = await intake.submit(contact("web:1"))
    assert web.number == numbers.make(tuesday, 1)
    item = (await intake.get(web.number)).item
    first = await intake.submit(contact("phone:1", channel=Channel.PHONE))
    assert first.number == numbers.make(monday, numbers.LAST_SERIAL - numbers.RESERVE + 1)
    assert item.received_at == MONDAY
    assert item.due == (await intake.get(first.number)).item.due, "clocks run from the day of receipt"
    assert await intake.numbers_given() == (numbers.LAST_SERIAL - numbers.RESERVE + 1, numbers.LAST_SERIAL)


async def test_the_telephone_has_numbers_until_the_very_last(intake: Intake, storage: Storage) -> None:
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    await given(storage, monday, numbers.LAST_SERIAL - 1)
    got = [(await intake.submit(contact(f"phone:{n}", channel=Channel.PHONE))).number for n in range(3)]
    assert got == [numbers.make(monday, numbers.LAST_SERIAL), *(numbers.make(tuesday, n) for n in (1, 2))]
    assert (await intake.submit(contact("phone:0", channel=Channel.PHONE))).repeated


async def test_half_of_a_days_numbers_raise_an_alarm(intake: Intake, storage: Storage) -> None:
    check = health_checks.numbers(intake.numbers_given)
    assert (await check()).ok
    await given(storage, date(2026, 3, 2), numbers.LAST_SERIAL // 2 + 1)
    alarm = await check()
    assert (alarm.ok, alarm.vital) == (False, False)
    assert "50000" in alarm.detail
