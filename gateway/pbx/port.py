"""The port between the switchboard and a PBX: what it can be told, and what it tells.

AsteriskPbx has it on a real Asterisk, FakePbx in memory; one contract test is run against both.
Everything told may come twice: consumers take it as facts, not as steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from gateway.core.call.journal import JournalEntry
from gateway.core.call.record import Callback


@dataclass(frozen=True, slots=True)
class SeatSeen:
    """One seat as the queue has it. `device` as in core.call.seat.Seat; `signed_in` False when it has left.

    `browser` tells which of its phones is in the queue: the page in a browser or the SIP telephone.
    `elsewhere`: the other one is in a call.
    """

    seat: str
    signed_in: bool
    paused: bool = False
    reason: str = ""
    device: int = 0
    browser: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Up:
    """The PBX is there. These calls live (ids of callers' legs), these seats are in the queue,
    these call-backs hold a place, and everything noted until now is in the journal."""

    calls: frozenset[str]
    seats: tuple[SeatSeen, ...]
    placed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Down:
    """The link to the PBX is lost."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class SeatRings:
    """A seat rings for a call (or no longer)."""

    seat: str
    call: str
    rings: bool


@dataclass(frozen=True, slots=True)
class SeatForwards:
    """A seat's phone did not ring but asked for the call to be sent elsewhere; it was not."""

    seat: str


@dataclass(frozen=True, slots=True)
class SeatTaken:
    """Another telephone registered as this seat while the one at `first` (a SIP address) was still there."""

    seat: str
    first: str


class ListenMode(StrEnum):
    """How a supervisor is on a call: unheard, heard by the agent alone, or heard by all."""

    LISTEN = "listen"
    WHISPER = "whisper"
    JOIN = "join"


@dataclass(frozen=True, slots=True)
class Consult:
    """A private talk to be begun. Legs are the PBX's own names for channels, as its notes gave them.

    `dial` is a number for the trunk, a sip: address, or a seat (then `seat` is true and no line is
    taken). `ring` and `hold` are seconds; `summary` are prompts that the target hears before it takes
    (1) or refuses (2) the call, none when it is put through at once.
    """

    caller_leg: str
    agent_leg: str
    target: str
    dial: str
    seat: bool = False
    ring: int = 20
    hold: int = 300
    summary: tuple[str, ...] = ()


PbxEvent = Up | Down | JournalEntry | SeatSeen | SeatRings | SeatForwards | SeatTaken
Listener = Callable[[PbxEvent], None]


class Pbx(Protocol):
    """Commands. Each raises PbxDown when the PBX does not answer; nothing is ever sent twice."""

    @property
    def ready(self) -> bool:
        """Is it there and in step?"""

    async def start(self, listener: Listener) -> None:
        """Begin to listen; `listener` gets every event, from the event loop."""

    async def close(self) -> None: ...

    async def take_calls(self, on: bool) -> None:
        """Let new calls come to the gateway, or leave them to the safety net."""

    async def sign_in(self, seat: str, agent: str, *, paused: str = "", browser: bool | None = None) -> None:
        """Put a seat into the queue, at once paused when a reason is given. Twice is once.

        `browser` names the phone; None keeps the one that is in the queue, else the SIP telephone.
        """

    async def sign_out(self, seat: str) -> None:
        """Take a seat out of the queue. Twice is once."""

    async def pause(self, seat: str, reason: str) -> bool:
        """Stop ringing a seat. False when it is not signed in."""

    async def make_ready(self, seat: str) -> bool:
        """Ring a seat again. False when it is not signed in."""

    async def place(self, owed: Callback) -> bool:
        """Give a call-back its place in the queue. False when that was not possible."""

    async def consult(self, wanted: Consult) -> bool:
        """The caller into music, the agent's leg to the target. False when a leg is gone; nobody moved."""

    async def join(self, agent_leg: str, target_leg: str) -> bool:
        """Agent, target and caller into one room. False when a leg is gone; nobody moved."""

    async def rejoin(self, agent_leg: str) -> bool:
        """End the dialling or the private talk: agent and caller together again."""

    async def hang_up(self, leg: str) -> bool:
        """End one leg. False when it had gone."""

    async def look_again(self, caller_leg: str) -> bool:
        """Let the queue look for a seat for a waiting caller now, and not at its next check, up to a second
        later. False when the leg is gone."""

    async def call_out(self, seat: str, number: str, item: str) -> bool:
        """Ring a seat, and from there dial a number on a line; the call bears the item's number."""

    async def listen(self, seat: str, call: str, agent_leg: str, mode: ListenMode) -> bool:
        """Ring a seat's phone and let it listen to an agent's leg."""

    async def tell_taken(self, seat: str, first: str) -> bool:
        """Ring the telephone that a seat had before, and tell it that it is the seat's no more."""

    async def send_fax(self, call: str, number: str, file: Path) -> bool:
        """Dial a number on a line and send a TIFF; notes under this call's id tell how it goes."""

    async def survey(self, call: str, number: str, item: str) -> bool:
        """Dial a number on a line, if lines enough are free, and let the flow `survey` ask who answers; notes
        under this call's id tell how it goes. The call bears the item's number."""

    async def duty_call(self, call: str, number: str, clips: tuple[str, ...]) -> bool:
        """Dial a number on a line and speak clips to whoever answers, who takes note by 1; notes under this
        call's id tell how it goes."""

    async def take_back(self, call: str) -> bool:
        """Take the place of this call away again. False when there was none any more (an agent has it)."""
