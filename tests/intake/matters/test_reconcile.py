"""Reconciliation: a whole day has no hole, and every kind of hole is found."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.channels import phone
from gateway.cli.main import main
from gateway.cli.reconcile import reconcile
from gateway.core.call.record import CallOutcome, CallRecord, RecordingState
from gateway.core.item.contact import Channel, Kind
from gateway.keeping.encryption import every_file
from gateway.pbx.conf import Places
from tests.intake.matters.conftest import House
from tests.storage.databases import MONDAY, ROOT, ZONE

DAY = date(2026, 3, 2)
LATER = MONDAY + timedelta(days=1)
CALL = CallRecord(
    "1772415000.1",
    *("in", "13835700000", "12315", 1, MONDAY),
    answered_at=MONDAY,
    ended_at=MONDAY + timedelta(seconds=90),
    outcome=CallOutcome.GAVE_UP,
)


@dataclass
class Day:
    """A day on which everything arrived once, and has its twin."""

    house: House
    places: Places

    async def holes(self, day: date = DAY, now: datetime = LATER) -> list[tuple[str, str]]:
        found, _ = await reconcile(self.house.storage, self.places, ZONE, day, now)
        assert all(hole.zh and hole.en for hole in found)
        return [(hole.what, hole.where) for hole in found]

    async def call(self, record: CallRecord, message: bytes = b"", noted: bool = True) -> CallRecord:
        """A call as the gateway closes it: item, record, and Asterisk's note."""
        evidence = (replace(self.house.file(f"{record.id}.wav", message), role="message"),) if message else ()
        contact = phone.contact(record, Kind.UNSORTED, evidence, ZONE)
        if contact:
            record = replace(record, number=(await self.house.intake.submit(contact)).number)
        await self.house.storage.calls.keep([record])
        if noted:
            self.note(record.started_at, "began", record.id, "1", "in", caller(record.caller), "12315")
            self.note(
                record.started_at + timedelta(seconds=90), "ended", record.id, "16", "gave_up", "unsorted"
            )
        return record

    def note(self, at: datetime, what: str, call: str, *rest: str) -> None:
        file = self.places.journal / f"{at:%Y%m%d}.log"
        with file.open("a", encoding="ascii") as lines:
            lines.write("|".join((f"{at:%Y%m%d%H%M%S}.000", what, call, *rest)) + "\n")

    def put(self, path: str, content: bytes, at: datetime = MONDAY) -> Path:
        file = self.places.var / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (at.timestamp(), at.timestamp()))
        return file

    async def sql(self, statement: str, **values: str) -> None:
        """Change something behind the gateway's back."""
        changed = await self.house.storage.database.write(
            lambda t: t.execute(text(statement), values).rowcount
        )
        assert changed > 0

    def stored(self) -> Path:
        """The one file that an item names."""
        return next(self.house.storage.files.folder.glob("??/*"))


def caller(number: str) -> str:
    return base64.b64encode(f"x{number}".encode()).decode()


@pytest.fixture(params=(False, True), ids=("clear", "encrypted"))
async def day(house: House, request: pytest.FixtureRequest) -> Day:
    """A day without a hole. Encrypted: its attachments and recordings are, as the gateway leaves them."""
    made = await whole_day(house)
    if request.param:
        for path in every_file(house.storage.files, made.places.recordings):
            assert house.storage.files.convert(path, encrypt=True)
    return made


async def whole_day(house: House) -> Day:
    places = Places(house.var)
    for folder in (places.journal, places.messages, places.recordings / "20260302"):
        folder.mkdir(parents=True)
    made = Day(house, places)
    await house.number("web:1", evidence=(house.file("a.png", b"picture"),))
    await house.number("mail:1", channel=Channel.EMAIL, kind=Kind.UNSORTED, raw=b"Subject: x\r\n\r\n")
    await made.call(CALL)
    sound = made.put("recordings/20260302/1772415001.2.wav", b"talk")
    await made.call(
        replace(
            CALL,
            id="1772415001.2",
            outcome=CallOutcome.TALKED,
            recording=str(sound.relative_to(places.var)),
            recording_state=RecordingState.SAVED,
        )
    )
    back = made.put("recordings/20260302/back-1772415000.1.wav", b"talk of ours")
    await made.call(
        replace(
            CALL,
            id="back-1772415000.1",
            direction="out",
            outcome=CallOutcome.TALKED,
            recording=str(back.relative_to(places.var)),
            recording_state=RecordingState.SAVED,
        ),
        noted=False,
    )
    await made.call(replace(CALL, id="1772415002.3", outcome=CallOutcome.MESSAGE), b"please call")
    await made.call(replace(CALL, id="1772415003.4", outcome=CallOutcome.SERVED))
    made.note(MONDAY, "turned_away", "1772415004.5", "0", "in", caller(""), "12315")
    turned = replace(CALL, id="1772415004.5", outcome=CallOutcome.TURNED_AWAY)
    await made.call(turned, noted=False)
    await made.call(replace(CALL, id="1772415005.6", direction="out"), noted=False)
    for file in house.storage.files.folder.glob("??/*"):
        os.utime(file, (MONDAY.timestamp(), MONDAY.timestamp()))
    return made


