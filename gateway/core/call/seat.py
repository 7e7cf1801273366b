"""Seats and their states, the order of service, which call-backs hold a place in the queue.

Pure. Asterisk's queue does the ringing; this module interprets its facts and decides what to ask of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gateway.core.call.record import Callback, CallbackState

WRAP_UP = "wrap-up"
NO_PHONE = "phone"  # paused by itself: its phone is not there
FORWARDS = "forward"  # paused by itself: its phone sends callers elsewhere (SIP 302)
OTHER_PHONE = "other-phone"  # paused by itself: the seat's phone that is not in the queue is in a call
TAKEN = "taken"  # paused by itself: another telephone registered as this seat
NO_ANSWER = "Auto-Pause"  # Asterisk's own word for a seat that did not answer
_ROUND = 2_000_000_000  # tenths of a second: six years, then the order starts anew
_RINGING, _IN_USE = (6,), (2, 3, 7, 8)
_UNREACHABLE = (4, 5)


class SeatState(StrEnum):
    """What a seat is at, from the facts that Asterisk tells."""

    OFFLINE = "offline"
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat. `device` is Asterisk's device state (1 idle, 2 in use, 5 unreachable, 6 ringing).

    `call` is the caller it rings for or talks to; `since` is when its state last changed. `browser`
    tells that its phone is the page in a browser. `on_call`: a leg of a call is up at one of its phones,
    which is so after signing out too, and for a colleague who is asked into a call. `elsewhere`: the phone
    of the seat that is not in the queue is in a call.
    """

    agent: str
    seat: str
    name: str = ""
    signed_in: bool = False
    paused: bool = False
    reason: str = ""
    device: int = 0
    call: str = ""
    since: datetime | None = None
    browser: bool = False
    on_call: bool = False
    elsewhere: bool = False

    @property
    def state(self) -> SeatState:
        if self.on_call:
            return SeatState.TALKING
        if not self.signed_in:
            return SeatState.OFFLINE
        if self.device in _IN_USE:
            return SeatState.TALKING
        if self.paused:
            return SeatState.WRAP_UP if self.reason == WRAP_UP else SeatState.PAUSED
        return SeatState.RINGING if self.device in _RINGING else SeatState.READY

    @property
    def why(self) -> str:
        """The reason of a pause; "" in every other state."""
        return self.reason if self.state in (SeatState.PAUSED, SeatState.WRAP_UP) else ""

    @property
    def reachable(self) -> bool:
        """Is its phone registered?"""
        return self.device not in _UNREACHABLE

    @property
    def free(self) -> bool:
        """Could it ring now?"""
        return self.state is SeatState.READY and self.reachable and not self.elsewhere


def in_call(device: int) -> bool:
    """Does this device state say that the phone is in a call (in use, busy or on hold)?"""
    return device in _IN_USE


def changed(seat: Seat, at: datetime, **facts: object) -> Seat:
    """The seat with new facts; `since` moves only when its state does."""
    after = replace(seat, **facts)  # type: ignore[arg-type]  # the caller names fields of Seat
    moved = after.state is not seat.state or after.why != seat.why
    return replace(after, since=at) if moved else after


def priority(arrived_at: datetime) -> int:
    """Asterisk's QUEUE_PRIO for whoever came at that moment: the earlier, the higher.

    extensions.conf works it out in the same way for a caller; so a call-back stands among the
    callers where its caller stood.
    """
    return _ROUND - int(arrived_at.timestamp() * 10) % _ROUND


@dataclass(frozen=True, slots=True)
class Places:
    """Which call-backs get a place in the queue, and which give theirs up for now."""

    give: tuple[Callback, ...] = ()
    take: tuple[Callback, ...] = ()


def places(owed: Sequence[Callback], free_lines: int, needed: int, live: Collection[str]) -> Places:
    """Give places to the earliest while lines are free to dial them; the latest step back first.

    `needed` lines must be free for one call-back; `live` are the calls still going on: a caller
    who has just booked is still on his line.
    """
    most = max(0, free_lines - needed + 1)
    due = sorted(
        (o for o in owed if o.state in (CallbackState.PENDING, CallbackState.PLACED)),
        key=lambda o: (o.arrived_at, o.id),
    )
    ready = [o for o in due if o.call_id not in live]
    held = {o.id for o in ready[:most]}
    return Places(
        give=tuple(o for o in ready if o.id in held and o.state is CallbackState.PENDING),
        take=tuple(o for o in due if o.id not in held and o.state is CallbackState.PLACED),
    )
