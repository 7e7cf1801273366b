"""Who writes to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.core.item.contact import Kind
from gateway.core.item.states import KIND_NAMES
from gateway.mail.thread import Marks

KINDS: Mapping[Kind, tuple[str, str]] = {**KIND_NAMES, Kind.UNSORTED: ("来件", "message")}
TEXT_KINDS = frozenset({"complaint", "question", "unsorted"})


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes. `inbox` is our address that mail in watches, "" when answers cannot be taken in;
    `clocks` names each legal clock in Chinese and English; `own` are addresses that are ours; of the kinds
    in `text_kinds` answers and replies stand in mails in full."""

    centre: str
    hotline: str
    sender: str
    zone: ZoneInfo
    marks: Marks
    inbox: str = ""
    track_url: str = ""
    clocks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    per_person: int = 10
    per_item: int = 6
    text_kinds: frozenset[str] = TEXT_KINDS
