"""The outbox worker: plans what occasions ask for, and hands deliveries over, each way at its own pace.

Several gateways on one database share the work: occasions and deliveries are taken by locks and leases.
A delivery is noted after it was handed over, so a crash in between sends the same one a second time (a mail
with the same Message-ID, a webhook with the same webhook-id) and never loses one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.core.item.delivery import (
    About,
    Delivery,
    DeliveryState,
    Later,
    Never,
    Occasion,
    Plan,
    Result,
    Sent,
    pause,
)
from gateway.errors import StorageDown
from gateway.mail.bounce import Bounce
from gateway.notify.way import Way
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

GATHER = 0.1  # seconds from an item to the planning of its deliveries, so that many are planned together
POLL = 2.0  # seconds between two checks when nothing calls `wake`
AWAY = 5.0  # seconds to wait when storage is away
SPARE = 10.0  # seconds that a lease is longer than the longest try
PLANNED = 50  # occasions in one transaction
HOUR = 3600.0
NOTING = 3  # tries to note what was handed over

Planner = Callable[[Occasion, About], Plan]


class OutboxLedger(Protocol):
    """What is needed of storage. Every method raises StorageDown."""

    async def plan(self, planned: Planner | None, limit: int, now: datetime) -> int: ...

    async def post_due(self, today: date, soon: date, now: datetime) -> int: ...

    async def claim(
        self, ways: Collection[str], limit: int, now: datetime, lease: timedelta
    ) -> list[Delivery]: ...

    async def settle(
        self,
        delivery: Delivery,
        state: DeliveryState,
        now: datetime,
        *,
        due_at: datetime | None = None,
        error: str = "",
        entry: tuple[str, str] | None = None,
        proof: str = "",
    ) -> None: ...

    async def bounced(self, references: Collection[str], final: bool, why: str) -> int: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


class PostOffice:
    """The worker of one gateway. `start` begins, `stop` ends it; `wake` says that there may be something."""

    def __init__(
        self,
        ledger: OutboxLedger,
        planners: Sequence[Planner],
        ways: Sequence[Way],
        zone: ZoneInfo,
        *,
        give_up: timedelta = timedelta(hours=72),
        due_days: int = 3,
        now: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
        on_settled: Callable[[str], None] = lambda number: None,
        tasks: Supervisor | None = None,
    ) -> None:
        self._ledger = ledger
        self._planners = planners
        self._ways = ways
        self._zone = zone
        self._give_up = give_up
        self._due_days = due_days
        self._now = now
        self._chance = chance
        self._on_settled = on_settled
        self._news = asyncio.Event()
        self._due = {way.name: asyncio.Event() for way in ways}
        self._tasks = Supervisor(tasks)

    async def start(self) -> None:
        await self._tasks.start()
        self._tasks.keep("outbox plan", self._plan_on)
        self._tasks.keep("outbox due", self._watch_clocks)
        for way in self._ways:
            self._tasks.keep(f"outbox {way.name}", partial(self._send_on, way))

    async def stop(self) -> None:
        """Cancel what is being sent: its lease runs out and it is sent again."""
        await (
            self._tasks.stop()
        )  # repeats the cancellation: wait_for of Python 3.11, in aiosmtplib, may swallow it
        for way in self._ways:
            await way.rest()

    def wake(self) -> None:
        self._news.set()

    # ------------------------------------------------------------ planning

    async def _plan_on(self) -> None:
        planned = self._planned if self._planners else None
        while True:
            try:
                planned_rows = await self._ledger.plan(planned, PLANNED, self._now())
                if planned_rows:
                    for due in self._due.values():
                        due.set()
                if planned_rows < PLANNED:
                    await _event(self._news, POLL)
                    await asyncio.sleep(GATHER)
            except StorageDown:
                await asyncio.sleep(AWAY)

    def _planned(self, occasion: Occasion, about: About) -> Plan:
        """All plans as one. A planner that fails holds up neither the others nor the occasions behind."""
        plan = Plan()
        for planner in self._planners:
            try:
                drafts = planner(occasion, about)
            except Exception:
                log.exception("planning %s failed", occasion.topic)
                drafts = Plan(notes=(f"未能生成外发通知（{occasion.topic}），请查看日志",))
            plan = Plan((*plan.drafts, *drafts.drafts), (*plan.notes, *drafts.notes))
        return plan

    async def _watch_clocks(self) -> None:
        """Once an hour: which clocks come due, and which are over?"""
        while True:
            try:
                now = self._now()
                today = now.astimezone(self._zone).date()
                if await self._ledger.post_due(today, today + timedelta(days=self._due_days), now):
                    self.wake()
                await asyncio.sleep(HOUR)
            except StorageDown:
                await asyncio.sleep(AWAY)

    # ------------------------------------------------------------ sending

    async def _send_on(self, way: Way) -> None:
        while True:
            try:
                if not await self.send_due(way):
                    await way.rest()
                    await _event(self._due[way.name], POLL)
            except StorageDown:
                await asyncio.sleep(AWAY)

    async def send_due(self, way: Way) -> int:
        """Hand over the next that is due by one way; how many were tried. Raises StorageDown."""
        lease = timedelta(seconds=way.limit + SPARE)
        deliveries = await self._ledger.claim((way.name,), 1, self._now(), lease)
        for delivery in deliveries:
            await self._note(delivery, await self._try(way, delivery))
        return len(deliveries)

    async def _try(self, way: Way, delivery: Delivery) -> Result:
        try:
            async with asyncio.timeout(way.limit):
                return await way.send(delivery)
        except TimeoutError:
            await way.rest()
            return Later(f"no answer in {way.limit:g} s")
        except Exception as error:  # one delivery must not block those behind it
            log.exception("%s: delivery %d failed", way.name, delivery.id)
            await way.rest()
            return Later(type(error).__name__)

    async def _note(self, delivery: Delivery, result: Result) -> None:
        """Write down how it went; what was handed over is noted even if storage is away for a moment."""
        for left in reversed(range(NOTING)):
            try:
                await self._settle(delivery, result)
                return
            except StorageDown:
                if not left:
                    raise
                await asyncio.sleep(AWAY)

    async def _settle(self, delivery: Delivery, result: Result) -> None:
        now = self._now()
        match result:
            case Sent(answer, proof):
                line = ("sent", answer) if answer else None
                await self._ledger.settle(delivery, DeliveryState.SENT, now, entry=line, proof=proof)
            case Later(why) if now - delivery.made_at < self._give_up:
                log.info("%s: delivery %d waits: %s", delivery.draft.way, delivery.id, why)
                due = now + pause(delivery.attempts + 1, self._chance())
                await self._ledger.settle(delivery, DeliveryState.WAITING, now, due_at=due, error=why)
                return
            case Later(why) | Never(why):
                log.warning("%s: delivery %d is given up: %s", delivery.draft.way, delivery.id, why)
                line = ("not_sent", f"{delivery.draft.way} 未能送达（投递号 {delivery.id}）：{why}")
                await self._ledger.settle(delivery, DeliveryState.DEAD, now, error=why, entry=line)
        self._on_settled(delivery.number)

    # ------------------------------------------------------------ what comes back

    async def bounced(self, number: str, bounce: Bounce) -> None:
        """A delivery report on a mail of ours, from channels/email. Raises StorageDown."""
        why = " ".join(part for part in (bounce.action, bounce.status, bounce.diagnostic) if part)
        deliveries = await self._ledger.bounced(bounce.originals, bounce.final, why)
        log.info("a report on %d mails of item %s: %s", deliveries, number, bounce.status or bounce.action)


async def _event(event: asyncio.Event, seconds: float) -> None:
    """Wait until it is set, at most so long, and clear it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()
