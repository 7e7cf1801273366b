"""The records of a call and of a call-back: the rows that storage keeps.

Pure data. The switchboard fills them, storage keeps them, the API shows them.
Times are aware (UTC); seconds are seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallOutcome(StrEnum):
    """How a call ended for the caller. OPEN only while it lasts."""

    OPEN = "open"
    TALKED = "talked"  # an agent spoke with the caller
    MESSAGE = "message"  # left a message
    CALL_BACK = "call_back"  # asked to be called back
    SERVED = "served"  # got what he wanted from the menu (progress told)
    PARTNER = "partner"  # was put through to a partner hotline
    GAVE_UP = "gave_up"  # hung up before anything of that
    TURNED_AWAY = "turned_away"  # every line was busy
    REFUSED = "refused"  # for a number that is none of ours, or in a coding that is not
    CUT_OFF = "cut_off"  # Asterisk or the line broke the call
    FAX = "fax"  # it was a fax machine
    NOT_REACHED = "not_reached"  # a call of ours that nobody answered


class RecordingState(StrEnum):
    """Whether a recording is there. FAILED: it was begun and the disk did not take it."""

    NONE = "none"
    RUNNING = "running"
    SAVED = "saved"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of the way through the menus: when, which step of which flow, the keys pressed there."""

    at: datetime
    step: str
    keys: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call. `id` is the unique id that Asterisk gave the caller's leg.

    `answered_at` is when the line was answered, `talked_at` when an agent was on. `wait_seconds`
    is the time in the queue. `recording` is a path below var/. `number` is the item that came of it.
    `back_of` names the call that this call of ours answers; `direction` is "in" or "out". `rating` is
    what the caller thought of the call itself, 1 (very satisfied) to 5; it says nothing of his matter.
    """

    id: str
    direction: str
    caller: str
    dialled: str
    line: int
    started_at: datetime
    answered_at: datetime | None = None
    queued_at: datetime | None = None
    talked_at: datetime | None = None
    ended_at: datetime | None = None
    path: tuple[PathStep, ...] = ()
    wait_seconds: float = 0.0
    agent: str = ""
    outcome: CallOutcome = CallOutcome.OPEN
    flow: str = ""
    recording: str = ""
    recording_state: RecordingState = RecordingState.NONE
    number: str = ""
    back_of: str = ""
    rating: int | None = None


class CallbackState(StrEnum):
    """PENDING until due and a line is free, PLACED while it holds a place in the queue, then DIALLING."""

    PENDING = "pending"
    PLACED = "placed"
    DIALLING = "dialling"
    DONE = "done"
    FAILED = "failed"  # dialled several times and not reached: an agent decides
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Callback:
    """A call-back. `arrived_at` is when the caller first called: his place among all who wait.

    `dials` counts the calls made for it, `attempts` those that did not reach the customer; `due_at` is when
    it may be tried again, None at once.
    """

    id: str
    phone: str
    call_id: str
    arrived_at: datetime
    booked_at: datetime
    state: CallbackState = CallbackState.PENDING
    number: str = ""
    attempts: int = 0
    dials: int = 0
    due_at: datetime | None = None


_BACK = re.compile(r"back[0-9]*-")  # before the id of an owed call: the id of a call that is made for it


def back_call(owed: Callback) -> str:
    """The id of the call that is being made for a call-back, else of the next one: back-X, back2-X, …"""
    count = owed.dials if owed.state is CallbackState.DIALLING else owed.dials + 1
    return f"back{count if count > 1 else ''}-{owed.id}"


def owed_of(call: str) -> str:
    """The id of the call-back that this call is made for."""
    return _BACK.sub("", call, count=1)


def is_back(call: str) -> bool:
    """Is this the id of a call that is made for a call-back?"""
    return _BACK.match(call) is not None


@dataclass(frozen=True, slots=True)
class AgentChange:
    """One change of a seat: signed in, paused with a reason, ready, on a talk, wrapping up, offline.

    `gateway` is the one at which the seat is: of several on one database each tells of its own."""

    at: datetime
    agent: str
    state: str
    reason: str = ""
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the link to the PBX was lost; what happened in it was read from the journal."""

    began_at: datetime
    ended_at: datetime
    why: str
