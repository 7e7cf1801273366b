"""One-time codes after RFC 6238 (six digits, thirty seconds, SHA-1) and recovery codes. No state here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote

STEP = 30  # seconds
DIGITS = 6
RECOVERY = 8  # codes that are given out together


def new_secret() -> str:
    """160 random bits in base 32, as authenticators take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of one step."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: str, code: str, now: datetime, after: int) -> int:
    """The step whose code this is, the last, present or next one, behind `after`; 0 when it is none."""
    present = int(now.timestamp()) // STEP
    for step in (present - 1, present, present + 1):
        if step > after and hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            return step
    return 0


def address(secret: str, account: str, issuer: str) -> str:
    """What the QR code says."""
    label = quote(f"{issuer}:{account}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}&digits={DIGITS}&period={STEP}"


def new_recovery() -> tuple[str, ...]:
    """Codes that each let somebody in once: fifty random bits in base 32."""
    made = (base64.b32encode(secrets.token_bytes(10)).decode().lower()[:10] for _ in range(RECOVERY))
    return tuple(f"{one[:5]}-{one[5:]}" for one in made)


def kept(recovery: str) -> str:
    """A recovery code as it is kept; fifty random bits need no slow hash behind a pause."""
    return hashlib.sha256(recovery.strip().lower().replace("-", "").encode("utf-8", "replace")).hexdigest()
