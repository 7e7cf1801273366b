"""Closes calls that are over: item, record, message, listeners. Called by the switchboard.

Each call is closed once and separately: one that cannot be closed (a full disk, a fault of ours) is tried
again apart from the others, and shows in /healthz as a task that keeps failing. Faxes have a worker of their
own, since their pages take a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from gateway.calls.after_call import AfterCall
from gateway.calls.backlog import Backlog
from gateway.calls.live import Live
from gateway.calls.patience import patiently
from gateway.core.call.record import CallOutcome, CallRecord
from gateway.core.call.state import CallState
from gateway.core.call.transfer import Transfer
from gateway.core.followup import surveyed_by
from gateway.core.order.duty import duty_of
from gateway.errors import GatewayError
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

SETTLE, SETTLE_EVERY = 1.0, 0.02  # seconds a recording is waited for, and between two looks
BATCH = 64  # calls whose records are kept in one transaction
GATHER = 0.5  # seconds after a batch: calls that end meanwhile share transactions and events

Handed = Callable[[CallRecord, tuple[Transfer, ...]], Awaitable[None]]
"""Is told of every call that is over with its transfers; twice after a crash."""


class ItemNotes(Protocol):
    async def note(self, number: str, what: str, who: str, text: str = "", key: str = "") -> None:
        """A line of an item's timeline, once for each key."""


@dataclass(slots=True, eq=False)
class _Over:
    """One call that is over; its record once its item is made."""

    state: CallState
    record: CallRecord
    until: float = 0.0  # loop time until which its recording is waited for


class Closing:
    """`put` a call that is over. `closed` hears of each record once; `rested` runs after each batch."""

    def __init__(
        self,
        aftercall: AfterCall,
        notes: ItemNotes,
        handed: Handed | None,
        closed: Callable[[CallRecord], None],
        rested: Callable[[], Awaitable[None]],
    ) -> None:
        self._aftercall = aftercall
        self._notes = notes
        self._handed = handed
        self._closed = closed
        self._rested = rested
        self._calls: Backlog[_Over] = Backlog()
        self._faxes: Backlog[_Over] = Backlog()
        self._failed: Backlog[_Over] = Backlog()
        self._settling: set[_Over] = set()
        self._lives: dict[str, Live] = {}
        self._late: set[str] = set()  # could not be closed at first

    def start(self, tasks: Supervisor) -> None:
        tasks.keep("switchboard closing", partial(self._work, self._calls, BATCH))
        tasks.keep("switchboard closing faxes", partial(self._work, self._faxes, 1))
        tasks.keep("switchboard closing again", self._work_again)

    def put(self, live: Live) -> None:
        self._lives[live.state.id] = live
        (self._faxes if live.state.fax else self._calls).put(_Over(live.state, live.state.record))

    def get(self, call: str) -> Live | None:
        """A call that is over and not closed yet."""
        return self._lives.get(call)

    def __contains__(self, call: object) -> bool:
        return call in self._lives

    def soon(self) -> frozenset[str]:
        """Those that were not tried yet."""
        return frozenset(self._lives) - self._late

    def __len__(self) -> int:
        return len(self._lives)

    async def emptied(self) -> None:
        """Wait until every call is closed, but for those that failed."""
        while self._settling:  # noqa: ASYNC110 - for SETTLE seconds at the most
            await asyncio.sleep(SETTLE_EVERY)
        await self._calls.emptied()
        await self._faxes.emptied()

    # ------------------------------------------------------------ workers

    async def _work(self, waiting: Backlog[_Over], most: int) -> None:
        while True:
            batch = [over for over in await waiting.some(most) if not self._put_off(over, waiting)]
            for over, error in (await self._close(batch)).items():
                log.error("call %s could not be closed", over.state.id, exc_info=error)
                self._failed.put(over)
                self._late.add(over.state.id)
            waiting.done(batch)
            if batch:
                await self._rested()
            if 0 < len(batch) < most:
                await asyncio.sleep(GATHER)

    def _put_off(self, over: _Over, waiting: Backlog[_Over]) -> bool:
        """Is a call to be closed later, since its recording is not whole yet? No other call waits for it."""
        loop = asyncio.get_running_loop()
        over.until = over.until or loop.time() + SETTLE
        if loop.time() >= over.until or self._aftercall.recorded_whole(over.state):
            return False

        def again() -> None:
            self._settling.discard(over)
            waiting.put(over)

        self._settling.add(over)
        waiting.done([over])
        loop.call_later(SETTLE_EVERY, again)
        return True

    async def _work_again(self) -> None:
        """Those that failed, one at a time. An error ends this run; the supervisor starts the next."""
        while True:
            batch = await self._failed.some(BATCH)
            errors = [error for over in batch for error in (await self._close_again(over)).values()]
            await self._rested()
            for error in errors:
                raise error

    async def _close_again(self, over: _Over) -> dict[_Over, BaseException]:
        errors = await self._close([over])
        if not errors:
            self._failed.done([over])
            self._late.discard(over.state.id)
        return errors

    async def _close(self, batch: list[_Over]) -> dict[_Over, BaseException]:
        """Close these; the errors of those that could not be. Waits while storage is away."""
        errors = await _each(batch, self._submit)
        left = [over for over in batch if over not in errors]
        try:
            await patiently(partial(self._aftercall.keep, [(over.state, over.record) for over in left]))
        except Exception as error:  # one row may be the cause: each is tried again separately
            return errors | dict.fromkeys(left, error)
        return errors | self._finish_each(left)

    async def _submit(self, over: _Over) -> None:
        """The finished record, its item in the queue, what the call means for others.

        Until the record is kept a restart does all of it again; each step changes nothing the second time.
        """
        state = over.state
        try:
            over.record = await patiently(partial(self._aftercall.close, state))
        except GatewayError as error:
            log.error("call %s leaves no item: %s", state.id, error)
        try:
            await self._hand_on(state, over.record)
        except GatewayError as error:  # refused for good, such as for an item that is merged
            log.error("call %s: its item or referral is not updated: %s", state.id, error)

    async def _hand_on(self, state: CallState, record: CallRecord) -> None:
        if self._handed and state.transfers:
            await patiently(partial(self._handed, record, state.transfers))
        by_itself = surveyed_by(record.id) is not None or duty_of(record.id) is not None
        ours = record.direction == "out" and not (by_itself or state.follows_up)
        if ours and record.number and not record.back_of:
            talked = record.outcome is CallOutcome.TALKED
            what, text = ("called_back", "已回电接通") if talked else ("not_reached", "回电未接通")
            line = (record.number, what, record.agent or "phone", text, f"call:{record.id}")
            await patiently(partial(self._notes.note, *line))

    def _finish_each(self, batch: list[_Over]) -> dict[_Over, BaseException]:
        errors: dict[_Over, BaseException] = {}
        for over in batch:
            try:
                self._finish(over)
            except Exception as error:
                errors[over] = error
        return errors

    def _finish(self, over: _Over) -> None:
        """The record is kept: its messages leave the spool, and the call is closed."""
        self._aftercall.clear(over.record, over.state.messages)
        self._lives.pop(over.state.id, None)
        self._closed(over.record)


async def _each(batch: list[_Over], work: Callable[[_Over], Awaitable[None]]) -> dict[_Over, BaseException]:
    """Do it for all at once; the errors by call."""
    results = await asyncio.gather(*map(work, batch), return_exceptions=True)
    return {over: result for over, result in zip(batch, results, strict=True) if result is not None}
