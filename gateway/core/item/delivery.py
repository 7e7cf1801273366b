"""Outgoing deliveries: each goes by one way to one address; its states, and when it is tried again.

Pure. Storage keeps deliveries, gateway/notify/ plans and sends them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.item.item import Item

MAIL = "mail"
"""The way of mails; webhooks have one each (notify/hooks.py)."""
FIRST, LONGEST = timedelta(seconds=20), timedelta(hours=1)


class DeliveryState(StrEnum):
    """WAITING until it is SENT or DEAD; BOUNCED when it was sent and came back."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"  # given up: somebody has to look, and may send it again
    BOUNCED = "bounced"
    DROPPED = "dropped"  # somebody decided that it need not be sent


AGAIN = (DeliveryState.DEAD, DeliveryState.BOUNCED, DeliveryState.DROPPED)
"""What somebody may have sent again."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A delivery to be made. `key` is unique: what is planned twice is made once.

    `way` is `mail`, `webhook`, …; `address` whom it goes to: an address, a webhook's id. `content` is
    what the way needs to send it, the same at each try; `reference` what comes back when it bounces.
    `notice` is the kind of what a person is told (core/item/notice.py), "" for all else.
    """

    key: str
    way: str
    address: str
    content: Mapping[str, str]
    reference: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as it stands. `number` is the item it is about."""

    id: int
    number: str
    draft: Draft
    made_at: datetime
    due_at: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    sent_at: datetime | None = None
    error: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """It was handed over. `entry` is a line for the item's timeline, "" for none; `proof` is what the far
    end said to it."""

    entry: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """It was not, and may be tried again."""

    why: str


@dataclass(frozen=True, slots=True)
class Never:
    """It was refused for good."""

    why: str


Result = Sent | Later | Never


@dataclass(frozen=True, slots=True)
class Occasion:
    """What happened to an item: item.new, item.changed with the event's word, item.due with its clock."""

    id: int
    topic: str
    number: str
    at: datetime
    what: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """What tells it from every other occasion of its item: ids are given again once they are free."""
        return f"{self.at.timestamp() * 1000:.0f}x{self.id}"


@dataclass(frozen=True, slots=True)
class About:
    """What a plan may rest on: the item, its query code, the mail it came as, what was sent before.

    `raw` is the head of a mail, b"" for every other channel; `thread` are the Message-IDs of the conversation
    in which the person wrote last, () when he wrote no mail after the item came; `sent_today` counts mails to
    the person's address within a day, `sent_here` those to the person about this item.
    """

    item: Item
    query_code: str
    raw: bytes = b""
    thread: tuple[str, ...] = ()
    sent_today: int = 0
    sent_here: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from an occasion: deliveries, and why there is none, for the timeline."""

    drafts: tuple[Draft, ...] = ()
    notes: tuple[str, ...] = ()


def pause(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many failed tries (1 or more): doubling, at most an hour, spread by a
    fifth either way. `chance` is between 0 and 1."""
    grown = min(FIRST * (1 << min(attempts - 1, 12)), LONGEST)
    return grown * (0.8 + 0.4 * chance)


def without_address(text: str, address: str) -> str:
    """What a far end said, without the whole address that it repeats."""
    if not address:
        return text
    return re.sub(re.escape(address), lambda _: shown_address(address), text, flags=re.IGNORECASE)


def shown_address(address: str) -> str:
    """An address as it may be shown: of a mail address the first letter and the domain, of a fax number
    the last four digits; the id of a webhook as it is."""
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local[:1]}***@{domain}"
    return f"****{address[-4:]}" if address.lstrip("+").isdigit() else address
