"""Counter and letter: what a clerk writes down of a visit, or enters from a letter, becomes a contact; of any
other channel that clerks serve, too.

The clocks run from the day of receipt, which may lie before the day of entry. How it came and who
entered it is kept with the contact as it came, and printed on the registration form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from gateway.core.item.channel import Arrival, ChannelEntry
from gateway.core.item.contact import Channel, Contact
from gateway.errors import FieldFault

CHANNELS = (
    ChannelEntry(Channel.LETTER, "来函", "letter", "来函", Arrival.CLERK, order=5),
    ChannelEntry(Channel.COUNTER, "来访", "visit", "来人来访", Arrival.CLERK, order=6, live=True),
)
OLDEST = timedelta(days=3 * 366)
"""Received longer ago than this is taken for a slip of the pen."""
AHEAD = timedelta(minutes=5)
"""How far another machine's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Registration:
    """How a visit or a letter came in. `clerk` is the account that entered it, at `entered_at`."""

    clerk: str
    entered_at: datetime
    letter_date: date | None = None
    postmark_date: date | None = None
    came_by: str = ""


def contact(entered: Contact, channel: Channel, registered: Registration) -> Contact:
    """What a clerk has written down as a contact of this channel."""
    return replace(entered, channel=channel, raw=_written(registered))


def registration(raw: bytes) -> Registration | None:
    """What `contact` kept beside the contact; None when it is of another channel."""
    try:
        kept = json.loads(raw)["registered"]
        return Registration(
            clerk=kept["clerk"],
            entered_at=datetime.fromisoformat(kept["entered_at"]),
            letter_date=_day(kept["letter_date"]),
            postmark_date=_day(kept["postmark_date"]),
            came_by=kept["came_by"],
        )
    except (ValueError, KeyError, TypeError):
        return None


def faults(
    channel: Channel,
    received_at: datetime,
    registered: Registration,
    zone: tzinfo,
    clerks: Sequence[ChannelEntry],
) -> Iterator[FieldFault]:
    """What cannot be of the days that were given, or of the channel when it is none of these, whose contacts
    clerks write down. Times are aware."""
    if channel not in (ids := [entry.channel for entry in clerks]):
        yield FieldFault("channel", f"应为以下之一：{'、'.join(ids)}", f"is one of: {', '.join(ids)}")
    if received_at > registered.entered_at + AHEAD:
        yield FieldFault("received_at", "收到时间在将来", "lies in the future")
    if received_at < registered.entered_at - OLDEST:
        yield FieldFault("received_at", "收到时间过早", "lies too far back")
    received = received_at.astimezone(zone).date()
    for name in ("letter_date", "postmark_date"):
        day = getattr(registered, name)
        if day is not None and channel != Channel.LETTER:
            yield FieldFault(name, "只用于来函", "is for letters only")
        elif day is not None and day > received:
            yield FieldFault(name, "晚于收到日期", "is later than the day of receipt")


def _written(registered: Registration) -> bytes:
    kept = {name: _text(value) for name, value in asdict(registered).items()}
    return json.dumps({"registered": kept}, ensure_ascii=False).encode("utf-8", "replace")


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
