"""The partner channel: what another hotline pushes to us becomes a contact.

Only translates. The key is the partner and its own number: pushed twice, it is one item.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.core.contact import Channel, Contact

CHANNEL = Channel.PARTNER


def contact(said: Contact, partner: str, their_number: str) -> Contact:
    """What a partner tells, as a contact of ours."""
    return replace(said, channel=CHANNEL, key=key_of(partner, their_number))


def key_of(partner: str, their_number: str) -> str:
    return f"partner:{partner}:{their_number}"
