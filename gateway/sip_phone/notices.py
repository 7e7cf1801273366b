"""What the signalling tells a Call: Ringing, Sound (where our sound goes from now on), Answered, Ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gateway.sip_phone.sdp import Media


class Side(StrEnum):
    """Who ended a call."""

    US = "us"
    THEM = "them"


class State(StrEnum):
    """How far a call is. LEAVING: ended by us, the other end's word is still out."""

    CALLING = "calling"
    ANSWERED = "answered"
    LEAVING = "leaving"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Ringing:
    """A provisional answer (180, 183 ...) came in."""

    status: int


@dataclass(frozen=True, slots=True)
class Sound:
    """From now on sound goes to `media` in `codec`."""

    media: Media
    codec: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is up."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over. `status` is the INVITE's final status: 200 when the call had been answered."""

    status: int
    reason: str
    by: Side


Notice = Ringing | Sound | Answered | Ended
Tell = Callable[[Notice], None]
