"""Passes: every form that is given out bears one, and only a form with a pass of ours is taken.

A pass holds the key under which the form is handed in, so that sending it twice makes one item, and
when it was given out. A browser with JavaScript does a little work for it; without, the form is taken
once the pass is old enough. No foreign captcha, nothing kept on our side.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

LIFE = timedelta(hours=24)
_NEVER = datetime.min.replace(tzinfo=UTC)  # reading a pass asks no clock
_WORK = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Pass:
    """One form that was given out. `key` is its own for ever; `text` is what stands in the form."""

    key: str
    given_at: datetime
    text: str

    def is_old(self, now: datetime) -> bool:
        """Too old to be taken; the form is shown again with a new one of the same key."""
        return now - self.given_at > LIFE

    def worked(self, work: str, bits: int) -> bool:
        """Was the work done: does SHA-256 of `text:work` begin with so many zero bits?"""
        if not _WORK.fullmatch(work):
            return False
        digest = hashlib.sha256(f"{self.text}:{work}".encode()).digest()
        return int.from_bytes(digest, "big") >> (256 - bits) == 0

    def wait(self, now: datetime, seconds: float) -> float:
        """Seconds until it is old enough without the work."""
        age = (now - self.given_at).total_seconds()
        return min(max(0.0, seconds - age), seconds)


class _Signer(TimestampSigner):
    """itsdangerous' signer with SHA-256 and with the moment as an argument instead of the machine's clock."""

    default_digest_method = staticmethod(hashlib.sha256)
    default_key_derivation = "hmac"

    def __init__(self, *args: Any, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now.timestamp())


class Seals:
    """Signs what goes out and comes back. `secret` is one installation's own."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def give(self, now: datetime, key: str = "") -> Pass:
        """A pass for one form; with the key of an older one, its successor."""
        key = key or secrets.token_hex(12)
        text = _Signer(self._secret, salt="pass", now=now).sign(key).decode()
        return Pass(key, now.replace(microsecond=0), text)

    def read(self, text: str) -> Pass | None:
        """The pass of a form that came back, also an old one: its key stays good. None if not ours."""
        try:
            key, given_at = _Signer(self._secret, salt="pass", now=_NEVER).unsign(text, return_timestamp=True)
        except (BadData, UnicodeError):
            return None
        return Pass(key.decode(), given_at, text)

    def wrap(self, what: str, held: dict[str, Any], now: datetime) -> str:
        """A small value to be kept by a browser, which can read it but not change it."""
        return str(self._serializer(what, now).dumps(held))

    def unwrap(self, what: str, text: str, now: datetime, seconds: int) -> dict[str, Any] | None:
        """What was wrapped under that name within so many seconds; None when it is not ours or older."""
        try:
            held = self._serializer(what, now).loads(text, max_age=seconds)
        except (BadData, UnicodeError):
            return None
        return held if isinstance(held, dict) else None

    def _serializer(self, what: str, now: datetime) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret, salt=what, signer=_Signer, signer_kwargs={"now": now})
