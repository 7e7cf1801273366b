"""What the API takes and gives about a call at an agent's desk, as shapes.py does for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from gateway.core.call import draft
from gateway.core.call.record import CallbackState
from gateway.core.item.contact import Channel, Kind, Task
from gateway.core.item.item import ItemState
from gateway.web.api.shapes import CallShown, Declined, NewContact, ReceiptGiven
from gateway.web.http.shape import Rule


@dataclass(frozen=True, slots=True)
class ItemBrief:
    """An earlier item of the same number, enough to recognise it."""

    number: str
    channel: Channel
    kind: Kind
    task: Task
    state: ItemState
    received_at: datetime
    name: str
    respondent_name: str
    content: str


@dataclass(frozen=True, slots=True)
class OwedShown:
    """A call that this number is owed. `attempts` calls did not reach the customer; `due_at` is when the next
    may be made, null at once."""

    id: str
    phone: str
    booked_at: datetime
    state: CallbackState
    number: str | None
    attempts: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class BackShown:
    """The owed call that a call is made for: whose item it is, when it was asked for, which try this is."""

    id: str
    number: str | None
    booked_at: datetime
    attempt: int


@dataclass(frozen=True, slots=True)
class DraftShown:
    """A call's draft. `text` is what the page gave; `version` is wanted with the next save."""

    call_id: str
    version: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PopShown:
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


@dataclass(frozen=True, slots=True)
class DraftWish:
    """What was typed so far, and the version it was typed upon."""

    version: Annotated[int, Rule("所依据的版本", "the version this was typed upon", least=0)]
    text: Annotated[str, Rule("草稿内容", "the draft", longest=draft.LONGEST, lines=True)] = ""


@dataclass(frozen=True, slots=True)
class DraftsOwn:
    """What the asker began and has not made items of."""

    items: tuple[DraftShown, ...]


@dataclass(frozen=True, slots=True)
class CallItem(NewContact):
    """One item of a call, as the agent writes it down."""

    declined: Declined = ()


@dataclass(frozen=True, slots=True)
class ItemsWish:
    """The items of a call; the first is the call's own. `close` ends them at once, with that word."""

    items: Annotated[tuple[CallItem, ...], Rule("事项", "the items", entries=4)]
    close: Annotated[str | None, Rule("当场办结的说明", "a word to close them with", longest=2000)] = None


@dataclass(frozen=True, slots=True)
class ItemsMade:
    """The receipts, in the order of the items."""

    items: tuple[ReceiptGiven, ...]


@dataclass(frozen=True, slots=True)
class SeatPhoneWish:
    """A page wants to be the seat's phone. `page` is a word of its own; `take` takes it from another page,
    `cut` also while that page is in a call, which is broken then."""

    page: Annotated[str, Rule("页面标识", "the page", shortest=8, longest=64, pattern=r"[0-9a-zA-Z-]+")]
    take: Annotated[bool, Rule("从另一页面接管", "take it over from another page")] = False
    cut: Annotated[bool, Rule("通话中也接管", "also while that page is in a call")] = False


@dataclass(frozen=True, slots=True)
class SeatPhoneHolder:
    """The page that is the asker's phone now. `page` is null when none is; `since` is when it became so,
    `program` its browser, `in_call` whether a call rings or goes on there."""

    page: str | None
    since: datetime | None
    program: str
    in_call: bool


@dataclass(frozen=True, slots=True)
class SeatPhoneShown:
    """What the page needs to be the seat's phone."""

    seat: str
    user: str
    auth: str
    password: str
