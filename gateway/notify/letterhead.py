"""Who writes to people, and in which conversation a mail of ours stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.core.item.contact import Kind
from gateway.core.item.states import KIND_NAMES
from gateway.mail.header import message_ids, split_head
from gateway.mail.thread import Marks

KINDS: Mapping[Kind, tuple[str, str]] = {**KIND_NAMES, Kind.UNSORTED: ("来件", "message")}
REFERENCES = 100
"""Message-IDs of a conversation that an answer names at most."""
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


def thread(raw: bytes) -> list[str]:
    """The Message-IDs of the conversation that the mail an item came as stands in, with their brackets: those
    before it, then its own; [] when it has none (RFC 5322 3.6.4)."""
    if not raw:
        return []
    headers, _ = split_head(raw, 0, len(raw))
    own = next(message_ids(headers.raw("message-id")), "")
    before = list(message_ids(headers.raw("references")))
    if not before:
        answered = list(message_ids(headers.raw("in-reply-to")))
        before = answered if len(answered) == 1 else []
    ids = [id_ for id_ in dict.fromkeys(before) if id_.isascii() and id_ != own]
    if len(ids) > REFERENCES:
        ids = [*ids[:1], *ids[1 - REFERENCES :]]  # the first tells the conversation, the last are nearest
    return [f"<{id_}>" for id_ in (*ids, own)] if own.isascii() and own else []
