"""Channels that the gateway does not have: a terminal in a market hall, and a stand at which a clerk sits."""

from __future__ import annotations

from datetime import datetime

from gateway.core.item.channel import Arrival, ChannelEntry
from gateway.core.item.contact import Channel, Contact, Kind

CHANNEL = Channel("kiosk")
CHANNELS = (
    ChannelEntry(CHANNEL, "自助终端", "kiosk", "其他来源", Arrival.MACHINE, order=8),
    ChannelEntry(Channel("fair"), "集市摊位", "fair stand", "来人来访", Arrival.CLERK, order=9),
)


def contact(key: str, received_at: datetime) -> Contact:
    """A card was put on the terminal; nothing else is known, so a clerk has to write it up."""
    return Contact(key, CHANNEL, Kind.UNSORTED, received_at)
