"""A channel that the gateway does not have: a terminal in a market hall."""

from __future__ import annotations

from datetime import datetime

from gateway.core.item.channel import Arrival, ChannelEntry
from gateway.core.item.contact import Channel, Contact, Kind

CHANNEL = Channel("kiosk")
CHANNELS = (ChannelEntry(CHANNEL, "自助终端", "kiosk", "其他来源", Arrival.MACHINE, order=8),)


def contact(key: str, received_at: datetime) -> Contact:
    """A card was put on the terminal; nothing else is known, so a clerk has to write it up."""
    return Contact(key, CHANNEL, Kind.UNSORTED, received_at)
