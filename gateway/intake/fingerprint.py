"""What tells two contents under one key apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import orjson

from gateway.core.item.contact import Contact
from gateway.core.item.item import Attachment

# What a scan said of a file is not part of what the person sent: it may differ at the second try.
_ROLE = {"quarantined": "evidence", "unchecked": "evidence"}


def fingerprint(contact: Contact, kept: Sequence[Attachment], *, machine: bool) -> str:
    """64 characters, from SHA-256.

    What a `machine` takes in has one content for one key; what a person sends may come twice and differ.
    """
    if machine:
        return hashlib.sha256(contact.key.encode("utf-8", "replace")).hexdigest()
    try:
        content = orjson.dumps(_content(contact, kept), str)
    except TypeError:  # half a character
        return fingerprint_before(contact, kept)
    return f"j{hashlib.sha256(content).hexdigest()[1:]}"


def fingerprint_before(contact: Contact, kept: Sequence[Attachment]) -> str:
    """The same as older gateways made it; what they took in may come again."""
    return hashlib.sha256(repr(_content(contact, kept)).encode()).hexdigest()


def _content(contact: Contact, kept: Sequence[Attachment]) -> tuple[object, ...]:
    c = contact
    return (
        *(c.kind.value, c.task.value, c.person, c.respondent, c.content, c.claims, c.amount, c.occurred_on),
        *(c.county, c.anonymous, c.publish_consent, c.mediation_consent, c.call_id),
        *((c.problem, c.subject) if c.problem or c.subject else ()),  # as before there were any
        *(("declined", *c.declined) if c.declined else ()),
        *((file.sha256, file.name, _ROLE.get(file.role, file.role)) for file in kept),
    )
