"""Counter and letter: what is kept beside the contact, and days that cannot be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.channels import counter
from gateway.channels.counter import Registration
from gateway.channels.registry import REGISTRY
from gateway.core.item.contact import Channel, Contact, Kind

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
SAID = Contact("counter:1", Channel.WEB, Kind.COMPLAINT, NOW, content="商家拒绝退款")
WHOLE = Registration("agent1", NOW, date(2026, 11, 18), date(2026, 11, 19), "挂号信")


def fields(channel: Channel, received_at: datetime, registered: Registration) -> list[str]:
    return [
        fault.field for fault in counter.faults(channel, received_at, registered, ZONE, REGISTRY.by_clerk)
    ]


@pytest.mark.parametrize("channel", [entry.channel for entry in counter.CHANNELS])
@pytest.mark.parametrize("registered", [WHOLE, Registration("agent1", NOW)], ids=["whole", "bare"])
def test_what_was_registered_is_kept_with_the_contact(channel: Channel, registered: Registration) -> None:
    made = counter.contact(SAID, channel, registered)
    assert (made.channel, made.content, made.key) == (channel, SAID.content, SAID.key)
    assert counter.registration(made.raw) == registered


def test_a_channel_that_no_clerk_serves_is_a_fault() -> None:
    assert fields(Channel.FAX, NOW, Registration("agent1", NOW)) == ["channel"]


@pytest.mark.parametrize(
    "raw", [b"", b"From: a@b", b"{}", b'{"registered": 1}', b'{"registered": {}}', b"\xff"]
)
def test_what_other_channels_keep_is_no_registration(raw: bytes) -> None:
    assert counter.registration(raw) is None


def test_days_that_can_be() -> None:
    assert fields(Channel.LETTER, NOW, WHOLE) == []
    assert fields(Channel.LETTER, NOW - timedelta(days=4), WHOLE) == []
    assert fields(Channel.COUNTER, NOW + timedelta(minutes=1), Registration("agent1", NOW)) == []


def test_days_that_cannot_be() -> None:
    assert fields(Channel.LETTER, NOW + timedelta(hours=1), WHOLE) == ["received_at"]
    assert fields(Channel.LETTER, NOW - timedelta(days=2000), Registration("agent1", NOW)) == ["received_at"]
    assert fields(Channel.LETTER, NOW - timedelta(days=6), WHOLE) == ["postmark_date"]
    assert fields(Channel.COUNTER, NOW, WHOLE) == ["letter_date", "postmark_date"]


def test_the_day_of_receipt_is_the_centres() -> None:
    """17:00 UTC is the next day in Linfen."""
    registered = Registration("agent1", NOW, letter_date=date(2026, 11, 24))
    assert fields(Channel.LETTER, datetime(2026, 11, 23, 17, tzinfo=UTC), registered) == []
    assert fields(Channel.LETTER, datetime(2026, 11, 23, 15, tzinfo=UTC), registered) == ["letter_date"]
