"""What the API takes and gives about an agent's work on one item."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.web.http.fields import ChannelId, Text
from gateway.web.http.models import AnswerModel, RequestModel


class FieldChanged(AnswerModel):
    """One member before and after; "" is nothing. `withheld`: not shown, it tells who a reporter is."""

    field: str
    before: str
    after: str
    withheld: bool


class RevisionShown(AnswerModel):
    """One change of what the item says. Of a follow_up "after" is what was said beside the item."""

    at: datetime
    who: str
    what: str
    what_zh: str
    what_en: str
    fields: tuple[FieldChanged, ...]


class RevisionsGiven(AnswerModel):
    """Every earlier version, the oldest first."""

    items: tuple[RevisionShown, ...]


class NoteBody(RequestModel):
    """A note for colleagues; whoever is named in it by @ is told."""

    text: Annotated[str, Text(2000, shortest=1, lines=True)] = Field(
        description="备注，可用 @姓名 提醒同事 / a note; @name tells a colleague"
    )


class FilesBody(RequestModel):
    """A word beside the files that are added; the files are the parts named `evidence`."""

    text: Annotated[str, Text(500, lines=True)] = Field(default="", description="说明 / a word")


class RetractionBody(RequestModel):
    """Why a decision or closing is taken back."""

    reason: Annotated[str, Text(2000, shortest=1, lines=True)] = Field(
        description="撤回原因 / why it is taken back"
    )


class ColleagueShown(AnswerModel):
    """Somebody who works on items."""

    account: str
    name: str


class ColleaguesGiven(AnswerModel):
    """Who can be named in a note."""

    items: tuple[ColleagueShown, ...]


class MentionShown(AnswerModel):
    """A note of an item that names the asker."""

    number: str
    by: str
    at: datetime
    text: str


class MentionsGiven(AnswerModel):
    """Where the asker is named and has not looked yet, the newest first."""

    items: tuple[MentionShown, ...]


class CodeGiven(AnswerModel):
    """The query code of an item, to be read to the person."""

    number: str
    query_code: str


class FieldSaid(AnswerModel):
    """One member as it was said first; `withheld`: not shown, it tells who a reporter is."""

    field: str
    value: str
    withheld: bool


class ArrivalShown(AnswerModel):
    """An item as it came, whatever was corrected since. A mail's or fax's original is an attachment."""

    number: str
    channel: ChannelId
    received_at: datetime
    fields: tuple[FieldSaid, ...]


class ArrivalAsked(RequestModel):
    """Why a reporter's own words about himself have to be seen; it stands in the audit log."""

    reason: Annotated[str, Text(200)] = Field(
        default="", description="查看身份的理由（举报） / why the identity has to be seen, of a report"
    )


class AnswerShown(AnswerModel):
    """A canned answer filled in for one item. `missing` names placeholders that the item has nothing for:
    they stand in the text in 〔〕."""

    id: str
    title: str
    text: str
    missing: tuple[str, ...]


class AnswersGiven(AnswerModel):
    """The canned answers for an item of this kind, in the order of the file."""

    items: tuple[AnswerShown, ...]
