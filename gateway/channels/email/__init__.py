"""How mail gets in: IMAP mailboxes that are watched, and an SMTP/LMTP listener. `MailIn` runs both.

A mail is acknowledged, marked or counted as done only after intake has committed it.
"""

from __future__ import annotations

from gateway.core.item.channel import Arrival, ChannelEntry
from gateway.core.item.contact import Channel

CHANNELS = (ChannelEntry(Channel.EMAIL, "邮件", "e-mail", "其他", Arrival.MACHINE, order=3),)
