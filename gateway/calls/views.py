"""What pages and the API show of live calls. Views are made anew at each look and hold no state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.core.call.record import Callback, CallRecord
from gateway.core.call.seat import SeatState
from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState


class LineState(StrEnum):
    """What a line of the trunk is at."""

    FREE = "free"
    RINGING = "ringing"
    MENU = "menu"
    QUEUE = "queue"
    TALK = "talk"
    HOLD = "hold"
    THREE_WAY = "three_way"
    PARTNER = "partner"
    MESSAGE = "message"
    FAX = "fax"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class CallView:
    """A call that goes on, as an agent sees it: `number` is whom it is with, `path` is in words.

    `agents` are those who had it; `back` is the call-back that it is made for.
    """

    record: CallRecord
    kind: Kind
    number: str
    path: tuple[str, ...]
    agents: frozenset[str]
    back: Callback | None = None


@dataclass(slots=True)
class Counts:
    """What happened since the start, for /metrics: calls by outcome, notes of the dialplan, times in which
    the PBX was out of sight."""

    calls: dict[str, int] = field(default_factory=dict)
    notes: int = 0
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class LineView:
    """One line, from 1; a free one has no call."""

    line: int
    state: LineState
    call_id: str = ""
    caller: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class AgentView:
    """One seat of gateway.toml and who sits there; `browser` and `reachable` are its phone's."""

    id: str
    name: str
    seat: str
    state: SeatState
    reason: str = ""
    since: datetime | None = None
    call_id: str = ""
    browser: bool = False
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class WaitingView:
    """One caller in the queue."""

    call_id: str
    caller: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PartHealth:
    """Whether a part answers. `detail` has no personal data: anybody may read it."""

    ok: bool
    detail: str = ""
    vital: bool = True  # not ok means "down"; else only "degraded"


@dataclass(frozen=True, slots=True)
class BoardCounts:
    """Since the start: calls that ended, by outcome, and times in which the PBX was out of sight."""

    calls: Mapping[str, int]
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class ItemCount:
    """How many items stand in one state and came by one channel."""

    state: ItemState
    channel: str
    count: int