async def test_a_whole_day_has_no_hole(day: Day) -> None:
    assert await day.holes() == []
    _, looked_at = await reconcile(day.house.storage, day.places, ZONE, DAY, LATER)
    assert looked_at == {
        "calls": 7,
        "items": 5,
        "contacts": 5,
        "attachments": 2,
        "recordings": 2,
        "journal notes": 9,
        "mailboxes": 0,
    }


async def test_other_days_are_not_looked_at(day: Day) -> None:
    day.note(MONDAY - timedelta(days=1), "began", "1772300000.1", "1", "in", caller("1"), "12315")
    assert await day.holes() == []
    assert await day.holes(date(2026, 3, 1)) == [("journal_without_call", "1772300000.1")]
    assert await day.holes(date(2026, 3, 3)) == []


# ---------------------------------------------------------------- calls


async def test_a_call_that_owes_an_item(day: Day) -> None:
    await day.house.storage.calls.keep([CALL])  # without its number
    assert await day.holes() == [("call_without_item", CALL.id)]


async def test_a_call_whose_item_is_not_there_or_anothers(day: Day) -> None:
    await day.house.storage.calls.keep([replace(CALL, number="260302999993")])
    assert await day.holes() == [("call_without_item", CALL.id)]
    other = await day.house.storage.calls.get("1772415001.2")
    assert other
    await day.house.storage.calls.keep([replace(CALL, number=other.number)])
    assert await day.holes() == [("call_without_item", CALL.id)]


async def test_a_call_that_goes_on_owes_nothing_yet(day: Day) -> None:
    await day.house.storage.calls.keep(
        [replace(CALL, id="1772415000.9", ended_at=None, outcome=CallOutcome.OPEN)]
    )
    day.note(MONDAY, "began", "1772415000.9", "1", "in", caller("1"), "12315")
    assert await day.holes() == []


async def test_an_item_whose_call_is_lost(day: Day) -> None:
    await day.sql("delete from calls where id = :id", id=CALL.id)
    assert [what for what, _ in await day.holes()] == ["item_without_call", "journal_without_call"]


@pytest.mark.parametrize(
    ("ended_ago", "found"),
    [(timedelta(hours=2), True), (timedelta(seconds=10), False), (None, False)],
    ids=["over", "just over", "goes on"],
)
async def test_a_call_that_only_asterisk_knows(day: Day, ended_ago: timedelta | None, found: bool) -> None:
    now = MONDAY + timedelta(hours=3)
    day.note(MONDAY + timedelta(minutes=5), "began", "1772415900.7", "1", "in", caller("1"), "12315")
    if ended_ago:
        day.note(now - ended_ago, "ended", "1772415900.7", "16", "cut_off", "unsorted")
    assert (("journal_without_call", "1772415900.7") in await day.holes(now=now)) is found
    assert ("journal_without_call", "1772415900.7") in await day.holes()


async def test_a_call_that_asterisk_does_not_know(day: Day) -> None:
    await day.call(replace(CALL, id="1772415800.8", outcome=CallOutcome.SERVED), noted=False)
    assert await day.holes() == [("call_without_journal", "1772415800.8")]
    for file in day.places.journal.iterdir():
        file.unlink()
    assert await day.holes() == [], "no journal is left of that day"


# ---------------------------------------------------------------- sounds


async def test_a_recording_that_is_gone(day: Day) -> None:
    (day.places.recordings / "20260302/1772415001.2.wav").unlink()
    assert await day.holes() == [("recording_missing", "1772415001.2")]


async def test_a_recording_that_failed(day: Day) -> None:
    record = await day.house.storage.calls.get("1772415001.2")
    assert record
    await day.house.storage.calls.keep([replace(record, recording_state=RecordingState.FAILED)])
    assert await day.holes() == [("recording_failed", "1772415001.2")]


async def test_a_recording_of_no_call(day: Day) -> None:
    day.put("recordings/20260302/1772415999.9.wav", b"talk")
    assert await day.holes() == [("recording_without_call", "recordings/20260302/1772415999.9.wav")]


