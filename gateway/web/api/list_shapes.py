"""What the lists of the desk take and give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from gateway.core.item import lists
from gateway.core.item.contact import Channel, Kind
from gateway.core.item.item import ItemState
from gateway.core.item.lists import Level, Sort, Tab
from gateway.web.http.shape import Rule

LIMIT = Rule("件数", "how many", least=1, most=200)


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """Which rows of a list."""

    tab: Annotated[Tab, Rule("列表", "which list")]
    sort: Annotated[
        Sort, Rule("排序：clock 先到期，age 先收到", "clock: whose clock ends first; age: who came first")
    ] = Sort.CLOCK
    state: Annotated[ItemState | None, Rule("状态", "state")] = None
    channel: Annotated[Channel | None, Rule("渠道", "channel")] = None
    kind: Annotated[Kind | None, Rule("类别", "kind")] = None
    county: Annotated[str | None, Rule("区县", "county", longest=40)] = None
    after: Annotated[
        str,
        Rule(
            *("上一页的 next", "`next` of the page before"),
            pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2},[0-9]{1,15},[0-9]{12}|[0-9]{1,15},[0-9]{12}",
            words=("上一页给出的 next", "is the `next` of the page before"),
            longest=50,
        ),
    ] = ""
    limit: Annotated[int, LIMIT] = 50


@dataclass(frozen=True, slots=True)
class RowClock:
    """The next clock of an item: the event that ends it, its last day, what is left in words."""

    event: str
    at: date
    words: str
    words_en: str
    level: Level


@dataclass(frozen=True, slots=True)
class RowHolder:
    """Who has the item: an account or a token, and the name to show."""

    account: str
    name: str


@dataclass(frozen=True, slots=True)
class RowShown:
    """One item in a list. `name` is null where the identity is sealed, `due` where no clock runs;
    `additions` counts those that nobody has read."""

    number: str
    kind: Kind
    channel: Channel
    state: ItemState
    name: str | None
    respondent_name: str
    summary: str
    received_at: datetime
    changed_at: datetime
    due: RowClock | None
    holder: RowHolder | None
    additions: int
    platform_number: str


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Rows; `next` is what `after` must be for those that follow."""

    items: tuple[RowShown, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class TabCounts:
    """How many items each list has."""

    waiting: int
    mine: int
    to_answer: int
    papers: int
    handed_over: int
    added: int
    overdue: int
    closed_today: int


def row(one: lists.ListRow, today: date) -> RowShown:
    return RowShown(
        *(one.number, one.kind, one.channel, one.state, one.name, one.respondent_name, one.summary),
        *(one.received_at, one.changed_at, _clock(one.clock, today)),
        RowHolder(one.holder, one.holder_name) if one.holder else None,
        *(one.additions, one.platform_number),
    )


def _clock(clock: lists.Clock | None, today: date) -> RowClock | None:
    if clock is None:
        return None
    words = lists.clock_words(clock.at, today)
    return RowClock(clock.event, clock.at, *words, lists.level(clock.at, today))
