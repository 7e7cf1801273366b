"""The partner channel: what another hotline pushes to us becomes a contact.

Only translates. The key is the partner and its own number: pushed twice, it is one item.
"""

from __future__ import annotations

from gateway.core.item.channel import Arrival, ChannelEntry
from gateway.core.item.contact import Channel

CHANNEL = Channel.PARTNER
CHANNELS = (ChannelEntry(CHANNEL, "协作单位", "partner", "其他平台", Arrival.FORM, order=7),)
