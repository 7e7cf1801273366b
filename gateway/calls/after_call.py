"""What is done when a call is over: its recording is found, its item submitted, its record stored.

Every part is idempotent, since a gateway that dies in between does it again from the journal. Called by
calls/closing.py, one call after another.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from gateway.channels import phone
from gateway.core.call.record import CallOutcome, CallRecord, RecordingState
from gateway.core.call.state import CallState
from gateway.core.fax.record import FaxNote
from gateway.core.item.contact import Contact, Evidence, Receipt, Task
from gateway.core.ledgers import CallbackLedger, CallLog
from gateway.pbx.sound_length import SHORTEST, size_of, sound_seconds

log = logging.getLogger(__name__)


class CallIntake(Protocol):
    """Intake, as far as it is needed here."""

    async def submit(self, contact: Contact) -> Receipt: ...

    async def known(self, key: str) -> bool: ...

    async def added(self, key: str) -> tuple[str, str] | None:
        """To which item what was added under this key."""


class FaxTaker(Protocol):
    """Takes a fax out of the spool into the queue."""

    async def take(self, note: FaxNote, record: CallRecord) -> str: ...


class AfterCall:
    """Closes calls. `messages` and `recordings` are the folders that Asterisk writes into; `size` tells the
    clear bytes of a file there, which may be encrypted since an earlier try."""

    def __init__(
        self,
        intake: CallIntake,
        calls: CallLog,
        call_backs: CallbackLedger,
        messages: Path,
        recordings: Path,
        zone: tzinfo,
        agent_of_seat: Callable[[str], str],
        records: bool = True,
        faxes: FaxTaker | None = None,
        size: Callable[[Path], int] = size_of,
    ) -> None:
        self._intake = intake
        self._calls = calls
        self._call_backs = call_backs
        self._messages = messages
        self._recordings = recordings
        self._zone = zone
        self._agent_of_seat = agent_of_seat
        self._records = records
        self._faxes = faxes
        self._size = size

    def recorded_whole(self, state: CallState) -> bool:
        """Is the recording complete, or none expected? Asterisk closes the file a moment after the call."""
        record = state.record
        file = self._recorded(record) if record.talked_at and record.ended_at else None
        return file is None or self._holds(file, state.talked_seconds)

    async def close(self, state: CallState) -> CallRecord:
        """The finished record of a call that is over; its item is in the queue. Raises StorageDown.

        The record itself is not kept yet: `keep` takes many at once.
        """
        messages = [self._messages / name for name in state.messages]
        spoken = [file for file in messages if sound_seconds(file, self._size) >= SHORTEST]
        record = state.record
        if record.agent:
            record = replace(record, agent=self._agent_of_seat(record.agent))
        if record.outcome is CallOutcome.MESSAGE and not spoken:
            fallback = CallOutcome.CALL_BACK if state.booked else CallOutcome.GAVE_UP
            record = replace(record, outcome=fallback)
        record = self._with_recording(record, spoken, state.talked_seconds)
        evidence = tuple(Evidence(str(file), file.name, "audio/wav", "message") for file in spoken)
        if state.fax and self._faxes:
            number = await self._faxes.take(state.fax, record)
            if number:  # what was said before is in the same item, whoever said it
                return replace(record, number=record.number or number)
        if record.back_of and not record.number:  # it belongs to the item of the call-back
            callback = await self._call_backs.get(record.back_of)
            record = replace(record, number=callback.number if callback else "")
        contact = phone.contact(record, state.kind, evidence, self._zone, state.phone, booked=state.booked)
        if contact is None:
            return record
        if number := await self._added_to(contact):
            return replace(record, number=record.number or number)
        receipt = await self._intake.submit(contact)
        if state.booked:
            await self._call_backs.link(record.id, receipt.number)
        return replace(record, number=receipt.number)

    async def _added_to(self, contact: Contact) -> str:
        """The item to which the talk added something, while it has none of its own; else ""."""
        if contact.task is not Task.TALK:
            return ""
        added = await self._intake.added(phone.added_key(contact.call_id))
        return added[0] if added and not await self._intake.known(contact.key) else ""

    async def keep(self, closed: list[tuple[CallState, CallRecord]]) -> None:
        """Keep the records with their transfers in one transaction. Raises StorageDown."""
        transfers = [transfer for state, _ in closed for transfer in state.transfers]
        await self._calls.keep([record for _, record in closed], transfers)

    def clear(self, record: CallRecord, names: Iterable[str]) -> None:
        """Move the message that the record names to the recordings; the others are attached to the item."""
        for name in names:
            file = self._messages / name
            with contextlib.suppress(FileNotFoundError):
                if record.recording and Path(record.recording).name == name:
                    home = self._recordings.parent / record.recording
                    home.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(home)
                else:
                    file.unlink()

    def _with_recording(self, record: CallRecord, spoken: list[Path], talked: float) -> CallRecord:
        """With a talk's recording, else the (last) message. Asterisk does not report it: the file is read."""
        file = self._recorded(record)
        if record.talked_at and record.ended_at:
            if file is None:
                state = RecordingState.FAILED if self._records else RecordingState.NONE
                return replace(record, recording_state=state)
            state = RecordingState.SAVED if self._holds(file, talked) else RecordingState.FAILED
            return replace(record, recording=self._below(file), recording_state=state)
        if file is not None and record.outcome is CallOutcome.FAX:
            return replace(record, recording=self._below(file), recording_state=RecordingState.SAVED)
        if file is not None and sound_seconds(file, self._size) == 0.0:
            with contextlib.suppress(FileNotFoundError):
                file.unlink()
        if spoken:
            day = f"{record.started_at.astimezone(self._zone):%Y%m%d}"
            name = f"{self._recordings.name}/{day}/{spoken[-1].name}"
            return replace(record, recording=name, recording_state=RecordingState.SAVED)
        return record

    def _recorded(self, record: CallRecord) -> Path | None:
        """The file that Asterisk began when the caller came into the queue, under the centre's day.

        Where Asterisk's machine does not know the centre's time zone, it lies under another day and is moved.
        """
        if record.direction == "in" and record.queued_at is None:
            return None
        began = (record.queued_at or record.started_at).astimezone(self._zone)
        days = [f"{began + timedelta(days=offset):%Y%m%d}" for offset in (0, 1, -1)]
        files = (self._recordings / day / f"{record.id}.wav" for day in days)
        file = next((file for file in files if file.exists()), None)
        if (
            file is None
            or file.parent.name == days[0]
            or file.parent.name != f"{began.astimezone(UTC):%Y%m%d}"
        ):
            return file
        home = self._recordings / days[0] / file.name
        home.parent.mkdir(parents=True, exist_ok=True)
        return file.replace(home)

    def _below(self, file: Path) -> str:
        return str(file.relative_to(self._recordings.parent))

    def _holds(self, file: Path, talked: float) -> bool:
        """Does the file hold a talk of so many seconds?"""
        return sound_seconds(file, self._size) >= max(0.0, talked * 0.9 - 0.5)
