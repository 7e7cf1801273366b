"""What the search takes and gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState
from gateway.web.api.list_models import RowShown
from gateway.web.http.fields import ChannelId, Choice, Day, ItemNumberOrEmpty, Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel


class SearchAsked(RequestModel):
    """What is looked for, among which items, received when. Without `q` all items of the period."""

    q: Annotated[str, Text(100)] = Field(
        default="",
        description="编号、平台编号、电话、姓名、单位或内容 / "
        "number, platform's number, telephone, name, firm or text",
    )
    kind: Choice[Kind] | None = Field(default=None, description="类别 / kind")
    state: Choice[ItemState] | None = Field(default=None, description="状态 / state")
    channel: ChannelId | None = Field(default=None, description="渠道 / channel")
    from_: Day | None = Field(
        default=None, description="收到日期自 / received on this day or later", alias="from"
    )
    to: Day | None = Field(default=None, description="收到日期至 / received on this day or earlier")
    after: ItemNumberOrEmpty = Field(default="", description="上一页的 next / `next` of the page before")
    limit: Annotated[int, Whole(1, 200)] = Field(default=50, description="件数 / how many")


class SearchPage(AnswerModel):
    """Items, the newest first. A page may have fewer than were asked for although `next` is there: go on.
    `complete` is false while older items are still being put into the index."""

    items: tuple[RowShown, ...]
    next: str | None
    complete: bool
