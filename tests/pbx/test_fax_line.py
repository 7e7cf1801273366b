"""Sendings and the dialplan's notes on them, in whichever order they come."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.pbx import fax_line as line
from gateway.pbx.fax_line import FaxLine, Went

AT = datetime(2026, 11, 28, 7, 5, tzinfo=UTC)
SENT = JournalEntry(AT, EntryType.FAX_SENT, "fax-1-1", ("SUCCESS", "1", "audio", "14400", "", "yes", "", ""))
OVER = JournalEntry(AT, EntryType.FAX_DIALLED, "fax-1-1", ("ANSWER",))


class Dialler:
    """Notes these once it is asked to dial."""

    def __init__(self, *notes: JournalEntry, refuses: bool = False) -> None:
        self.notes, self.refuses = notes, refuses
        self.line = FaxLine(self)

    async def send_fax(self, call: str, number: str, file: Path) -> bool:
        for note in self.notes:
            asyncio.get_running_loop().call_soon(self.line.noted, note)
        return not self.refuses

    async def went(self) -> Went:
        return await self.line.send("fax-1-1", "03573012345", Path("letter.tif"))


@pytest.mark.parametrize("notes", [(SENT, OVER), (OVER, SENT)])
async def test_the_two_notes_come_in_any_order(notes: tuple[JournalEntry, ...]) -> None:
    went = await Dialler(*notes).went()
    assert went.dialled == "ANSWER" and went.sent and went.sent.pages == 1


async def test_a_call_that_was_not_answered_has_one_note() -> None:
    assert await Dialler(JournalEntry(AT, EntryType.FAX_DIALLED, "fax-1-1", ("BUSY",))).went() == Went("BUSY")
    assert await Dialler(refuses=True).went() == Went("FAILED")


async def test_the_fax_machines_word_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "STRAGGLER", 0.01)
    assert await Dialler(OVER).went() == Went("ANSWER")
