"""What the API takes and gives about a call at an agent's desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.core.call import draft
from gateway.core.call.record import CallbackState
from gateway.core.item.contact import Kind, Task
from gateway.core.item.item import ItemState
from gateway.web.api.intake_models import DECLINED, Declined, NewContact, ReceiptGiven
from gateway.web.api.phone_models import CallShown
from gateway.web.http.fields import ChannelId, Flag, ItemNumber, Listed, Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel


class ItemBrief(AnswerModel):
    """An earlier item of the same number, enough to recognise it."""

    number: str
    channel: ChannelId
    kind: Kind
    task: Task
    state: ItemState
    received_at: datetime
    name: str
    respondent_name: str
    content: str


class OwedShown(AnswerModel):
    """A call-back to this number. `attempts` calls did not reach the customer; `due_at` is when the next
    may be made, null at once."""

    id: str
    phone: str
    booked_at: datetime
    state: CallbackState
    number: str | None
    attempts: int
    due_at: datetime | None


class BackShown(AnswerModel):
    """The call-back that a call is made for: whose item it is, when it was asked for, which try this is."""

    id: str
    number: str | None
    booked_at: datetime
    attempt: int


class DraftShown(AnswerModel):
    """A call's draft. `text` is what the page gave; `version` is wanted with the next save."""

    call_id: str
    version: int
    text: str
    at: datetime


class PopShown(AnswerModel):
    """A call before it is answered: who, on which line, by which keys, and what came from him before.

    `number` is whom it is with; `place` is where that number belongs, "" where that is not known; `back` is
    set for a call-back.
    """

    call: CallShown
    number: str
    place: str
    kind: Kind
    path: tuple[str, ...]
    calls: tuple[CallShown, ...]
    items: tuple[ItemBrief, ...]
    owed: tuple[OwedShown, ...]
    draft: DraftShown
    back: BackShown | None


class DraftBody(RequestModel):
    """What was typed so far, and the version it was typed upon."""

    version: Annotated[int, Whole(least=0)] = Field(
        description="所依据的版本 / the version this was typed upon"
    )
    text: Annotated[str, Text(draft.LONGEST, lines=True)] = Field(
        default="", description="草稿内容 / the draft"
    )


class DraftsOwn(AnswerModel):
    """What the asker began and has not made items of."""

    items: tuple[DraftShown, ...]


class CallItem(NewContact):
    """One item of a call, as the agent writes it down."""

    declined: Declined = Field(default=(), description=DECLINED)


class ItemsBody(RequestModel):
    """The items of a call; the first is the call's own. `close` ends them at once, with that word. `more`, a
    word made up by the page, makes other items of the same call, once for each word."""

    items: Annotated[tuple[CallItem, ...], Listed(4)] = Field(description="事项 / the items")
    close: Annotated[str, Text(2000)] | None = Field(
        default=None, description="当场办结的说明 / a word to close them with"
    )
    more: Annotated[str, Text(40, pattern="[0-9a-z-]*")] = Field(
        default="", description="同一来电的另一件 / names another item of this call"
    )


class AdditionBody(RequestModel):
    """What the caller tells about an item that was there before."""

    number: ItemNumber = Field(description="事项编号 / the item's number")
    text: Annotated[str, Text(2000, shortest=1, lines=True)] = Field(description="补充的内容 / what is added")


class ItemsMade(AnswerModel):
    """The receipts, in the order of the items."""

    items: tuple[ReceiptGiven, ...]


class SeatPhoneBody(RequestModel):
    """A page wants to be the seat's phone. `page` is a word of its own; `take` takes it from another page,
    `cut` also while that page is in a call, which is broken then."""

    page: Annotated[str, Text(64, shortest=8, pattern="[0-9a-zA-Z-]+")] = Field(
        description="页面标识 / the page"
    )
    take: Flag = Field(default=False, description="从另一页面接管 / take it over from another page")
    cut: Flag = Field(default=False, description="通话中也接管 / also while that page is in a call")


class SeatPhoneHolder(AnswerModel):
    """The page that is the asker's phone now. `page` is null when none is; `since` is when it became so,
    `program` its browser, `in_call` whether a call rings or goes on there."""

    page: str | None
    since: datetime | None
    program: str
    in_call: bool


class SeatPhoneShown(AnswerModel):
    """What the page needs to be the seat's phone."""

    seat: str
    user: str
    auth: str
    password: str
