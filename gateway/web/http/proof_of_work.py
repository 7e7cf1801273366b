"""Passes: every form that is given out bears one, and only a form with a pass of ours is taken.

A pass holds the key under which the form is handed in, so that sending it twice makes one item, and
when it was given out. A browser with JavaScript does a little work for it; without, the form is taken
once the pass is old enough. No foreign captcha, nothing kept on our side.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

LIFE = timedelta(hours=24)
_PASS = re.compile(r"([0-9a-f]{24})\.([0-9]{10})\.([0-9a-f]{32})")
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


class Seals:
    """Signs what goes out and comes back. `secret` is one installation's own."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def give(self, now: datetime, key: str = "") -> Pass:
        """A pass for one form; with the key of an older one, its successor."""
        key = key or secrets.token_hex(12)
        seconds = int(now.timestamp())
        text = f"{key}.{seconds}"
        return Pass(key, datetime.fromtimestamp(seconds, UTC), f"{text}.{self._seal('pass', text)}")

    def read(self, text: str) -> Pass | None:
        """The pass of a form that came back; None when it is none of ours."""
        found = _PASS.fullmatch(text)
        if not found or not self._holds("pass", f"{found[1]}.{found[2]}", found[3]):
            return None
        return Pass(found[1], datetime.fromtimestamp(int(found[2]), UTC), text)

    def wrap(self, what: str, held: dict[str, Any]) -> str:
        """A small thing to be kept by a browser, which cannot change it. It can read it."""
        body = base64.urlsafe_b64encode(json.dumps(held, separators=(",", ":")).encode()).decode().rstrip("=")
        return f"{body}.{self._seal(what, body)}"

    def unwrap(self, what: str, text: str) -> dict[str, Any] | None:
        """What was wrapped under that name; None when it is not ours."""
        body, _, seal = text.partition(".")
        if not self._holds(what, body, seal):
            return None
        held = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return held if isinstance(held, dict) else None

    def _seal(self, what: str, text: str) -> str:
        return hmac.new(self._secret, f"{what}:{text}".encode(), hashlib.sha256).hexdigest()[:32]

    def _holds(self, what: str, text: str, seal: str) -> bool:
        return hmac.compare_digest(self._seal(what, text).encode(), seal.encode())
