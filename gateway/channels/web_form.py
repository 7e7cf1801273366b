"""The web channel: the public form and programs that send one contact over the API.

Its contacts are made where the form and the API are read (gateway/web/).
"""

from __future__ import annotations

from gateway.core.item.channel import Arrival, ChannelEntry
from gateway.core.item.contact import Channel

CHANNEL = Channel.WEB
CHANNELS = (ChannelEntry(CHANNEL, "网络", "web", "其他", Arrival.FORM, order=2),)
