"""The Pbx port's promises, held by the fake and by a real Asterisk alike."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.record import Callback
from gateway.pbx.ami import Ami
from gateway.pbx.asterisk import AsteriskPbx
from gateway.pbx.event_filters import as_regexes
from gateway.pbx.fake import FakePbx
from gateway.pbx.port import Pbx, PbxEvent, SeatSeen, Up
from tests.live.conftest import Installed

pytestmark = pytest.mark.live
AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@dataclass
class Told:
    """A PBX and all that it told."""

    pbx: Pbx
    events: list[PbxEvent] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, event: PbxEvent) -> None:
        self.events.append(event)
        self.changed.set()

    async def until(self, wanted: Callable[[PbxEvent], bool]) -> PbxEvent:
        async with asyncio.timeout(10):
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                self.changed.clear()
                await self.changed.wait()

    async def seat(self, seat: str, **facts: object) -> SeatSeen:
        def fits(event: PbxEvent) -> bool:
            return (
                isinstance(event, SeatSeen)
                and event.seat == seat
                and all(getattr(event, name) == value for name, value in facts.items())
            )

        found = await self.until(fits)
        self.events.clear()
        assert isinstance(found, SeatSeen)
        return found


@pytest.fixture(params=["fake", "asterisk"])
async def told(request: pytest.FixtureRequest) -> AsyncIterator[Told]:
    if request.param == "fake":
        pbx: Pbx = FakePbx()
    else:
        installed: Installed = request.getfixturevalue("installed")
        pbx = AsteriskPbx(installed.config, installed.secrets.ami)
    made = Told(pbx)
    await pbx.start(made.tell)
    await made.until(lambda event: isinstance(event, Up))
    await wait_ready(pbx)
    made.events.clear()
    yield made
    await pbx.sign_out("8001")
    await pbx.close()


async def wait_ready(pbx: Pbx) -> None:
    if isinstance(pbx, AsteriskPbx):
        await pbx.wait_ready(10)
    assert pbx.ready


async def test_a_seat_signs_in_pauses_and_leaves(told: Told) -> None:
    pbx = told.pbx
    await pbx.sign_in("8001", "agent1")
    await told.seat("8001", signed_in=True, paused=False)
    await pbx.sign_in("8001", "agent1")
    assert await pbx.pause("8001", "meal")
    await told.seat("8001", paused=True, reason="meal")
    assert await pbx.make_ready("8001")
    await told.seat("8001", paused=False)
    await pbx.sign_out("8001")
    await told.seat("8001", signed_in=False)
    await pbx.sign_out("8001")


async def test_a_seat_may_sign_in_paused(told: Told) -> None:
    await told.pbx.sign_in("8001", "agent1", paused="training")
    await told.seat("8001", signed_in=True, paused=True, reason="training")


async def test_a_seat_that_is_not_signed_in_cannot_pause(told: Told) -> None:
    assert not await told.pbx.pause("8001", "meal")
    assert not await told.pbx.make_ready("8001")


async def test_an_owed_call_holds_a_place_until_it_is_taken_back(told: Told) -> None:
    pbx = told.pbx
    await pbx.sign_in("8001", "agent1", paused="other")
    if isinstance(pbx, FakePbx):
        pbx.device("8001", 1)
    owed = Callback("1.9", "13912345678", "1.9", AT, AT)
    assert await pbx.place(owed)
    await told.until(
        lambda e: isinstance(e, JournalEntry) and e.what is EntryType.BACK_PLACED and e.arg(0) == "1.9"
    )
    if isinstance(pbx, FakePbx):  # a phone must be there for a real queue to keep anybody
        assert await pbx.take_back("back-1.9")
    await told.until(
        lambda e: isinstance(e, JournalEntry) and e.what is EntryType.BACK_LEFT and e.arg(0) == "1.9"
    )
    async with asyncio.timeout(10):
        while await pbx.take_back("back-1.9"):  # noqa: ASYNC110 - its channel goes a moment after the note
            await asyncio.sleep(0.05)


async def test_taking_calls_can_be_switched(told: Told, request: pytest.FixtureRequest) -> None:
    await told.pbx.take_calls(True)
    if isinstance(told.pbx, AsteriskPbx):
        installed: Installed = request.getfixturevalue("installed")
        assert "GATEWAY_UP=1" in await asyncio.to_thread(installed.console, "dialplan show globals")
        await asyncio.to_thread(installed.console, "dialplan reload")  # as at every start of a gateway
        assert "GATEWAY_UP=1" in await asyncio.to_thread(installed.console, "dialplan show globals")
    await told.pbx.take_calls(False)
    if isinstance(told.pbx, AsteriskPbx):
        assert "GATEWAY_UP=0" in await asyncio.to_thread(installed.console, "dialplan show globals")


async def test_an_asterisk_without_filters_by_name_sends_the_same_events(installed: Installed) -> None:
    """Its manager.conf is written for this test as for an older one; the present one knows both forms."""
    file = installed.places.etc / "manager.conf"
    by_name = file.read_text("utf-8")
    file.write_text(as_regexes(by_name), "utf-8")
    await asyncio.to_thread(installed.console, "manager reload")
    ami, names = Ami("127.0.0.1", installed.config.ami.port, "gateway", installed.secrets.ami), set[str]()
    ami.subscribe(["*"], lambda event: names.add(event.name))
    pbx = AsteriskPbx(installed.config, installed.secrets.ami)
    told = Told(pbx)
    try:
        await ami.start()
        await ami.wait_ready(10)
        await pbx.start(told.tell)
        await pbx.wait_ready(10)
        await pbx.sign_in("8001", "agent1", paused="other")
        await told.seat("8001", signed_in=True, paused=True)
        assert await pbx.place(Callback("1.8", "13912345678", "1.8", AT, AT))
        await told.until(lambda event: isinstance(event, JournalEntry) and event.arg(0) == "1.8")
        await pbx.sign_out("8001")
        await told.seat("8001", signed_in=False)
        async with asyncio.timeout(10):
            while "QueueMemberRemoved" not in names:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        let_through = set(re.findall(r"^eventfilter\(name\((\w+)", by_name, re.MULTILINE))
        assert {"FullyBooted", "QueueMemberAdded", "UserEvent"} <= names <= let_through
        assert "Newchannel" not in names, "the call-back's legs are local channels"
    finally:
        await pbx.close()
        await ami.close()
        file.write_text(by_name, "utf-8")
        await asyncio.to_thread(installed.console, "manager reload")
