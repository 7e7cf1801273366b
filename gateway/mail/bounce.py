"""Delivery reports: which of our mails did not arrive, and why. As RFC 3464 has it, or in the free words of
qmail, Exim and others, which put the mail they return, or its head, below a line that says so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.mail.charset import decode, one_line
from gateway.mail.header import decode_words, message_ids, plain_address, split_head
from gateway.mail.structure import Part

_LIMIT = 64 * 1024
_ORIGINAL = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_SENDERS = ("mailer-daemon", "postmaster")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"\b([45]\d\d)[ -]")
_BELOW = re.compile(
    rb"^[ \t>*-]{0,10}(?:below this line is a copy of|this is a copy of (?:the|your)|original message follows"
    rb"|the header of the original message|your message reads)[^\n]{0,200}\n",
    re.I | re.M,
)
_FAILED = re.compile(rb"^[ \t]*<?([^\s<>@:]{1,100}@[^\s<>@:]{1,200})>?:?[ \t]*\r?$", re.M)


@dataclass(frozen=True, slots=True)
class Bounce:
    """One report. `action` is failed, delayed, delivered …, "" when the report is in free words.

    `originals` are the Message-IDs (no brackets) that it is about.
    """

    action: str = ""
    status: str = ""
    recipient: str = ""
    diagnostic: str = ""
    originals: tuple[str, ...] = ()

    @property
    def final(self) -> bool:
        """Will it never arrive?"""
        return self.action == "failed" or (not self.action and not self.status.startswith(("2", "4")))


def read_bounce(root: Part, sender: str) -> Bounce | None:
    """The report in a mail, or None. `sender` is the From address: some mailers report in free words."""
    parts = list(root.walk())
    status = next((p for p in parts if p.kind.endswith("/delivery-status")), None)
    by_post = sender.partition("@")[0].lower() in _SENDERS or root.headers.raw("return-path").strip() == b"<>"
    if status is None and not by_post:
        return None
    originals = _originals(parts)
    if status is not None:
        return _fields(status, originals)
    return _in_words(root, parts) or (Bounce(originals=originals) if originals else None)


def _in_words(root: Part, parts: list[Part]) -> Bounce | None:
    """A report as qmail and Exim write it: words, then the mail that comes back."""
    text = next((part for part in parts if part.kind == "text/plain"), None)
    body = text.body(_LIMIT) if text else b""
    below = _BELOW.search(body)
    if below is None:
        return None
    returned = body[below.end() :].lstrip(b"\r\n")
    headers, _ = split_head(returned, 0, len(returned))
    words = body[: below.start()]
    failed = _FAILED.search(words)
    recipient = failed[1] if failed else root.headers.raw("x-failed-recipients")
    why = one_line(decode(words[failed.end() :]).text, 500).rstrip("- ") if failed else ""
    status, reply = _STATUS.search(why), _REPLY.search(why)
    return Bounce(
        status=status[1] if status else f"{reply[1][0]}.0.0" if reply else "",
        recipient=plain_address(decode(recipient).text),
        diagnostic=why,
        originals=tuple(message_ids(headers.raw("message-id")))[:5],
    )


def _originals(parts: list[Part]) -> tuple[str, ...]:
    originals: list[str] = []
    for part in parts[1:]:
        if part.kind in _ORIGINAL:
            block = part.body(_LIMIT)
            headers, _ = split_head(block, 0, len(block))
            originals += message_ids(headers.raw("message-id"))
    return tuple(dict.fromkeys(originals))[:5]


def _fields(part: Part, originals: tuple[str, ...]) -> Bounce:
    """The first recipient's block; the block about the whole message stands before it."""
    body = part.body(_LIMIT).replace(b"\r\n", b"\n")
    wanted: dict[str, str] = {}
    for block in re.split(rb"\n\s*\n", body)[:20]:
        headers, _ = split_head(block + b"\n\n", 0, len(block) + 2)
        for name, value in headers.fields:
            wanted.setdefault(name, decode_words(value))
    status = _STATUS.search(wanted.get("status", ""))
    recipient = wanted.get("final-recipient") or wanted.get("original-recipient", "")
    return Bounce(
        action=wanted.get("action", "").lower()[:20],
        status=status[1] if status else "",
        recipient=plain_address(recipient.partition(";")[2] or recipient),
        diagnostic=wanted.get("diagnostic-code", "").partition(";")[2].strip()[:500],
        originals=originals,
    )
