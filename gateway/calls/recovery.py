"""After the PBX or the gateway was away: reads the journal and the spools and does what was missed.

Applying a note again changes nothing, so all of it may be repeated.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.calls.after_call import AfterCall
from gateway.calls.callbacks import CallBacks, Seen
from gateway.calls.closing import Closing
from gateway.calls.live import LiveCalls
from gateway.calls.notes import NoteHandler, begins
from gateway.calls.patience import patiently
from gateway.calls.ports import Ledgers
from gateway.calls.seat_calls import SeatCalls
from gateway.calls.seats import Seats
from gateway.calls.transfers import Transfers
from gateway.core.call.callback import tries
from gateway.core.call.journal import JournalEntry
from gateway.core.call.record import CallOutcome, Gap, is_back
from gateway.core.call.state import CallState, apply, end
from gateway.core.fax.record import FaxNote
from gateway.errors import PbxDown, StorageDown
from gateway.pbx.conf import Places
from gateway.pbx.journal import call_of, prune, read_journal
from gateway.pbx.port import Pbx, SeatSeen, Up

MARK = "journal"  # and the gateway's name: where the once-ledger keeps how far its journal was read
MARK_EVERY = 30.0  # seconds between marks
STILL_OPEN = timedelta(hours=1)  # how long a note about a call of ours is waited for


class Recovery:
    """`up` when the link to the PBX is there, `down` when it is lost."""

    def __init__(
        self,
        pbx: Pbx,
        places: Places,
        ledgers: Ledgers,
        aftercall: AfterCall,
        live: LiveCalls,
        seats: Seats,
        seat_calls: SeatCalls,
        transfers: Transfers,
        callbacks: CallBacks,
        closing: Closing,
        notes: NoteHandler,
        now: Callable[[], datetime],
    ) -> None:
        self._pbx = pbx
        self._places = places
        self._ledgers = ledgers
        self._aftercall = aftercall
        self._live = live
        self._seats = seats
        self._seat_calls = seat_calls
        self._transfers = transfers
        self._callbacks = callbacks
        self._closing = closing
        self._notes = notes
        self._now = now
        self._lost_at: datetime | None = None
        self._marked = 0.0
        self._seats_known = False
        self._in_step = asyncio.Event()
        self.gaps = 0

    @property
    def in_step(self) -> bool:
        """Is the link to the PBX up and everything that was missed done?"""
        return self._in_step.is_set()

    async def wait_in_step(self, limit: float) -> None:
        """Wait until it is so. Raises PbxDown after `limit` seconds."""
        try:
            async with asyncio.timeout(limit):
                await self._in_step.wait()
        except TimeoutError:
            raise PbxDown("the PBX was not seen in time") from None

    def down(self, at: datetime) -> None:
        self._lost_at = self._lost_at or at
        self._in_step.clear()

    async def up(self, up: Up) -> None:
        """Take over what was noted meanwhile, end what is gone, begin to serve."""
        now = self._now()
        notes = await patiently(lambda: self._catch_up(up, self._lost_at or now))
        self._seat_calls.restore()
        for seat in self._seats.all():
            unseen = SeatSeen(seat.seat, signed_in=False)
            self._seats.seen(next((seen for seen in up.seats if seen.seat == seat.seat), unseen))
        self._callbacks.seen(Seen(up.placed, self._live.ids(), tries(notes, now)))
        if not self._seats_known:
            await patiently(self._seats.end_spells)
            self._seats_known = True
        if self._lost_at:
            await self._keep_gap(Gap(self._lost_at, now, "no link to the PBX"))
        self._in_step.set()
        self._callbacks.changed()
        with contextlib.suppress(PbxDown):
            await self._pbx.take_calls(True)

    async def _keep_gap(self, gap: Gap) -> None:
        await patiently(lambda: self._ledgers.gaps.add_gap(gap))
        self._lost_at = None
        self.gaps += 1

    # ------------------------------------------------------------ the journal

    async def _catch_up(self, up: Up, gone_at: datetime) -> list[JournalEntry]:
        """Apply what the journal has; returns its notes about call-backs."""
        notes = await self._read_journal()
        for note in notes:
            if gone_at - note.at < STILL_OPEN:
                self._notes.missed(note)
        kept: dict[str, bool] = {}
        for note in notes:
            if note.call and not await self._is_kept(note.call, kept):
                self._apply(note)
        await self._recover_messages()
        await self._recover_faxes()
        self._end_gone(up, gone_at)
        return [note for note in notes if is_back(note.call)]

    async def _read_journal(self) -> list[JournalEntry]:
        """From a day before the mark on."""
        mark = await self._ledgers.once.mark(self._mark_name) or await self._ledgers.once.mark(MARK)
        since = datetime.fromisoformat(mark) - timedelta(days=1) if mark else None
        return await asyncio.to_thread(
            lambda: list(read_journal(self._places.journal, since.date() if since else None))
        )

    @property
    def _mark_name(self) -> str:
        """Several gateways on one database have a journal each."""
        return f"{MARK} {self._places.name}"

    def _apply(self, note: JournalEntry) -> None:
        if note.call in self._live or begins(note):
            call = self._live.get_or_create(note.call).state
            if apply(call, note):
                self._transfers.noted(call, note)

    def _end_gone(self, up: Up, gone_at: datetime) -> None:
        """End calls that the PBX has no more, and close those that are over."""
        for live in self._live:
            call = live.state
            if not call.over and call.id not in up.calls and not live.driving:
                end(call, gone_at, CallOutcome.CUT_OFF if _was_cut_off(call) else None)
            if call.over and not live.driving:
                self._notes.finish(live)

    async def _is_kept(self, call: str, kept: dict[str, bool]) -> bool:
        """Is this call's record kept with its end? The database is asked once a call."""
        if call not in kept:
            if call in self._live:
                return False
            if call in self._closing:
                return True
            record = await self._ledgers.calls.get(call)
            if call in self._live or call in self._closing:  # it began, or ended, while the database was read
                return call not in self._live
            kept[call] = record is not None and record.ended_at is not None
        return kept[call]

    async def mark(self) -> None:
        """Note how far the journal is taken over, now and then when no call goes on."""
        loop = asyncio.get_running_loop()
        if self._live or self._closing or loop.time() - self._marked < MARK_EVERY:
            return
        self._marked = loop.time()
        now = self._now()
        with contextlib.suppress(StorageDown):
            await self._ledgers.once.set_mark(self._mark_name, now.isoformat())
            await asyncio.to_thread(prune, self._places.journal, now.date())

    # ------------------------------------------------------------ the spools

    async def _recover_messages(self) -> None:
        """Messages in the spool: of a call being taken over, of one kept already, or of none we know."""
        for file in sorted(self._places.messages.glob("*.wav")):
            call = call_of(file)
            if call in self._closing:
                continue
            live = self._live.get(call)
            if live is None:
                record = await self._ledgers.calls.get(call)
                if record and record.ended_at:
                    self._aftercall.clear(record, [file.name])
                    continue
                live = self._live.get_or_create(call)
                live.state.began = True
                at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                live.state.record = replace(live.state.record, started_at=at)
            if file.name not in live.state.messages:
                live.state.messages.append(file.name)

    async def _recover_faxes(self) -> None:
        """Faxes in the spool that no note told of; one of a call that is kept already is taken in again."""
        for file in sorted(self._places.faxes.glob("*.tif")):
            if file.stem in self._closing:
                continue
            call = self._live.get_or_create(file.stem).state
            if not call.began:
                record = await self._ledgers.calls.get(file.stem)
                at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                call.began, call.record = True, record or replace(call.record, started_at=at)
            call.fax = call.fax or FaxNote(file.name)


def _was_cut_off(call: CallState) -> bool:
    """Was the caller cut off before he had what he called for?"""
    return not (call.messages or call.booked or call.record.talked_at or call.fax)
