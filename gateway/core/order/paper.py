"""What of an order travels to a unit that works without accounts, and the link by which it replies. Pure.

A reporter's identity never travels, nor an identity number. A complainant's name and telephone stand on a
fax, whose reader may have nothing else, and on the reply page behind its code, never in a mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.core.item.item import Item
from gateway.core.item.referral import FIELD_NAMES, PERSONAL, slip_of
from gateway.core.order.order import Order, OrderState
from gateway.core.order.states import OrderEvent

LINK_DAYS = 90
"""Days for which a link opens the reply page."""
CODE_MINUTES = 15
TRIES = 5
"""Wrong codes after which another must be sent."""
CODES_AN_HOUR = 5
CODE_LENGTH = 6
E, S = OrderEvent, OrderState
SENT_ON = frozenset(
    {"assign", E.PASS_DOWN, E.SEND_BACK, E.DECIDE_EXTENSION, E.UPHOLD, E.DO_AGAIN, E.TAKE_BACK, E.CANCEL}
)
"""What a unit without accounts is told of; urging and supervision have their own ways."""
ON_PAGE = (E.SIGN, E.RETURN, E.ASK_EXTENSION, E.REPORT)
"""What may be done on the reply page, as far as the order's state allows it."""
_OVER = frozenset({S.CLOSED, S.APPROVED, S.CANCELLED})
_LINK = re.compile(r"(\d{1,18})\.([a-z0-9_-]{1,16})\.(\d{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class CodeWay:
    """A way by which a unit gets codes, as the outbox calls it, and where to; both stand with the unit."""

    way: str
    address: str


@dataclass(frozen=True, slots=True)
class Link:
    """Which order at which unit a link opens, and on which day it was sent."""

    order: int
    unit: str
    day: date

    def __str__(self) -> str:
        return f"{self.order}.{self.unit}.{self.day:%Y%m%d}"


class Standing(StrEnum):
    """Does a link open its order?"""

    OPEN = "open"
    EXPIRED = "expired"
    ELSEWHERE = "elsewhere"  # the order has gone to another unit
    OVER = "over"


class CodeResult(StrEnum):
    """What became of a code that was typed."""

    RIGHT = "right"
    WRONG = "wrong"
    USED = "used"
    LATE = "late"
    NONE = "none"  # none was sent
    LOCKED = "locked"  # wrong too often


def read_link(text: str) -> Link | None:
    """None for what is no link."""
    match = _LINK.fullmatch(text)
    try:
        return Link(int(match[1]), match[2], date.fromisoformat(match[3])) if match else None
    except ValueError:
        return None


def standing(link: Link, order: Order, today: date) -> Standing:
    """What a link with a right signature opens today."""
    if order.unit != link.unit:
        return Standing.ELSEWHERE
    if order.state in _OVER or (order.state is S.RETURNED and order.returned_to != order.unit):
        return Standing.OVER
    return Standing.EXPIRED if today > link.day + timedelta(days=LINK_DAYS) else Standing.OPEN


def fields_of(item: Item, personal: bool) -> tuple[tuple[str, str], ...]:
    """What a unit reads of an item, by the names of core/item/referral.py."""
    sees = [name for name in FIELD_NAMES if personal or name not in PERSONAL]
    return tuple(slip_of(item, sees).items())
