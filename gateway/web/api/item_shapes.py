"""What the API takes and gives about an agent's work on one item, as shapes.py does for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from gateway.core.item.contact import Channel
from gateway.web.http.shape import Rule


@dataclass(frozen=True, slots=True)
class FieldChanged:
    """One member before and after; "" is nothing. `withheld`: not shown, it tells who a reporter is."""

    field: str
    before: str
    after: str
    withheld: bool


@dataclass(frozen=True, slots=True)
class RevisionShown:
    """One change of what the item says. Of a follow_up "after" is what was said beside the item."""

    at: datetime
    who: str
    what: str
    what_zh: str
    what_en: str
    fields: tuple[FieldChanged, ...]


@dataclass(frozen=True, slots=True)
class RevisionsGiven:
    """Every earlier version, the oldest first."""

    items: tuple[RevisionShown, ...]


@dataclass(frozen=True, slots=True)
class NoteWish:
    """A note for colleagues; whoever is named in it by @ is told."""

    text: Annotated[
        str,
        Rule("备注，可用 @姓名 提醒同事", "a note; @name tells a colleague", 2000, shortest=1, lines=True),
    ]


@dataclass(frozen=True, slots=True)
class FilesWish:
    """A word beside the files that are added; the files are the parts named `evidence`."""

    text: Annotated[str, Rule("说明", "a word", longest=500, lines=True)] = ""


@dataclass(frozen=True, slots=True)
class RetractionWish:
    """Why a decision or closing is taken back."""

    reason: Annotated[str, Rule("撤回原因", "why it is taken back", longest=2000, shortest=1, lines=True)]


@dataclass(frozen=True, slots=True)
class ColleagueShown:
    """Somebody who works on items."""

    account: str
    name: str


@dataclass(frozen=True, slots=True)
class ColleaguesGiven:
    """Who can be named in a note."""

    items: tuple[ColleagueShown, ...]


@dataclass(frozen=True, slots=True)
class MentionShown:
    """A note of an item that names the asker."""

    number: str
    by: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class MentionsGiven:
    """Where the asker is named and has not looked yet, the newest first."""

    items: tuple[MentionShown, ...]


@dataclass(frozen=True, slots=True)
class CodeGiven:
    """The query code of an item, to be read to the person."""

    number: str
    query_code: str


@dataclass(frozen=True, slots=True)
class FieldSaid:
    """One member as it was said first; `withheld`: not shown, it tells who a reporter is."""

    field: str
    value: str
    withheld: bool


@dataclass(frozen=True, slots=True)
class ArrivalShown:
    """An item as it came, whatever was corrected since. A mail's or fax's original is an attachment."""

    number: str
    channel: Channel
    received_at: datetime
    fields: tuple[FieldSaid, ...]


@dataclass(frozen=True, slots=True)
class ArrivalAsked:
    """Why a reporter's own words about himself have to be seen; it stands in the audit log."""

    reason: Annotated[
        str, Rule("查看身份的理由（举报）", "why the identity has to be seen, of a report", longest=200)
    ] = ""


@dataclass(frozen=True, slots=True)
class AnswerShown:
    """A canned answer filled in for one item. `missing` names placeholders that the item has nothing for:
    they stand in the text in 〔〕."""

    id: str
    title: str
    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswersGiven:
    """The canned answers for an item of this kind, in the order of the file."""

    items: tuple[AnswerShown, ...]
