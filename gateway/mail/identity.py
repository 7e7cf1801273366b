"""What makes a mail the same mail: what its sender wrote, without what carriers added on the way.

The same mail fetched by IMAP and pushed by LMTP has one key, and so has one that came to two of our
addresses; two mails with one forged Message-ID have two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from gateway.mail.header import split_head

_PIECE = 1 << 20
# Written by the sender, and left alone by all who carry it.
_OWN = {
    *("from", "subject", "date", "message-id", "in-reply-to"),
    *("content-type", "content-transfer-encoding", "content-disposition"),
}
_WITHOUT_ID = _OWN | {"to", "cc"}  # nothing but the words would tell two mails apart
# How keys were made before: all fields but these.
_CARRIED = ("received", "return-path", "delivered-to", "x-original-to", "envelope-to", "status", "x-status")
_CARRIED_STARTS = ("x-envelope-", "authentication-results", "received-spf", "arc-", "x-spam-", "x-virus-")


def key_of(raw: bytes) -> str:
    """The key under which intake knows this mail, e.g. "mail:9f86d0…" (69 characters)."""
    headers, _ = split_head(raw, 0, len(raw))
    fields = _OWN if headers.raw("message-id") else _WITHOUT_ID
    return _key(raw, lambda name: name in fields)


def key_before(raw: bytes) -> str:
    """The key as older gateways made it: what they took in is known by it."""
    return _key(raw, lambda name: name not in _CARRIED and not name.startswith(_CARRIED_STARTS))


def _key(raw: bytes, counts: Callable[[str], bool]) -> str:
    headers, body = split_head(raw, 0, len(raw))
    digest = hashlib.sha256()
    for name, value in headers.fields:
        if counts(name):
            digest.update(name.encode() + b":" + b" ".join(value.split()) + b"\n")
    digest.update(b"\n")
    end = len(raw)
    while end > body and raw[end - 1] in b"\r\n":
        end -= 1
    for at in range(body, end, _PIECE):
        digest.update(raw[at : min(at + _PIECE, end)].translate(None, b"\r"))
    return f"mail:{digest.hexdigest()}"
