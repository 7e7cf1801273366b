"""What the lists of the desk take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from gateway.core.item import lists
from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState
from gateway.core.item.lists import Level, Sort, Tab
from gateway.web.http.fields import ChannelId, Choice, Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel

_AFTER = r"[0-9]{4}-[0-9]{2}-[0-9]{2},[0-9]{1,15},[0-9]{12}|[0-9]{1,15},[0-9]{12}"
_AFTER_WORDS = ("上一页给出的 next", "is the `next` of the page before")


class RowsAsked(RequestModel):
    """Which rows of a list."""

    tab: Choice[Tab] = Field(description="列表 / which list")
    sort: Choice[Sort] = Field(
        default=Sort.CLOCK,
        description="排序：clock 先到期，age 先收到 / clock: whose clock ends first; age: who came first",
    )
    holder: Annotated[str, Text(64)] = Field(
        default="",
        description="值班长查看某人的 mine 列表 / whose list `mine` is; supervisors and administrators alone",
    )
    state: Choice[ItemState] | None = Field(default=None, description="状态 / state")
    channel: ChannelId | None = Field(default=None, description="渠道 / channel")
    kind: Choice[Kind] | None = Field(default=None, description="类别 / kind")
    county: Annotated[str, Text(40)] | None = Field(default=None, description="区县 / county")
    after: Annotated[str, Text(50, pattern=_AFTER, words=_AFTER_WORDS)] = Field(
        default="", description="上一页的 next / `next` of the page before"
    )
    limit: Annotated[int, Whole(1, 200)] = Field(default=50, description="件数 / how many")


class RowClock(AnswerModel):
    """The next clock of an item: the event that ends it, its last day, what is left in words."""

    event: str
    at: date
    words: str
    words_en: str
    level: Level


class RowHolder(AnswerModel):
    """Who has the item: an account or a token, and the name to show."""

    account: str
    name: str


class RowShown(AnswerModel):
    """One item in a list. `name` is null where the identity is sealed, `due` where no clock runs;
    `additions` counts those that nobody has read."""

    number: str
    kind: Kind
    channel: ChannelId
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


class RowsPage(AnswerModel):
    """Rows; `next` is what `after` must be for those that follow."""

    items: tuple[RowShown, ...]
    next: str | None


class HolderShown(AnswerModel):
    """Somebody who holds items, and how many stand in his list."""

    account: str
    name: str
    count: int


class HoldersShown(AnswerModel):
    """Who holds items now, who has most first."""

    items: tuple[HolderShown, ...]


class ReassignBody(RequestModel):
    """Who is to have an item, and why."""

    to: Annotated[str, Text(64)] = Field(
        default="", description="接办人账号，留空为退回待办 / the account; empty: back to the queue"
    )
    reason: Annotated[str, Text(500, shortest=1, lines=True)] = Field(description="原因 / why")


class TabCounts(AnswerModel):
    """How many items each list has."""

    waiting: int
    mine: int
    to_answer: int
    papers: int
    handed_over: int
    added: int
    overdue: int
    closed_today: int


def row(item: lists.ListRow, today: date) -> RowShown:
    return RowShown(
        number=item.number,
        kind=item.kind,
        channel=item.channel,
        state=item.state,
        name=item.name,
        respondent_name=item.respondent_name,
        summary=item.summary,
        received_at=item.received_at,
        changed_at=item.changed_at,
        due=_clock(item.clock, today),
        holder=RowHolder(account=item.holder, name=item.holder_name) if item.holder else None,
        additions=item.additions,
        platform_number=item.platform_number,
    )


def _clock(clock: lists.Clock | None, today: date) -> RowClock | None:
    if clock is None:
        return None
    words, words_en = lists.clock_words(clock.at, today)
    level = lists.level(clock.at, today)
    return RowClock(event=clock.event, at=clock.at, words=words, words_en=words_en, level=level)
