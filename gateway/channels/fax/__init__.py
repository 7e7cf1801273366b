"""Fax: pages out of what Asterisk received, and the way of a fax into the queue."""

from __future__ import annotations

from gateway.core.item.channel import Arrival, ChannelEntry
from gateway.core.item.contact import Channel

CHANNELS = (ChannelEntry(Channel.FAX, "传真", "fax", "其他", Arrival.MACHINE, order=4),)
