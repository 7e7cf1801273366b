"""Which item a mail belongs to: marks in what we send, and their recognition in what comes back.

Our Message-IDs (<NUMBER.TOKEN.CHANCE@domain>) and answer addresses (inbox+NUMBER.TOKEN@domain) carry
a token that only this installation can make, so they prove themselves and no list of sent mails is
needed. The bare number in a subject proves nothing: there the sender must be known to the item.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.core.item import number as numbers
from gateway.core.item import written
from gateway.mail.header import message_ids, split_head
from gateway.settings.secrets import proof

REFERENCES = 100  # Message-IDs of a conversation that an answer names at most
TOKEN = 12  # letters of base 32: 60 bits
_MARK = re.compile(r"(?<![0-9a-z])(\d{12})\.([a-z2-7]{12})(?![0-9a-z])")
_NUMBER = re.compile(r"(?<!\d)\d(?:[ \-\u2010-\u2015]?\d){11}(?!\d)")


class Marks:
    """Makes and recognises the marks of one installation. `secret` is 16 bytes or more."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("a secret of at least 16 bytes is needed")
        self._secret = secret

    def token(self, number: str) -> str:
        return proof(self._secret, f"item:{number}", TOKEN)

    def answer_address(self, number: str, inbox: str) -> str:
        """inbox@domain -> inbox+NUMBER.TOKEN@domain, for Reply-To and the envelope."""
        local, _, domain = inbox.rpartition("@")
        return f"{local}+{number}.{self.token(number)}@{domain}"

    def message_id(self, number: str, chance: str, domain: str) -> str:
        """A Message-ID with its brackets. `chance` is different for every mail: letters and digits."""
        return f"<{number}.{self.token(number)}.{chance}@{domain}>"

    def number_in(self, texts: Iterable[str]) -> str:
        """The item that the first genuine mark in Message-IDs or addresses names; "" when none does."""
        for text in texts:
            for match in _MARK.finditer(text.lower()):
                if hmac.compare_digest(self.token(match[1]), match[2]):
                    return match[1]
        return ""


@dataclass(frozen=True, slots=True)
class Hints:
    """`proved` names the item for certain; `claimed` are numbers that anybody could have written."""

    proved: str = ""
    claimed: tuple[str, ...] = ()


def hints(marks: Marks, subject: str, references: Iterable[str], recipients: Iterable[str]) -> Hints:
    """What a mail says about the item it belongs to."""
    return Hints(marks.number_in([*recipients, *references]), numbers_in(subject))


def numbers_in(subject: str) -> tuple[str, ...]:
    """Item numbers in a subject, in any spelling that `number.normal` takes; the first five."""
    candidates = (numbers.normal(match[0]) for match in _NUMBER.finditer(written.line(subject)))
    return tuple(dict.fromkeys(number for number in candidates if numbers.valid(number)))[:5]


def conversation(raw: bytes) -> tuple[str, ...]:
    """The Message-IDs of the conversation that a mail stands in, with their brackets: those before it, then
    its own; () when it has none (RFC 5322 3.6.4)."""
    if not raw:
        return ()
    headers, _ = split_head(raw, 0, len(raw))
    own = next(message_ids(headers.raw("message-id")), "")
    before = list(message_ids(headers.raw("references")))
    if not before:
        answered = list(message_ids(headers.raw("in-reply-to")))
        before = answered if len(answered) == 1 else []
    ids = [id_ for id_ in dict.fromkeys(before) if id_.isascii() and id_ != own]
    if len(ids) > REFERENCES:
        ids = [*ids[:1], *ids[1 - REFERENCES :]]  # the first tells the conversation, the last are nearest
    return tuple(f"<{id_}>" for id_ in (*ids, own)) if own.isascii() and own else ()
