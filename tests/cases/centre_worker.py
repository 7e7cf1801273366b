"""A whole centre in a process of its own, to be killed: orders are handled, rungs told, mails sent, units and
people called. What reaches the outside is told; for test_centre_kill.py."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from gateway.cases.assigning import Assignment
from gateway.cases.duty_calls import DutyCalls
from gateway.cases.follow_ups import FollowUps
from gateway.cases.orders import asked_about
from gateway.cases.surveying import Surveying
from gateway.core.item.contact import Kind, Person
from gateway.core.order.order import Urgency
from gateway.mail.thread import Marks
from gateway.notify.post_office import PostOffice
from gateway.notify.service import post_office
from gateway.settings.load import load
from tests.cases.order_worker import ACTS, BUREAU, WHO
from tests.cases.test_duty_calls import CLIPS
from tests.cases.test_supervision import Centre, opened
from tests.storage.databases import ZONE, Clock, contact, rules

MARKS = Marks(b"a secret that only the tests know")
BY_PBX = (replace(rules().follow_ups[0], by_pbx=frozenset({Kind.COMPLAINT})),)
ANSWERS = {"contacted": "yes", "solved": "yes", "handler": "1", "outcome": "1"}


@dataclass
class Work:
    """One life of the centre. `port` is the mail server's, `tell` hears what reaches the outside."""

    centre: Centre
    duty: DutyCalls
    surveying: Surveying
    office: PostOffice
    tell: Callable[[Any], None]
    chance: random.Random

    async def handle(self, round_: int) -> None:
        """Items come in and are handled; each act is told once it is acknowledged. Every second order is
        urgent, gets no further than to be signed for, and becomes late."""
        for place in count():
            person = Person("张三", "13835700000", f"p{round_}-{place}@example.cn")
            new = contact(f"{round_}:{place}", person=person, received_at=self.centre.clock.at)
            number = (await self.centre.intake.submit(new)).number
            left = place % 2 == 0
            urgency = Urgency.PRESSING if left else Urgency.GENERAL
            assignment = Assignment(BUREAU, urgency=urgency)
            order = (await self.centre.orders.assign(number, WHO["centre"], assignment)).order.id
            self.tell(("act", order, 1))
            for done, (who, event, said) in enumerate(ACTS[:1] if left else ACTS, 2):
                await self.centre.orders.act(order, WHO[who], event, said)
                self.tell(("act", order, done))

    async def supervise(self) -> None:
        await self.centre.supervision.look()
        await self.centre.orders.close_told()

    async def ring_units(self) -> None:
        """A unit takes note, or does not answer."""
        if (dial := await self.duty.take()) is None:
            return
        self.tell(("dialled", dial.call, dial.call.rpartition("-")[0]))
        if self.chance.random() < 0.5:
            await self.duty.acknowledged(dial.call)
            self.tell(("settled", dial.call.rpartition("-")[0]))
        await self.duty.ended(dial.call, "NOANSWER")

    async def ask_people(self) -> None:
        """Somebody answers the survey, or does not."""
        if (dial := await self.surveying.take()) is None:
            return
        self.tell(("dialled", dial.call, dial.call.rpartition("-")[0]))
        if self.chance.random() < 0.5:
            assert await self.surveying.answered(dial.call, ANSWERS)
            self.tell(("settled", dial.call.rpartition("-")[0]))
        await self.surveying.ended(dial.call, "NOANSWER")


async def began(
    url: str, var: Path, at: datetime, port: int, tell: Callable[[Any], None], seed: int = 1
) -> Work:
    clock = Clock()
    clock.at = at
    centre = await opened(url, var, clock)
    calls = FollowUps(centre.intake.changes, replace(rules(), follow_ups=BY_PBX), ZONE)
    asked_about(centre.orders, calls)
    duty = DutyCalls(centre.orders.changes, CLIPS)
    centre.supervision.rung_listeners.append(duty.called)
    file = var / "gateway.toml"
    file.write_text(
        f"[mail_out]\nhost = '127.0.0.1'\nport = {port}\ntls = 'none'\nsender = '12315@linfen.example'\n"
    )
    settings, storage = load(file, {"GATEWAY_VAR": str(var)}), centre.storage
    office = post_office(settings, storage.outbox, MARKS, storage.once, rules(), now=clock)
    return Work(centre, duty, Surveying(calls), office, tell, random.Random(seed))


def work_for_ever(url: str, var: Path, at: datetime, port: int, round_: int, told: Connection) -> None:
    asyncio.run(_work(url, var, at, port, round_, told))


async def _work(url: str, var: Path, at: datetime, port: int, round_: int, told: Connection) -> None:
    work = await began(url, var, at, port, told.send, round_)
    told.send("up")
    await work.office.start()
    async with asyncio.TaskGroup() as group:
        group.create_task(work.handle(round_))
        for part in (work.supervise, work.ring_units, work.ask_people):
            group.create_task(_for_ever(part))


async def _for_ever(part: Callable[[], Awaitable[None]]) -> None:
    while True:
        await part()
        await asyncio.sleep(0.005)
