"""The lists of the desk: which items each tab has, and what a row of a list shows. Pure.

A tab is data, a few `Part`s: storage makes conditions of them, the wallboard counts by the same, and
`belongs` answers for one item in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from gateway.core.item.contact import Channel, Kind
from gateway.core.item.item import ItemState
from gateway.core.item.states import QUEUED, TERMINAL
from gateway.core.statistics import SOON

NO_CLOCK = "9999-12-31"
"""Stands as the day of the next clock of an item of which none runs."""
SUMMARY = 80
"""Characters of the content that a row shows."""


class Tab(StrEnum):
    """The lists of the desk. Values are words of the API and of addresses."""

    WAITING = "waiting"
    MINE = "mine"
    TO_ANSWER = "to_answer"
    PAPERS = "papers"
    HANDED_OVER = "handed_over"
    ADDED = "added"
    OVERDUE = "overdue"
    CLOSED_TODAY = "closed_today"


class Sort(StrEnum):
    """`clock`: whose next clock ends first; `age`: who came first."""

    CLOCK = "clock"
    AGE = "age"


class Hold(StrEnum):
    """Who has the item. FREE: nobody, or a lease that is over. MINE: whoever asks took it last.
    MINE_NOW: and his lease still lives."""

    FREE = "free"
    MINE = "mine"
    MINE_NOW = "mine_now"


@dataclass(frozen=True, slots=True)
class Part:
    """Items that are all of this. `states` empty = any; `added`: is there an addition nobody has read?
    `untold`: a notice to the person is still to be given by hand, or did not get through. `mentioned`: did a
    colleague name whoever asks in a note that he has not seen?"""

    states: frozenset[ItemState] = frozenset()
    hold: Hold | None = None
    added: bool | None = None
    overdue: bool = False
    closed_today: bool = False
    untold: bool = False
    mentioned: bool | None = None


S = ItemState
WORKED_ON = frozenset(S) - TERMINAL - QUEUED
DECIDED = frozenset({S.ACCEPTED, S.NOT_ACCEPTED})

TABS: Mapping[Tab, tuple[Part, ...]] = MappingProxyType(
    {
        Tab.WAITING: (Part(QUEUED, Hold.FREE),),
        Tab.MINE: (
            Part(QUEUED, Hold.MINE_NOW, mentioned=False),
            Part(WORKED_ON, Hold.MINE, mentioned=False),
            Part(mentioned=True),
        ),
        # Decided and not yet told; where the papers that were waited for may have come; and where a notice
        # wants somebody.
        Tab.TO_ANSWER: (
            Part(DECIDED),
            Part(frozenset({S.WAITING}), added=True),
            Part(frozenset({S.WAITING}), added=False, untold=True),
            Part(frozenset(S) - DECIDED - {S.WAITING}, untold=True),
        ),
        Tab.PAPERS: (Part(frozenset({S.WAITING}), added=False),),
        Tab.HANDED_OVER: (Part(frozenset({S.HANDED_OVER})),),
        Tab.ADDED: (Part(added=True),),
        Tab.OVERDUE: (Part(overdue=True),),
        Tab.CLOSED_TODAY: (Part(frozenset({S.CLOSED}), closed_today=True),),
    }
)
"""An item is in a tab when one of its parts fits; no item fits two parts of one tab."""

TAB_NAMES: Mapping[Tab, tuple[str, str]] = MappingProxyType(
    {
        Tab.WAITING: ("待领取", "to take"),
        Tab.MINE: ("我的", "mine"),
        Tab.TO_ANSWER: ("待答复", "to answer"),
        Tab.PAPERS: ("等待材料", "waiting for papers"),
        Tab.HANDED_OVER: ("已转交", "handed over"),
        Tab.ADDED: ("有补充", "added to"),
        Tab.OVERDUE: ("已逾期", "overdue"),
        Tab.CLOSED_TODAY: ("今日办结", "closed today"),
    }
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one item what tells its tabs. `next_due` is the first day on which a clock that runs ends.
    `mentioned` is of whoever asks."""

    state: ItemState
    holder: str = ""
    lease_until: datetime | None = None
    added: bool = False
    next_due: date | None = None
    closed_on: date | None = None
    untold: bool = False
    mentioned: bool = False


def belongs(tab: Tab, item: Facts, who: str, now: datetime, today: date) -> bool:
    """Is the item in this tab of `who`?"""
    return any(_fits(part, item, who, now, today) for part in TABS[tab])


def _fits(part: Part, item: Facts, who: str, now: datetime, today: date) -> bool:
    return (
        (not part.states or item.state in part.states)
        and _held(part.hold, item, who, now)
        and part.added in (None, item.added)
        and not (part.overdue and (item.next_due is None or item.next_due >= today))
        and not (part.closed_today and item.closed_on != today)
        and (item.untold or not part.untold)
        and part.mentioned in (None, item.mentioned)
    )


def _held(hold: Hold | None, item: Facts, who: str, now: datetime) -> bool:
    alive = bool(item.holder) and item.lease_until is not None and item.lease_until > now
    match hold:
        case Hold.FREE:
            return not alive
        case Hold.MINE:
            return item.holder == who
        case Hold.MINE_NOW:
            return alive and item.holder == who
        case _:
            return True


# ------------------------------------------------------------------ rows


class Level(StrEnum):
    """How near the end of a clock is."""

    OK = "ok"
    SOON = "soon"
    TODAY = "today"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Clock:
    """The next clock of an item: the event that ends it, its last day."""

    event: str
    at: date


def level(at: date, today: date) -> Level:
    """Soon is within two days, as on the wallboard."""
    if at < today:
        return Level.LATE
    if at == today:
        return Level.TODAY
    return Level.SOON if at <= today + SOON else Level.OK


def clock_words(at: date, today: date) -> tuple[str, str]:
    """The time that is left, in words, Chinese and English."""
    days = (at - today).days
    if days < 0:
        return f"已逾期{-days}天", f"{-days} d overdue"
    if days == 0:
        return "今天到期", "due today"
    return (f"{days}天后到期", f"due in {days} d") if days > 1 else ("明天到期", "due tomorrow")


def summary(content: str) -> str:
    """The beginning of what was said, on one line."""
    return " ".join(content[: 4 * SUMMARY].split())[:SUMMARY]


@dataclass(frozen=True, slots=True)
class ListRow:
    """One item in a list. `name` is None where the identity is sealed; `holder` is an account or token.

    `additions` counts those that nobody has read.
    """

    number: str
    kind: Kind
    channel: Channel
    state: ItemState
    name: str | None
    respondent_name: str
    summary: str
    received_at: datetime
    changed_at: datetime
    clock: Clock | None
    holder: str
    holder_name: str
    additions: int
    platform_number: str


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What of a list is wanted. `after` is the place of the last row seen, as `place` gives it.

    `day_began` is the centre's midnight.
    """

    tab: Tab
    who: str
    now: datetime
    today: date
    day_began: datetime
    sort: Sort = Sort.CLOCK
    state: ItemState | None = None
    channel: Channel | None = None
    kind: Kind | None = None
    county: str | None = None
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ListPage:
    """Rows, and what `after` must be for those that follow; "" at the end."""

    rows: tuple[ListRow, ...]
    next: str
