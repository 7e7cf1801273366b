"""Items of the queue as the API takes and gives them, for queue.py."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from gateway.core.item.contact import Kind, Task
from gateway.core.item.item import ItemState
from gateway.web.api.intake_models import DECLINED, Declined, DueDay, NewContact
from gateway.web.api.told_models import NoticeShown
from gateway.web.http.fields import (
    ChannelId,
    Choice,
    Day,
    Flag,
    ItemNumber,
    ItemNumberOrEmpty,
    Listed,
    Text,
    Whole,
    Yuan,
)
from gateway.web.http.models import AnswerModel, RequestModel


class WriteUp(NewContact):
    """What an agent writes into an item. Members that are not given stay as they are."""

    blank: Annotated[tuple[Annotated[str, Text(40)], ...], Listed(20)] = Field(
        default=(), description="要清空的字段名 / names of members to be emptied"
    )
    declined: Declined = Field(default=(), description=DECLINED)
    version: Annotated[str, Text(16, pattern="[0-9a-f]*")] = Field(
        default="",
        description="修改所依据的版本；登记内容已有改动的为 409"
        " / the version it was made from: 409 when the item says something else by now",
    )


class QueueAsked(RequestModel):
    """Which items; without a word all of them, in order of arrival."""

    state: Choice[ItemState] | None = Field(default=None, description="状态 / state")
    channel: ChannelId | None = Field(default=None, description="渠道 / channel")
    kind: Choice[Kind] | None = Field(default=None, description="类别 / kind")
    task: Choice[Task] | None = Field(default=None, description="待办 / what is owed")
    county: Annotated[str, Text(40)] | None = Field(default=None, description="区县 / county")
    older_than: Annotated[int, Whole(0, 100_000)] | None = Field(
        default=None, description="收到至少多少小时 / received at least so many hours ago"
    )
    overdue: Flag = Field(default=False, description="仅已逾期 / only those of which a clock has run out")
    due_before: Day | None = Field(
        default=None, description="期限早于该日 / a clock that still runs ends before this day"
    )
    provisional: Flag = Field(default=False, description="仅期限暂定 / only those with a provisional clock")
    has_addition: Flag = Field(
        default=False,
        description="仅有未读补充（任何状态） / only those with an addition nobody has read, in any state",
    )
    after: ItemNumberOrEmpty = Field(
        default="", description="上一页最后一件的编号 / number of the last item seen"
    )
    limit: Annotated[int, Whole(1, 200)] = Field(default=50, description="件数 / how many")


class PersonShown(AnswerModel):
    """Who turned to us; empty where nothing was given."""

    name: str
    phone: str
    email: str
    address: str
    id_type: str
    id_number: str


class RespondentShown(AnswerModel):
    """Whom it is about."""

    name: str
    address: str
    phone: str


class AttachmentShown(AnswerModel):
    """One stored file; `role` is evidence, quarantined, unchecked, recording, message or raw."""

    sha256: str
    name: str
    media_type: str
    role: str
    size: int


class ItemShown(AnswerModel):
    """One item of the queue. `holder` and `lease_until` stand while somebody works on it.

    `withheld`: who reported it is known and kept secret (保密); `person` is empty then, and
    /identity tells whoever has the right and a reason. `has_addition`: something was added, in
    whatever state it is, that nobody has read yet. `declined` names fields that the person did not want
    to tell.
    """

    number: str
    channel: ChannelId
    kind: Kind
    task: Task
    state: ItemState
    received_at: datetime
    person: PersonShown
    withheld: bool
    respondent: RespondentShown
    content: str
    claims: tuple[str, ...]
    amount: Yuan | None
    occurred_on: date | None
    county: str
    problem: str
    subject: str
    anonymous: bool
    publish_consent: bool | None
    mediation_consent: bool | None
    due: tuple[DueDay, ...]
    holder: str | None
    lease_until: datetime | None
    call_id: str
    merged_into: str | None
    has_addition: bool
    declined: tuple[str, ...]
    attachments: tuple[AttachmentShown, ...]


class QueuePage(AnswerModel):
    """Items in order of arrival; `next` is what `after` must be for the page that follows."""

    items: tuple[ItemShown, ...]
    next: str | None


class HappenedShown(AnswerModel):
    """One entry of a timeline; `what` in words beside it."""

    at: datetime
    what: str
    what_zh: str
    what_en: str
    who: str
    text: str


class LastAct(AnswerModel):
    """What led to the state that the item is in. Whoever did it may undo it until `undo_until`;
    `retractable`: it may be taken back later with a reason."""

    event: str
    event_zh: str
    event_en: str
    who: str
    at: datetime
    undo_until: datetime
    retractable: bool


class ItemWhole(ItemShown):
    """An item with its past, what the person was told, and what may be done to it now.
    `closing_needs_reason`: it is neither decided nor answered yet."""

    timeline: tuple[HappenedShown, ...]
    notices: tuple[NoticeShown, ...]
    allowed: tuple[str, ...]
    version: str
    closing_needs_reason: bool
    last_act: LastAct | None


class ClaimBody(RequestModel):
    """Which items are wanted; an empty body takes the next of any sort."""

    kind: Choice[Kind] | None = Field(default=None, description="类别 / kind")
    channel: ChannelId | None = Field(default=None, description="渠道 / channel")
    task: Choice[Task] | None = Field(default=None, description="待办 / what is owed")
    county: Annotated[str, Text(40)] | None = Field(default=None, description="区县 / county")
    older_than: Annotated[int, Whole(0, 100_000)] | None = Field(
        default=None, description="收到至少多少小时 / received at least so many hours ago"
    )
    due_before: Day | None = Field(
        default=None, description="期限早于该日 / a clock that still runs ends before this day"
    )
    number: ItemNumberOrEmpty | None = Field(default=None, description="指定编号 / this very item")


class Word(RequestModel):
    """A word for the timeline; may be left out."""

    text: Annotated[str, Text(2000, lines=True)] = Field(default="", description="说明 / a word")


class MergeBody(RequestModel):
    """The item that this one becomes part of."""

    into: ItemNumber = Field(description="并入的编号 / number of the other item")
    new_facts: Flag = Field(
        default=False,
        description="举报人补充了新的事实，处理期限重新计算（第三十五条） / a report with new facts of"
        " the same reporter: the period of the other one starts anew from it (Article 35)",
    )
    text: Annotated[str, Text(2000, lines=True)] = Field(default="", description="说明 / a word")
