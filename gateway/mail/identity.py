"""What makes a mail the same mail: its bytes without what carriers added on the way.

The same mail fetched by IMAP and pushed by LMTP has one key; two mails with one forged Message-ID
have two.
"""

from __future__ import annotations

import hashlib

from gateway.mail.header import split_head

_PIECE = 1 << 20
# Written by whoever carried or filed it, so different on every way in.
_CARRIED = ("received", "return-path", "delivered-to", "x-original-to", "envelope-to", "status", "x-status")
_CARRIED_STARTS = ("x-envelope-", "authentication-results", "received-spf", "arc-", "x-spam-", "x-virus-")


def key_of(raw: bytes) -> str:
    """The key under which intake knows this mail, e.g. "mail:9f86d0…" (69 characters)."""
    headers, body = split_head(raw, 0, len(raw))
    digest = hashlib.sha256()
    for name, value in headers.fields:
        if name not in _CARRIED and not name.startswith(_CARRIED_STARTS):
            digest.update(name.encode() + b":" + b" ".join(value.split()) + b"\n")
    digest.update(b"\n")
    end = len(raw)
    while end > body and raw[end - 1] in b"\r\n":
        end -= 1
    for at in range(body, end, _PIECE):
        digest.update(raw[at : min(at + _PIECE, end)].translate(None, b"\r"))
    return f"mail:{digest.hexdigest()}"
