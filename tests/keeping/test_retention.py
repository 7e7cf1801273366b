"""Terms of rules/retention.yaml: what is over goes as a whole, waits 30 days, and can be put back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core.item.catalogue import RAW_MAIL, RECORDING, Retention
from gateway.core.item.contact import Evidence, Kind, Person
from gateway.core.item.item import ItemDetail, QueueQuery
from gateway.errors import Conflict, NotFound
from gateway.intake.intake import Intake
from gateway.keeping.retention import FEW, Terms, months_ago
from gateway.storage import Storage, tables
from gateway.storage.files import WASTE_DAYS
from gateway.storage.tables.retention import discarded
from tests.storage.databases import ZONE, Clock, contact, intake_on, rules

LATER = timedelta(days=3 * 366)


@dataclass
class Place:
    storage: Storage
    intake: Intake
    clock: Clock
    terms: Terms
    var: Path

    async def ended(self, key: str, kind: Kind = Kind.COMPLAINT) -> str:
        """An item with a file and a call with its recording, closed."""
        picture = self.var / f"{key}.png"
        picture.write_bytes(key.encode())
        sent = (Evidence(str(picture), "a.png", "image/png"),)
        said = contact(key, kind=kind, evidence=sent, person=Person("王小明", "13835700009"), raw=b"\xff\0")
        number = (await self.intake.submit(said)).number
        await self.intake.claim("agent1", QueueQuery(), number)
        await self.intake.complete(number, "agent1", "已处理")
        await self.call(f"call-{key}", number)
        return number

    def with_parts(self, months: int = 12) -> None:
        """Recordings and whole mails have a term of their own."""
        own = [Retention(what, what, what, months, True, "") for what in (RECORDING, RAW_MAIL)]
        every = [*rules().retention, *own]
        self.terms = Terms(self.storage, every, self.var, lambda: self.clock().astimezone(ZONE))

    async def mailed(self, key: str) -> str:
        """An item with a whole mail beside its picture, and a call, closed."""
        number = await self.ended(key)
        (self.var / "raw").write_bytes(b"Subject: " + key.encode() + b"\r\n\r\n")
        mail = Evidence(str(self.var / "raw"), "原始邮件.eml", "message/rfc822", "raw")
        await self.intake.append(number, f"mail-{key}", "", (mail,), "email")
        return number

    async def call(self, id_: str, number: str = "") -> None:
        recording = f"recordings/20260302/{id_}.wav"
        (self.var / recording).parent.mkdir(parents=True, exist_ok=True)
        (self.var / recording).write_bytes(id_.encode())
        if self.storage.files.cipher and self.storage.files.cipher.encrypts:
            self.storage.files.convert(self.var / recording, encrypt=True)
        await self.storage.database.write(
            lambda t: t.execute(
                tables.calls.insert(),
                {
                    "id": id_,
                    "direction": "in",
                    "caller": "13835700009",
                    "line": 1,
                    "number": number,
                    "started_at": int(self.clock().timestamp() * 1000),
                    "outcome": "talked",
                    "ended_at": int(self.clock().timestamp() * 1000) + 60000,
                    "recording": recording,
                    "recording_state": "saved",
                },
            ).close()
        )

    async def rows(self) -> dict[str, int]:
        """How many rows each table has, but for what retention itself writes."""
        own = ("audit", "discarded", "holds", "kept_figures")
        wanted = [table for table in tables.meta.sorted_tables if table.name not in own]
        return await self.storage.database.read(
            lambda t: {table.name: len(t.execute(select(table)).all()) for table in wanted}
        )

    async def audited(self) -> list[tuple[str, str]]:
        rows = await self.storage.audit.page()
        return [(row.what, row.about) for row in reversed(rows) if row.what.startswith("retention")]


@pytest.fixture(params=(False, True), ids=("clear", "encrypted"))
async def place(
    request: pytest.FixtureRequest, url: str, tmp_path: Path, clock: Clock
) -> AsyncIterator[Place]:
    storage = await Storage.open(url, tmp_path, encrypt_files=request.param)
    terms = Terms(storage, rules().retention, tmp_path, lambda: clock().astimezone(ZONE))
    yield Place(storage, intake_on(storage, clock), clock, terms, tmp_path)
    await storage.close()


async def test_what_is_over_goes_as_a_whole_and_comes_back_as_it_was(place: Place) -> None:
    number = await place.ended("old", Kind.REPORT)
    await place.call("nothing")
    open_number = (await place.intake.submit(contact("open"))).number
    before, detail = await place.rows(), await place.intake.get(number)
    assert [due.abouts for due in await place.terms.due()] == [[]] * 5
    place.clock.at += LATER
    due = {part.rule.what: list(part.abouts) for part in await place.terms.due()}
    assert due["report"] == [number] and due["call_without_item"] == ["nothing"] and due["complaint"] == []
    ran = await place.terms.run("retention")
    assert (ran.went["report"], ran.went["call_without_item"], ran.held_back) == (1, 1, 0)
    with pytest.raises(NotFound):
        await place.intake.get(number)
    assert (await place.intake.get(open_number)).item.number == open_number
    sealed = await place.storage.database.read(
        lambda t: t.execute(select(discarded.c.sealed)).scalars().all()
    )
    assert all("王小明".encode() not in bytes(row) for row in sealed)
    recordings = place.var / "recordings" / "20260302"
    assert not (recordings / "call-old.wav").exists() and not (recordings / "nothing.wav").exists()
    file = place.storage.files.path(detail.attachments[0].sha256)
    assert not file.exists()
    await place.terms.undo(number, "admin")
    await place.terms.undo("nothing", "admin")
    assert await place.rows() == before
    with place.storage.files.open(file) as back:
        assert await place.intake.get(number) == detail and back.read() == b"old"
    with place.storage.files.open(recordings / "call-old.wav") as back:
        assert back.read() == b"call-old" and (recordings / "nothing.wav").exists()
    assert sorted(await place.audited()) == [
        *(("retention.discarded", about) for about in (number, "nothing")),
        *(("retention.undone", about) for about in (number, "nothing")),
    ]
    assert (await place.storage.audit.verify()).broken == 0


async def test_recordings_and_mails_go_before_their_items_and_come_back(place: Place) -> None:
    number, held = await place.mailed("old"), await place.mailed("held")
    await place.storage.retention.hold(held, "admin", "行政诉讼", place.clock())
    await place.call("nothing")
    before, detail = await place.rows(), await place.intake.get(number)
    place.with_parts()
    assert all(not due.abouts for due in await place.terms.due())
    place.clock.at += timedelta(days=400)
    due = {part.rule.what: list(part.abouts) for part in await place.terms.due() if part.abouts}
    assert due == {"recording": ["call-old", "nothing"], "raw_mail": [number]}
    await place.terms.run("retention")
    assert sorted(path.name for path in (place.var / "waste" / "recordings").iterdir()) == [
        *("recordings_20260302_call-old.wav", "recordings_20260302_nothing.wav")
    ]
    call = await place.storage.calls.get("call-old")
    assert call and (call.recording, call.recording_state.value, call.number) == ("", "none", number)
    assert [file.role for file in (await place.intake.get(number)).attachments] == ["evidence"]
    assert not (await place.terms.run("retention")).went["recording"]
    gone = {row.about for row in await place.storage.retention.gone_lately()}
    assert gone == {"recording:call-old", "recording:nothing", f"raw_mail:{number}"}
    for about in gone:
        await place.terms.undo(about, "admin")
    assert await place.rows() == before and await place.intake.get(number) == detail
    with place.storage.files.open(place.var / "recordings/20260302/call-old.wav") as back:
        assert back.read() == b"call-old"


async def test_parts_that_went_are_erased_with_their_item(place: Place) -> None:
    number = await place.mailed("old")
    place.with_parts()
    place.clock.at += timedelta(days=400)
    await place.terms.run("retention")
    assert list((place.var / "waste").rglob("*.wav"))
    assert await place.terms.erase("complaint", number, "admin", "本人申请")
    assert await place.storage.retention.gone_lately() == []
    assert not [path for path in (place.var / "waste").rglob("*") if path.is_file()]
    assert not [path for path in (place.var / "files").rglob("*") if path.is_file()]


async def test_a_part_is_not_put_back_where_its_item_is_gone(place: Place) -> None:
    number = await place.mailed("old")
    place.with_parts()
    place.clock.at += timedelta(days=400)
    await place.terms.run("retention")
    assert await place.terms.discard_item("complaint", number, "admin")
    for about in ("recording:call-old", f"raw_mail:{number}"):
        with pytest.raises(Conflict):
            await place.terms.undo(about, "admin")
    await place.terms.undo(number, "admin")
    for about in ("recording:call-old", f"raw_mail:{number}"):
        await place.terms.undo(about, "admin")
    roles = [file.role for file in (await place.intake.get(number)).attachments]
    assert sorted(roles) == ["evidence", "raw"]


async def test_after_thirty_days_it_is_gone_for_good(place: Place) -> None:
    number = await place.ended("old")
    place.clock.at += LATER
    await place.terms.run("retention")
    assert list((place.var / "waste").rglob("*.wav"))
    place.clock.at += timedelta(days=WASTE_DAYS, hours=1)
    assert (await place.terms.run("retention")).ended == 1
    with pytest.raises(NotFound):
        await place.terms.undo(number, "admin")
    place.storage.files.clean(frozenset(), now=place.clock().timestamp())
    assert not [path for path in (place.var / "waste").rglob("*") if path.is_file()]
    assert not [path for path in (place.var / "files").rglob("*") if path.is_file()]


async def test_what_is_held_stays_until_it_is_let_go(place: Place) -> None:
    number = await place.ended("old")
    place.clock.at += LATER
    await place.storage.retention.hold(number, "admin", "行政诉讼", place.clock())
    assert [row.number for row in await place.storage.retention.holds()] == [number]
    assert (await place.terms.run("retention")).went["complaint"] == 0
    assert not await place.terms.discard_item("complaint", number, "admin")
    await place.storage.retention.let_go(number, "admin", place.clock())
    assert (await place.terms.run("retention")).went["complaint"] == 1
    with pytest.raises(NotFound):
        await place.storage.retention.hold("260302999999", "admin", "行政诉讼", place.clock())


async def test_a_file_that_another_item_names_stays(place: Place) -> None:
    number = await place.ended("old")
    detail: ItemDetail = await place.intake.get(number)
    other = await place.ended("other")
    place.clock.at += LATER
    await place.storage.database.write(lambda t: place.storage.items.attach(t, other, detail.attachments))
    await place.terms.discard_item("complaint", number, "admin")
    assert place.storage.files.path(detail.attachments[0].sha256).exists()


async def test_too_many_at_once_stay_until_a_person_says_so(place: Place) -> None:
    for n in range(FEW + 1):
        await place.call(f"call{n}")
    place.clock.at += LATER
    ran = await place.terms.run("retention")
    assert ran.held_back == FEW + 1 and sum(ran.went.values()) == 0
    assert (await place.rows())["calls"] == FEW + 1
    assert (await place.terms.run("admin", all_of_them=True)).went["call_without_item"] == FEW + 1


async def test_figures_of_days_that_were_counted_stay(place: Place) -> None:
    await place.call("old")
    kept = {"since": 1, "until": 2**50, "counted_by": "x", "ticket": "y", "figures": "{}"}
    await place.storage.database.write(lambda t: t.execute(tables.kept_figures.insert(), kept).close())
    place.clock.at += LATER
    await place.terms.run("retention")
    figures = select(tables.kept_figures.c.figures)
    assert await place.storage.database.read(lambda t: t.execute(figures).scalars().all()) == ["{}"]


def test_months_end_on_the_last_day_there_is() -> None:
    assert months_ago(datetime(2026, 3, 31), 1) == datetime(2026, 2, 28)
    assert months_ago(datetime(2026, 3, 31), 36) == datetime(2023, 3, 31)
    assert months_ago(datetime(2028, 2, 29), 12) == datetime(2027, 2, 28)
