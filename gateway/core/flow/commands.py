"""Words between a call flow and whoever drives it: commands out, events in.

A step is a generator: it yields a Command, is sent an Event, and returns the name of its
exit. Drivers (FastAGI, `flow simulate`, tests) obey commands; they decide nothing.
Times are seconds. Clips are prompt ids; the driver turns an id into sound.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# ---------------------------------------------------------------- commands


@dataclass(frozen=True, slots=True)
class Play:
    """Speak the clips one after another. Any of `keys` cuts it short. Answer: Keys."""

    clips: tuple[str, ...]
    keys: str = ""


@dataclass(frozen=True, slots=True)
class ReadKeys:
    """Speak the clips, then wait for up to `count` keys. Answer: Keys.

    A key cuts the speech and counts. `wait` is the time to the first key after the speech,
    `gap` the time between keys; `end` closes the input early and is not part of it.
    With `count` 1 the answer comes with the first key that is in `keys` ("" = any key).
    `skip` is a key that counts for nothing when it comes first: the caller closed his last input
    with it, which its last digit had closed already.
    """

    clips: tuple[str, ...]
    count: int = 1
    wait: float = 5.0
    gap: float = 3.0
    end: str = ""
    keys: str = ""
    skip: str = ""


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Beep and record up to `longest` seconds; `silence` seconds of quiet or a key end it. Answer: Taken."""

    longest: int = 180
    silence: int = 8


@dataclass(frozen=True, slots=True)
class AskTime:
    """What time is it at the centre? Answer: Clock."""


@dataclass(frozen=True, slots=True)
class AskStaff:
    """Who could take a call now? Answer: Staff."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """State of an item by number and query code. Answer: Found. The driver delays guesses.

    `phone`: the last four digits of the person's telephone number, the second fact that a short code
    needs; "" while it was not asked for.
    """

    number: str
    code: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """Wait for an agent. Answer: QueueLeft, unless the talk took place: then the call is over.

    `announce` tells place and expected wait; `callback_key` and `message_key` work while waiting,
    the message only after `message_after` seconds; `longest` ends the waiting. `rate`: after a
    talk the caller comes back, if the settings let calls be rated.
    """

    announce: bool = True
    callback_key: str = ""
    message_key: str = ""
    message_after: int = 45
    longest: int = 900
    rate: bool = False


@dataclass(frozen=True, slots=True)
class BookCallBack:
    """Book a call-back for this caller. An empty phone means the number he calls from. Answer: Booked."""

    phone: str = ""


@dataclass(frozen=True, slots=True)
class DialPartner:
    """Put the caller through to a partner hotline. Answer: PartnerLeft."""

    partner: str
    ring: int = 20


@dataclass(frozen=True, slots=True)
class RateCall:
    """The caller rates the call itself, from 1 (best) to 5. There is no answer."""

    grade: int


@dataclass(frozen=True, slots=True)
class KeepAnswers:
    """Keep what the person answered, by what was asked. Answer: Kept."""

    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EndCall:
    """Hang up. There is no answer."""


Command = (
    Play
    | ReadKeys
    | TakeMessage
    | AskTime
    | AskStaff
    | LookUp
    | JoinQueue
    | BookCallBack
    | DialPartner
    | KeepAnswers
    | RateCall
    | EndCall
)

# ------------------------------------------------------------------ events


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys the caller pressed; "" when none came in time."""

    digits: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message was recorded. `seconds` 0 with `saved` False: nothing came, or the disk refused it."""

    saved: bool
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is aware, in the centre's time zone; `workday` knows holidays and make-up days."""

    now: datetime
    workday: bool


@dataclass(frozen=True, slots=True)
class Staff:
    """Seats signed in, seats free to ring now, callers already waiting."""

    signed_in: int
    free: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Found:
    """`state` is an item's public state ("" = number or code is wrong); never personal data.

    `due` is the day of the next legal clock as ISO text, "" when none runs.
    `locked` is True when nothing can be looked up now. `state_only` is True when the code is a short
    one: `due` is told once the last four digits of the telephone number fit.
    """

    state: str = ""
    due: str = ""
    locked: bool = False
    state_only: bool = False


class Left(StrEnum):
    """Why a caller came back out of the queue: without having talked, or to rate the call."""

    TIMEOUT = "timeout"  # waited as long as allowed
    CALL_BACK = "call_back"  # pressed the key for a call-back
    MESSAGE = "message"  # pressed the key for a message
    NOBODY = "nobody"  # nobody signed in, or the last one left
    FULL = "full"  # queue full
    TALKED = "talked"  # the agent has hung up, and the caller may rate the call


@dataclass(frozen=True, slots=True)
class QueueLeft:
    why: Left


@dataclass(frozen=True, slots=True)
class Booked:
    """`place` counts from 1; 0 when the call-back is made outside the queue (after hours)."""

    phone: str
    place: int = 0


class PartnerOutcome(StrEnum):
    TALKED = "talked"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PartnerLeft:
    outcome: PartnerOutcome


@dataclass(frozen=True, slots=True)
class Kept:
    """Were the answers kept?"""

    done: bool


Event = Keys | Taken | Clock | Staff | Found | QueueLeft | Booked | PartnerLeft | Kept | None

StepRun = Generator[Command, Event, str]
"""What a step's `run` returns: yields commands, receives events, returns the exit's name."""
