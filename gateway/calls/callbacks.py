"""Call-backs still to be made: gives them places in the queue, follows each try, decides what comes next.

One worker takes everything in order: notes of the dialplan, what the PBX shows after a lost link,
changes of lines, seats and bookings. Each step is durable before the next. Called by the switchboard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from gateway.calls.backlog import Backlog
from gateway.calls.patience import patiently
from gateway.core.call import seat as acd
from gateway.core.call.callback import Pause, Try, TryEnd, after
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.record import Callback, CallbackState, back_call, is_back, owed_of
from gateway.core.ledgers import CallbackLedger
from gateway.errors import PbxDown
from gateway.pbx.port import Pbx
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

UNSEEN = timedelta(seconds=15)  # after which a place that was asked for and not seen is given up
LOOK = 30.0  # seconds: longest wait between two looks
OPEN = (CallbackState.PENDING, CallbackState.PLACED, CallbackState.DIALLING)


@dataclass(frozen=True, slots=True)
class Room:
    """What decides whether a call-back can be placed now. `busy` are calls that go on or are being closed."""

    ready: bool
    reachable: bool  # a signed-in seat has its telephone
    free_lines: int
    busy: Collection[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """After a lost link: call-backs with a place, calls that go on, tries that are in the journal."""

    placed: Collection[str]
    live: Collection[str]
    tries: Mapping[str, Try] = field(default_factory=dict)


class CallBacks:
    """`start`, then `noted`, `seen` and `changed`. `item_changed` gets the number of an item that changed."""

    def __init__(
        self,
        pbx: Pbx,
        book: CallbackLedger,
        room: Callable[[], Room],
        *,
        needed_lines: int,
        again: tuple[timedelta, ...],
        now: Callable[[], datetime],
        item_changed: Callable[[str], None] = lambda number: None,
    ) -> None:
        self._pbx = pbx
        self._book = book
        self._room = room
        self._needed_lines = needed_lines
        self._again = again
        self._now = now
        self._item_changed = item_changed
        self._jobs: Backlog[JournalEntry | Seen] = Backlog()
        self._wake = asyncio.Event()
        self._resting = False
        self._open_now: dict[str, Callback] | None = None  # all that is open, None when it must be read
        self._last_read: dict[str, Callback] = {}
        self._bookings = 0  # counted, so that one made while the ledger is read is not overlooked
        self._attempts: dict[str, Try] = {}  # by call-back id
        self._pauses: dict[str, Pause] = {}

    def start(self, tasks: Supervisor) -> None:
        tasks.keep("switchboard call-backs", self._work)

    @property
    def placed(self) -> int:
        """Call-backs that hold a place in the queue."""
        return sum(not (attempt.began or attempt.over) for attempt in self._attempts.values())

    @property
    def owes_now(self) -> bool:
        """Does a call-back hold a place, is it dialled, or could it be placed now?"""
        now = self._now()
        return any(self._is_due(callback, now) for callback in self._last_read.values())

    @property
    def rests(self) -> bool:
        """Is there nothing left to do now?"""
        return self._resting and not self._wake.is_set()

    def open_for(self, call: str) -> Callback | None:
        """The call-back that this call is made for; None when there is none, or it is settled."""
        return self._last_read.get(owed_of(call)) if is_back(call) else None

    # ------------------------------------------------------------ what happens

    def noted(self, note: JournalEntry) -> None:
        """Take a note of the dialplan, if it is about a call-back."""
        if note.what in _OURS and is_back(note.call):
            self._jobs.put(note)
            self._wake.set()

    def seen(self, seen: Seen) -> None:
        """The PBX is there again."""
        self._jobs.put(seen)
        self._wake.set()

    def booked(self) -> None:
        """The ledger has a new row."""
        self._open_now = None
        self._bookings += 1
        self._wake.set()

    def changed(self, *, seat_came: bool = False) -> None:
        """A line, a seat or the time may have changed; `seat_came`: one more seat can be reached."""
        if seat_came:
            self._pauses = {callback_id: pause.first() for callback_id, pause in self._pauses.items()}
        if self._open_now != {}:  # no call-back is open: return early, since every note of a call comes here
            self._wake.set()

    # ------------------------------------------------------------ the worker

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            await self._take_jobs()
            await self._plan()
            self._resting = True
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds_to_next()):
                    await self._wake.wait()
            self._resting = False

    def _seconds_to_next(self) -> float:
        """Until a pause is over or a place that was asked for must have been seen."""
        now = self._now()
        times = [callback.due_at for callback in (self._open_now or {}).values() if callback.due_at]
        times += [pause.until for pause in self._pauses.values()]
        times += [attempt.asked_at + UNSEEN for attempt in self._attempts.values() if not attempt.placed]
        seconds = [(time - now).total_seconds() for time in times if time > now]
        return min([LOOK, *seconds])

    async def _take_jobs(self) -> None:
        for job in self._jobs.waiting():
            try:
                await (self._reconcile(job) if isinstance(job, Seen) else self._note(job))
            except Exception:
                self._jobs.put(job)  # behind the others: it is taken again, and they are not held up
                self._open_now = None
                raise
            finally:
                self._jobs.done([job])

    async def _open(self) -> dict[str, Callback]:
        if self._open_now is not None:
            return self._open_now
        bookings = self._bookings
        rows = await patiently(partial(self._book.owed, *OPEN))
        open_callbacks = self._last_read = {callback.id: callback for callback in rows}
        if bookings == self._bookings:
            self._open_now = open_callbacks
        return open_callbacks

    async def _change(self, before: Callback, callback: Callback, what: str = "", text: str = "") -> bool:
        """Keep it as it is now, with a line on its item. False when it was not as before any more."""
        entry = (what, text) if what else None
        kept = await patiently(partial(self._book.change, callback, before.state, self._now(), entry))
        self._open_now = None
        if kept is None:
            log.warning("call-back %s: not %s any more", callback.id, before.state)
        elif kept.number and entry:
            self._item_changed(kept.number)
        return kept is not None

    # ------------------------------------------------------------ one try

    async def _note(self, note: JournalEntry) -> None:
        callback = (await self._open()).get(owed_of(note.call))
        if callback is None:
            return
        attempt = self._attempts.get(callback.id)
        if attempt is None or attempt.call != note.call:
            attempt = self._attempts[callback.id] = Try(note.call, self._now())
        attempt.apply(note)
        await self._follow(callback, attempt)

    async def _follow(self, callback: Callback, attempt: Try) -> None:
        """Keep what a try has come to."""
        if attempt.over or attempt.talked:
            await self._ended(callback, attempt)
        elif attempt.began and callback.state is not CallbackState.DIALLING:
            self._pauses.pop(callback.id, None)
            await self._change(
                callback, replace(callback, state=CallbackState.DIALLING, dials=callback.dials + 1)
            )

    async def _ended(self, callback: Callback, attempt: Try) -> None:
        outcome = after(callback, attempt, self._now(), self._again)
        await self._change(callback, outcome.callback, outcome.what, outcome.text)
        self._attempts.pop(callback.id, None)
        if attempt.end is TryEnd.NOT_DIALLED and not attempt.taken:
            pause = self._pauses.get(callback.id)
            self._pauses[callback.id] = pause.again(self._now()) if pause else Pause(self._now())

    async def _reconcile(self, seen: Seen) -> None:
        """After a lost link: what holds a place, what was dialled and how it ended."""
        self._attempts.clear()
        for callback in (await self._open()).copy().values():
            call = back_call(callback)
            attempt = seen.tries.get(call) or Try(call, self._now())
            attempt.placed = callback.id in seen.placed
            attempt.over = attempt.over and not attempt.placed
            if attempt.placed or call in seen.live:
                self._attempts[callback.id] = attempt
                await self._follow(callback, attempt)
            elif callback.state is not CallbackState.PENDING or attempt.began:
                attempt.began = attempt.began or callback.state is CallbackState.DIALLING
                attempt.over = True
                await self._ended(callback, attempt)

    # ------------------------------------------------------------ places

    async def _plan(self) -> None:
        open_callbacks = await self._open()
        if not open_callbacks:
            return
        room = self._room()
        if not room.ready:
            return
        try:
            await self._give_up_unseen(open_callbacks)
            now = self._now()
            due = [callback for callback in open_callbacks.values() if self._is_due(callback, now)]
            plan = acd.places(due, room.free_lines, self._needed_lines, room.busy)
            for callback in plan.take:
                await self._take_back(callback)
            for callback in plan.give if room.reachable else ():
                await self._place(callback)
        except PbxDown as error:
            log.warning("call-backs wait: %s", error)

    def _is_due(self, callback: Callback, now: datetime) -> bool:
        pause = self._pauses.get(callback.id)
        waits = (callback.due_at and callback.due_at > now) or (pause and pause.until > now)
        return callback.state is not CallbackState.PENDING or not waits

    async def _place(self, callback: Callback) -> None:
        """Store the place before asking the PBX for it: after a crash it is not placed a second time."""
        placed = replace(callback, state=CallbackState.PLACED)
        if not await self._change(callback, placed):
            return
        attempt = self._attempts[callback.id] = Try(back_call(placed), self._now())
        if not await self._pbx.place(placed):
            attempt.over = True
            await self._ended(placed, attempt)

    async def _take_back(self, callback: Callback) -> None:
        """Its note tells when the place is free."""
        attempt = self._attempts.get(callback.id)
        if attempt and attempt.placed and not attempt.taken and not attempt.began:
            attempt.taken = await self._pbx.take_back(attempt.call)

    async def _give_up_unseen(self, open_callbacks: Mapping[str, Callback]) -> None:
        """Places that were asked for and never seen, since Asterisk failed or did not answer."""
        for callback_id, attempt in tuple(self._attempts.items()):
            if attempt.placed or attempt.began or self._now() - attempt.asked_at < UNSEEN:
                continue
            if not await self._pbx.take_back(attempt.call) and callback_id in open_callbacks:
                attempt.over = True
                await self._ended(open_callbacks[callback_id], attempt)


_OURS = {
    EntryType.BEGAN,
    EntryType.BACK_PLACED,
    EntryType.BACK_LEFT,
    EntryType.BACK_TALK,
    EntryType.BACK_DONE,
    EntryType.ENDED,
}
