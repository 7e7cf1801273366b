"""The state of a call: journal entries and steps in, one call record out.

Pure, and the same for a call that goes on now and for one read from the journal after a restart.
A note that comes twice changes nothing. The outcome is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from gateway.core import telephone
from gateway.core.call.about import read_about
from gateway.core.call.journal import EntryType, JournalEntry, number_of
from gateway.core.call.record import CallOutcome, CallRecord, is_back
from gateway.core.call.transfer import Transfer
from gateway.core.fax.record import FaxNote
from gateway.core.item.contact import Kind


class Phase(StrEnum):
    """What a live call is at; the word of a line on the wallboard."""

    MENU = "menu"
    QUEUE = "queue"
    TALK = "talk"
    HOLD = "hold"
    THREE_WAY = "three_way"
    PARTNER = "partner"
    MESSAGE = "message"
    FAX = "fax"
    OUT = "out"
    OVER = "over"


OUTCOMES = {outcome.value: outcome for outcome in CallOutcome}
KINDS = {kind.value: kind for kind in Kind}
DIRECTIONS = {"in": "in", "out": "out", "back": "out"}


@dataclass(slots=True)
class CallState:
    """One call, as far as entries have been applied. `began` is False until its begin was seen.

    `messages` are files below the messages' folder; `partner` is the last partner dialled; `back`
    the call-back that this call is; `phone` the number to call back when it is another. `seat` is who
    has the caller now; `agent_leg` and `caller_leg` are the PBX's names for their channels; its `transfers`
    stand here at the end. `talked_seconds` leaves out what the caller spent on hold or in the queue.
    `follows_up`: an agent asks somebody how it went, and writes that down himself.
    """

    id: str
    record: CallRecord
    began: bool = False
    phase: Phase = Phase.MENU
    since: datetime | None = None
    kind: Kind = Kind.UNSORTED
    messages: list[str] = field(default_factory=list)
    partner: str = ""
    back: str = ""
    phone: str = ""
    seat: str = ""
    agent_leg: str = ""
    caller_leg: str = ""
    talked_seconds: float = 0.0
    transfers: tuple[Transfer, ...] = ()
    fax: FaxNote | None = None
    follows_up: bool = False
    applied: set[JournalEntry] = field(default_factory=set)
    served: bool = False
    booked: bool = False
    partner_talked: bool = False

    @property
    def over(self) -> bool:
        return self.record.ended_at is not None


def new_call_state(call: str, at: datetime) -> CallState:
    """A call of which only the id is known yet."""
    record = CallRecord(id=call, direction="in", caller="", dialled="", line=0, started_at=at)
    return CallState(call, record, since=at)


def apply(call: CallState, note: JournalEntry) -> bool:
    """Apply one entry to the state of its call. False when it was applied before or changes nothing."""
    # The same note comes from the link and, after that was lost, once more from the journal.
    before = len(call.applied)
    call.applied.add(note)
    if call.over or len(call.applied) == before:
        return False
    _APPLY.get(note.what, _nothing)(call, note)
    return True


def end(call: CallState, at: datetime, outcome: CallOutcome | None = None) -> CallRecord:
    """The call is over. The outcome is what happened, unless it is given (cut off)."""
    record = call.record
    wait = record.wait_seconds
    if record.queued_at and not record.talked_at and not wait:
        wait = (at - record.queued_at).total_seconds()
    decided = outcome or _outcome(call)
    call.record = replace(record, ended_at=at, outcome=decided, wait_seconds=round(wait, 3))
    _go(call, Phase.OVER, at)
    return call.record


# ---------------------------------------------------------------- what each note does


def _nothing(call: CallState, note: JournalEntry) -> None:
    """Of interest to others only."""


def _began(call: CallState, note: JournalEntry) -> None:
    line, direction, number = note.arg(0), note.arg(1), number_of(note.arg(2))
    call.began = True
    call.record = replace(
        call.record,
        direction=DIRECTIONS.get(direction, "in"),
        # An earlier entry may have set the caller already.
        caller=call.record.caller or (number if direction == "in" else ""),
        dialled=telephone.plain(note.arg(3)) if direction == "in" else number,
        line=int(line) if line.isdecimal() else 0,
        started_at=note.at,
        answered_at=note.at if direction == "in" else None,
    )
    if direction == "back":
        call.back = note.arg(3)
        call.record = replace(call.record, back_of=note.arg(3))
    elif direction == "out":
        number, call.follows_up = read_about(note.arg(4))
        call.record = replace(call.record, agent=note.arg(3), number=number)
    _go(call, Phase.MENU if direction == "in" else Phase.OUT, note.at)


def _turned_away(call: CallState, note: JournalEntry) -> None:
    _not_taken(call, note, telephone.plain(note.arg(3)), CallOutcome.TURNED_AWAY)


def _refused(call: CallState, note: JournalEntry) -> None:
    _not_taken(call, note, number_of(note.arg(3)), CallOutcome.REFUSED)


def _not_taken(call: CallState, note: JournalEntry, dialled: str, outcome: CallOutcome) -> None:
    call.began = True
    call.record = replace(
        call.record,
        caller=number_of(note.arg(2)),
        dialled=dialled,
        started_at=note.at,
        ended_at=note.at,
        outcome=outcome,
    )
    call.phase = Phase.OVER


def _queued(call: CallState, note: JournalEntry) -> None:
    record = call.record
    call.record = replace(record, queued_at=record.queued_at or note.at)
    call.caller_leg = note.arg(0) or call.caller_leg
    _go(call, Phase.QUEUE, note.at)


def _left(call: CallState, note: JournalEntry) -> None:
    record = call.record
    # A caller may leave the queue for the menu and come back: his times in it add up.
    if record.queued_at and not record.talked_at:
        waited = (note.at - (call.since or record.queued_at)).total_seconds()
        call.record = replace(record, wait_seconds=round(record.wait_seconds + waited, 3))
    _go(call, Phase.MENU, note.at)


def _agent(call: CallState, note: JournalEntry) -> None:
    """Whoever answered last out of the queue counts; colleagues he handed on to stand in the transfers."""
    record = call.record
    waited = record.wait_seconds
    if record.queued_at and not record.talked_at:
        waited = (note.at - record.queued_at).total_seconds()
    talked = record.talked_at or (note.at if record.direction == "in" and not is_back(call.id) else None)
    call.record = replace(record, agent=note.arg(0), talked_at=talked, wait_seconds=round(waited, 3))
    call.seat, call.agent_leg, call.caller_leg = note.arg(0), note.arg(1), note.arg(2)
    _go(call, Phase.OUT if is_back(call.id) else Phase.TALK, note.at)


def _answered_outside(call: CallState, note: JournalEntry) -> None:
    """A call of ours was answered."""
    call.record = replace(call.record, talked_at=note.at, answered_at=note.at)
    _go(call, Phase.TALK, note.at)


def _outside_agent(call: CallState, note: JournalEntry) -> None:
    ours = call.record.direction == "out" and not is_back(call.id)
    if ours and call.record.talked_at is None:
        _answered_outside(call, note)
    _agent(call, note)


def _agent_lost(call: CallState, note: JournalEntry) -> None:
    _go(call, Phase.QUEUE, note.at)


def _agent_off(call: CallState, note: JournalEntry) -> None:
    """Whoever had the caller is gone; in a three-way call the caller goes on with the target."""
    if note.arg(0) != call.seat:  # a colleague who was asked, or one who handed the caller on before
        return
    call.seat = call.agent_leg = ""
    if call.phase is Phase.THREE_WAY:
        _go(call, Phase.PARTNER, note.at)


def _held(call: CallState, note: JournalEntry) -> None:
    _go(call, Phase.HOLD, note.at)


def _joined(call: CallState, note: JournalEntry) -> None:
    call.partner_talked = True
    _go(call, Phase.THREE_WAY, note.at)


def _rejoined(call: CallState, note: JournalEntry) -> None:
    _go(call, Phase.TALK, note.at)


def _target_off(call: CallState, note: JournalEntry) -> None:
    if call.phase is Phase.THREE_WAY:
        _go(call, Phase.TALK, note.at)


def _partner(call: CallState, note: JournalEntry) -> None:
    call.partner = note.arg(0)
    _go(call, Phase.PARTNER, note.at)


def _partner_left(call: CallState, note: JournalEntry) -> None:
    call.partner = note.arg(0)
    call.partner_talked = call.partner_talked or note.arg(1) == "ANSWER"
    _go(call, Phase.MENU, note.at)


def _message(call: CallState, note: JournalEntry) -> None:
    if note.arg(0) not in call.messages:
        call.messages.append(note.arg(0))
    _go(call, Phase.MESSAGE, note.at)


def _fax(call: CallState, note: JournalEntry) -> None:
    call.fax = call.fax or FaxNote(note.arg(0))
    _go(call, Phase.FAX, note.at)


def _fax_done(call: CallState, note: JournalEntry) -> None:
    call.fax = (call.fax or FaxNote(f"{call.id}.tif")).done(note.rest)


def _call_back(call: CallState, note: JournalEntry) -> None:
    call.booked = True


def _ended(call: CallState, note: JournalEntry) -> None:
    noted_outcome = OUTCOMES.get(note.arg(1))
    call.kind = KINDS.get(note.arg(2), call.kind)
    if note.arg(3):
        call.record = replace(call.record, number=note.arg(3))
    if note.arg(4) in ("1", "2", "3", "4", "5"):
        call.record = replace(call.record, rating=int(note.arg(4)))
    # Two outcomes only the dialplan knows: nobody answered, or a fax of ours was sent.
    if noted_outcome is CallOutcome.NOT_REACHED or (
        noted_outcome is CallOutcome.FAX and call.record.direction == "out"
    ):
        end(call, note.at, noted_outcome)
        return
    if noted_outcome is CallOutcome.SERVED:
        call.served = True
    elif noted_outcome is CallOutcome.CALL_BACK:
        call.booked = True
    elif noted_outcome is CallOutcome.PARTNER:
        call.partner_talked = True
    end(call, note.at)


def _go(call: CallState, phase: Phase, at: datetime) -> None:
    # Counted as a phase is left, so that hold and queue in between stay out of it.
    if call.phase in _TALKING and call.since and call.record.talked_at:
        call.talked_seconds += max(0.0, (at - call.since).total_seconds())
    call.phase, call.since = phase, at


_TALKING = (Phase.TALK, Phase.THREE_WAY, Phase.PARTNER)


def _outcome(call: CallState) -> CallOutcome:
    """The most that happened to the caller, whatever came last."""
    record = call.record
    if record.direction == "out":
        return CallOutcome.TALKED if record.talked_at else CallOutcome.NOT_REACHED
    if record.talked_at:
        return CallOutcome.TALKED
    if call.fax:
        return CallOutcome.FAX
    if call.messages:
        return CallOutcome.MESSAGE
    if call.booked:
        return CallOutcome.CALL_BACK
    if call.partner_talked:
        return CallOutcome.PARTNER
    return CallOutcome.SERVED if call.served else CallOutcome.GAVE_UP


_APPLY: Mapping[EntryType, Callable[[CallState, JournalEntry], None]] = {
    EntryType.BEGAN: _began,
    EntryType.TURNED_AWAY: _turned_away,
    EntryType.REFUSED: _refused,
    EntryType.QUEUED: _queued,
    EntryType.LEFT: _left,
    EntryType.AGENT: _outside_agent,
    EntryType.AGENT_OFF: _agent_off,
    EntryType.AGENT_LOST: _agent_lost,
    EntryType.CONSULT: _held,
    EntryType.JOINED: _joined,
    EntryType.REJOINED: _rejoined,
    EntryType.TARGET_OFF: _target_off,
    EntryType.REQUEUED: _agent_lost,
    EntryType.PARTNER: _partner,
    EntryType.PARTNER_LEFT: _partner_left,
    EntryType.MESSAGE: _message,
    EntryType.FAX: _fax,
    EntryType.FAX_DONE: _fax_done,
    EntryType.CALL_BACK: _call_back,
    EntryType.BACK_TALK: _answered_outside,
    EntryType.ENDED: _ended,
}