async def test_a_message_that_no_item_has(day: Day) -> None:
    day.put("asterisk/spool/messages/1772415002.3-1.wav", b"please call")
    assert await day.holes() == [], "an item has these bytes already"
    day.put("asterisk/spool/messages/1772415900.7-1.wav", b"help")
    where = "asterisk/spool/messages/1772415900.7-1.wav"
    assert await day.holes() == [("message_without_item", where)]
    assert await day.holes(now=MONDAY + timedelta(seconds=20)) == [], "it may be on its way"


# ---------------------------------------------------------------- contacts, items, numbers


async def test_a_contact_that_lost_its_item(day: Day) -> None:
    number = await day.house.number("web:9")
    await day.sql("delete from items where number = :number", number=number)
    assert await day.holes() == [("contact_without_item", number), ("number_missing", "2026-03-02")]


async def test_an_item_that_lost_its_contact(day: Day) -> None:
    number = await day.house.number("web:9")
    await day.sql("delete from contacts where number = :number", number=number)
    assert await day.holes() == [("item_without_contact", number)]


async def test_a_number_that_was_given_twice(day: Day) -> None:
    one, two = await day.house.number("web:8"), await day.house.number("web:9")
    await day.sql("update contacts set number = :one where number = :two", one=one, two=two)
    assert await day.holes() == [("item_without_contact", two), ("contact_twice", one)]


async def test_a_whole_row_that_is_gone(day: Day) -> None:
    number = await day.house.number("web:9")
    await day.sql("delete from items where number = :number", number=number)
    await day.sql("delete from contacts where number = :number", number=number)
    assert await day.holes() == [("number_missing", "2026-03-02")]


# ---------------------------------------------------------------- files


def gone(file: Path) -> None:
    file.unlink()


def changed(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"?")


def cut(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize(
    ("harm", "what"),
    [(gone, "attachment_missing"), (changed, "attachment_changed"), (cut, "attachment_changed")],
)
async def test_a_file_that_came_to_harm(day: Day, harm: Callable[[Path], None], what: str) -> None:
    harm(day.stored())
    assert [found for found, _ in await day.holes()] == [what]


async def test_a_file_that_no_item_names(day: Day) -> None:
    day.put("files/ab/cdef", b"left by a crash")
    assert await day.holes() == [("file_without_item", "files/ab/cdef")]
    day.put("files/ab/cdef", b"left by a crash", MONDAY - timedelta(days=3))
    assert await day.holes() == []


async def test_a_file_of_an_older_item_that_came_again(day: Day) -> None:
    """The same bytes are kept once: it belongs to an item of another day, and was touched today."""
    early = MONDAY - timedelta(days=9)
    await day.house.number("web:8", received_at=early, evidence=(day.house.file("b.png", b"same"),))
    for file in day.house.storage.files.folder.glob("??/*"):
        os.utime(file, (MONDAY.timestamp(), MONDAY.timestamp()))
    assert await day.holes() == []


# ---------------------------------------------------------------- mail


async def test_mails_that_could_not_be_taken_in(day: Day) -> None:
    once = day.house.storage.once
    await once.set_mark("mailbox:inbox", json.dumps({"validity": 7, "done": 9, "failed": {}}))
    assert await day.holes() == []
    await once.set_mark("mailbox:inbox", json.dumps({"validity": 7, "done": 9, "failed": {"5": 2, "12": 1}}))
    assert await day.holes() == [
        ("mail_without_item", "mailbox:inbox/5"),
        ("mail_without_item", "mailbox:inbox/12"),
    ]
    await once.set_mark("mailbox:inbox", "{")
    assert await day.holes() == [("mailbox_unreadable", "mailbox:inbox")]


# ---------------------------------------------------------------- the command


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(f"[rules]\nfolder = {json.dumps(str(ROOT / 'rules'))}\n", "utf-8")
    monkeypatch.setenv("GATEWAY_CONFIG", str(file))
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))
    (tmp_path / "var").mkdir()
    assert main(["reconcile", "2026-03-02"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["reconcile", "the 2nd"]) == 2
    stray = tmp_path / "var/files/ab/cdef"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"x")
    at = datetime(2026, 3, 2, 4, tzinfo=UTC).timestamp()
    os.utime(stray, (at, at))
    capsys.readouterr()
    assert main(["reconcile", "2026-03-02", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["day"], told["holes"][0]["what"]) == ("2026-03-02", "file_without_item")
    assert main(["reconcile", "2026-03-02"]) == 1
    assert capsys.readouterr().out.startswith("file_without_item  files/ab/cdef  文件没有事项 / ")
