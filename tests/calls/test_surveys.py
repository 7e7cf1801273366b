"""The survey's dials on a PBX that is none: lines that stay free, callers first, ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gateway.calls.surveys import SurveyRoom, Surveys
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.followup import Dial
from gateway.tasks import Supervisor

NOW = datetime(2026, 3, 3, 2, tzinfo=UTC)
FREE = SurveyRoom(True, 5, False)


@dataclass
class Town:
    """A PBX and a ledger that write down what they are asked."""

    due: list[str] = field(default_factory=list)
    room: SurveyRoom = FREE
    dialled: list[str] = field(default_factory=list)
    taken_back: list[str] = field(default_factory=list)
    ends: list[tuple[str, str]] = field(default_factory=list)
    works: bool = True
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def survey(self, call: str, number: str, item: str) -> bool:
        self.dialled.append(call)
        return self.works

    async def take_back(self, call: str) -> bool:
        self.taken_back.append(call)
        return True

    async def take(self) -> Dial | None:
        return Dial(self.due.pop(0), "13835700000", "260302000017") if self.due else None

    async def ended(self, call: str, status: str) -> None:
        self.ends.append((call, status))

    async def answered(self, call: str, answers: Mapping[str, str]) -> bool:
        return True

    def look(self) -> SurveyRoom:
        self.looked.set()
        return self.room


@asynccontextmanager
async def working(town: Town) -> AsyncIterator[tuple[Surveys, Callable[[], object]]]:
    surveys = Surveys(town, town, town.look, free_lines=2, now=lambda: NOW)
    tasks = Supervisor()
    await tasks.start()
    surveys.start(tasks)

    async def again() -> None:
        town.looked.clear()
        surveys._wake.set()
        await town.looked.wait()
        await asyncio.sleep(0)  # what is planned is done in the same turn

    yield surveys, again
    await tasks.stop()


def note(what: EntryType, call: str, *rest: str) -> JournalEntry:
    return JournalEntry(NOW, what, call, rest)


async def test_one_after_another_and_two_lines_stay_free() -> None:
    town = Town(["survey-1-1", "survey-2-1", "survey-3-1"])
    async with working(town) as (surveys, again):
        await again()
        await again()
        assert town.dialled == ["survey-1-1"]  # it has not begun yet: nobody knows which lines are free
        surveys.noted(note(EntryType.BEGAN, "survey-1-1", "1", "out", "", ""))
        town.room = replace(FREE, free_lines=4)
        await again()
        assert town.dialled == ["survey-1-1", "survey-2-1"]
        surveys.noted(note(EntryType.BEGAN, "survey-2-1", "2", "out", "", ""))
        town.room = replace(FREE, free_lines=2)
        await again()
        town.room = replace(FREE, others_wait=True)
        await again()
        assert len(town.dialled) == 2
        surveys.noted(note(EntryType.BACK_TALK, "survey-1-1", ""))
        town.room = replace(FREE, free_lines=0)  # the last line is a caller's: who only rings is let go
        await again()
        assert town.taken_back == ["survey-2-1"]
        surveys.noted(note(EntryType.SURVEY_DONE, "survey-2-1", "CANCEL"))
        await again()
        assert town.ends == [("survey-2-1", "CANCEL")]


async def test_a_dial_that_the_pbx_refuses_is_told_to_the_ledger() -> None:
    town = Town(["survey-7-2"], works=False)
    async with working(town) as (_, again):
        await again()
        await again()
    assert town.ends == [("survey-7-2", "FAILED")]
