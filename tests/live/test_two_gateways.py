"""Two gateways on one PostgreSQL, each with its own Asterisk: everything is told, sent and dialled once."""

from __future__ import annotations

import asyncio
from asyncio import to_thread
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer, Phone
from tests.live.conftest import Gateway, new_gateway, running
from tests.live.matter import ANSWER, CALLER, Matter, journey_rules, mails_with, sends_mail
from tests.live.town import Post
from tests.storage.databases import Templates, templates

__all__ = ["templates"]
pytestmark = pytest.mark.live
DUTY = "13912360888"
SHARED = ("secrets", "files", "recordings", "installation")
"""What gateways on one database have in common below var/ (docs/operating/storage.md)."""


def shares(first: Gateway, second: Gateway) -> None:
    """Let the second have what both need, as a shared disk gives it."""
    second.config.var.mkdir(parents=True)
    (first.config.var / "files").mkdir(exist_ok=True)
    for name in SHARED:
        (second.config.var / name).symlink_to(first.config.var / name)


@pytest.fixture
async def gateways(
    asterisk_tree: Asterisk, templates: Templates, tmp_path: Path, post: Post
) -> AsyncIterator[tuple[Gateway, Gateway]]:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    common = sends_mail(post)
    common["GATEWAY_DATABASE_URL"] = await templates.copied("postgresql", tmp_path)
    common["GATEWAY_RULES_FOLDER"] = journey_rules(tmp_path)
    first = new_gateway(tmp_path / "first", **common)
    far_end = f"127.0.0.1:{first.far_end}"  # one carrier
    second = new_gateway(tmp_path / "second", **common, GATEWAY_TRUNK_FAR_END=far_end)
    runs = [running(gateway) for gateway in (first, second)]
    await to_thread(next, runs[0])
    shares(first, second)
    await to_thread(next, runs[1])
    yield first, second
    for run in runs:
        await to_thread(run.close)  # type: ignore[attr-defined]


class Carrier:
    """The carrier's side: takes every call of ours, counts them by number, and answers for a unit's duty
    telephone: it hears what is owed and takes note by 1, once it may."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._others: asyncio.Queue[Call] = asyncio.Queue()
        self._units: asyncio.Queue[Call] = asyncio.Queue()
        self.rung: Counter[str] = Counter()
        self.may_press = asyncio.Event()
        self.may_press.set()

    async def serve(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                call = await self._phone.incoming(600)
                self.rung[call.number] += 1
                if call.number == DUTY:
                    group.create_task(self._takes_note(call))
                else:
                    self._others.put_nowait(call)

    async def _takes_note(self, call: Call) -> None:
        await call.wait_prompt("duty_keys", timeout=60)
        self._units.put_nowait(call)
        await self.may_press.wait()
        await call.press("1")

    async def unit(self) -> Call:
        """The next call to the unit, once it has heard what is owed."""
        async with asyncio.timeout(90):
            return await self._units.get()

    async def incoming(self, timeout: float) -> Call:
        async with asyncio.timeout(timeout):
            return await self._others.get()


@pytest.fixture
async def carrier(gateways: tuple[Gateway, Gateway]) -> AsyncIterator[Carrier]:
    async with gateways[0].phone("carrier", port=gateways[0].far_end) as phone:
        phone.answer_with(Answer(0.1))
        made = Carrier(phone)
        serving = asyncio.create_task(made.serve())
        yield made
        serving.cancel()


@pytest.fixture
async def matter(gateways: tuple[Gateway, Gateway]) -> Matter:
    """Its steps go through both gateways in turn; its units have a duty telephone."""
    made = await to_thread(Matter, *gateways)
    made.contacts["phones"] = [DUTY]
    return made


async def acknowledged(matter: Matter, count: int) -> None:
    """So many rungs were taken note of by telephone."""
    async with asyncio.timeout(90):
        while True:
            lines = (await matter.get(f"/api/v1/orders/{matter.order}/rungs"))["items"]
            if sum(bool(line["acknowledged_at"]) for line in lines) >= count:
                return
            await asyncio.sleep(0.2)


async def test_two_that_start_at_once_tell_a_late_order_once(
    matter: Matter, carrier: Carrier, post: Post
) -> None:
    """Both are killed while the unit listens to the call about it, and its key counts all the same."""
    await matter.written()
    await matter.assigned()
    carrier.may_press.clear()
    await matter.overdue_by(1)
    call = await carrier.unit()
    for gateway in matter.gateways:
        gateway.kill()
    carrier.may_press.set()
    await call.ended(30)
    await asyncio.gather(*(to_thread(gateway.start) for gateway in matter.gateways))
    await acknowledged(matter, 1)
    await rungs_were_told_once(matter, "orange")
    await each_mail_came_once(matter, post)
    assert carrier.rung == {DUTY: 1}


@pytest.mark.soak
async def test_a_matter_goes_its_way_through_both_and_nothing_happens_twice(
    matter: Matter, carrier: Carrier, post: Post
) -> None:
    first, second = matter.gateways
    await matter.called()
    await matter.assigned()
    await matter.overdue_by(1)
    await acknowledged(matter, 1)
    await matter.overdue_by(31, second)
    await acknowledged(matter, 2)
    await matter.overdue_by(61, first)
    await acknowledged(matter, 3)
    await matter.reported()
    await matter.read_by_the_person(post)
    await matter.done_again(carrier)
    await rungs_were_told_once(matter, "orange", "red", "raised")
    await each_mail_came_once(matter, post)
    assert len(await mails_with(post, "zhang", ANSWER)) == 2, "one for each time it was closed"
    assert carrier.rung == {DUTY: 3, CALLER: 2}
    for gateway in matter.gateways:
        records = [record for record in gateway.calls() if record["direction"] == "out"]
        assert Counter(record["dialled"] for record in records) == carrier.rung


async def rungs_were_told_once(matter: Matter, *names: str) -> None:
    """In the ledger and in the order's history."""
    assert await matter.rungs(len(names)) == list(names)
    events = Counter(event["event"] for event in (await matter.shown())["events"])
    assert [events[name] for name in names] == [1] * len(names)


async def each_mail_came_once(matter: Matter, post: Post) -> None:
    """What lies in the mailboxes is what was to be sent, each once."""
    async with asyncio.timeout(60):
        while True:
            page = await matter.get(f"/api/v1/outbox?number={matter.number}&limit=200")
            mails = [delivery for delivery in page["items"] if delivery["way"] == "mail"]
            if mails and {mail["state"] for mail in mails} == {"sent"}:
                break
            await asyncio.sleep(0.2)
    boxes = [await to_thread(post.box, user) for user in ("unit", "leader", "zhang")]
    ids = [mail["Message-ID"] for box in boxes for mail in box]
    assert len(ids) == len(set(ids)) == len(mails)
