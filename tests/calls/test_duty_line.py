"""Calls to units on a PBX that is none: callers keep their lines, and every end reaches the ledger."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.calls.duty_line import DutyLine
from gateway.calls.surveys import SurveyRoom
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.order.duty import DutyDial
from gateway.errors import PbxDown
from gateway.tasks import Supervisor


@dataclass
class Town:
    """A PBX and a ledger that write down what they are asked."""

    due: list[str]
    free_lines: int = 2
    works: bool = True
    happened: list[tuple[str, str]] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def room(self) -> SurveyRoom:
        return SurveyRoom(True, self.free_lines, False)

    async def duty_call(self, call: str, number: str, clips: tuple[str, ...]) -> bool:
        if not self.works:
            raise PbxDown("away")
        self.happened.append(("dialled", call))
        return True

    async def take(self) -> DutyDial | None:
        return DutyDial(self.due.pop(0), "03572222222", ("duty_hello",)) if self.due else None

    async def ended(self, call: str, status: str) -> None:
        self.happened.append((status, call))
        self.done.set()

    async def acknowledged(self, call: str) -> None:
        self.happened.append(("taken", call))


async def worked(town: Town, *notes: JournalEntry) -> list[tuple[str, str]]:
    line, tasks = DutyLine(town, town, town.room, free_lines=2), Supervisor()
    async with tasks:
        line.start(tasks)
        for note in notes:
            line.noted(note)
        async with asyncio.timeout(10):
            await town.done.wait()
    return town.happened


def note(what: EntryType, call: str, *args: str) -> JournalEntry:
    return JournalEntry(datetime(2026, 5, 13, 1, tzinfo=UTC), what, call, args)


async def test_what_is_noted_reaches_the_ledger_in_order() -> None:
    happened = await worked(
        Town(["duty-7-1"]),
        note(EntryType.DUTY_TAKEN, "duty-6-1"),
        note(EntryType.DUTY_DONE, "survey-6-1", "ANSWER"),
        note(EntryType.DUTY_DONE, "duty-6-1", "ANSWER"),
    )
    assert happened[:2] == [("taken", "duty-6-1"), ("ANSWER", "duty-6-1")]


async def test_a_pbx_that_is_away_costs_no_number() -> None:
    assert await worked(Town(["duty-7-1"], works=False)) == [("FAILED", "duty-7-1")]


async def test_callers_keep_their_lines() -> None:
    town = Town(["duty-7-1"], free_lines=1)
    assert await worked(town, note(EntryType.DUTY_DONE, "duty-6-1", "BUSY")) == [("BUSY", "duty-6-1")]
    assert town.due == ["duty-7-1"]
