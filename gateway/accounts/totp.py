"""One-time codes after RFC 6238 (six digits, thirty seconds, SHA-1) and recovery codes. No state here."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime

import pyotp
from pyotp.utils import strings_equal

STEP = 30  # seconds
DIGITS = 6
RECOVERY = 8  # codes that are given out together


def new_secret() -> str:
    """160 random bits in base 32, as authenticators take them."""
    return pyotp.random_base32()


def code_at(secret: str, step: int) -> str:
    """The code of one step."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP).generate_otp(step)


def step_of(secret: str, code: str, now: datetime, after: int) -> int:
    """The step whose code this is, the last, present or next one, behind `after`; 0 when it is none."""
    present = int(now.timestamp()) // STEP
    for step in (present - 1, present, present + 1):
        if step > after and strings_equal(code_at(secret, step), code):
            return step
    return 0


def address(secret: str, account: str, issuer: str) -> str:
    """What the QR code says."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP).provisioning_uri(name=account, issuer_name=issuer)


def new_recovery() -> tuple[str, ...]:
    """Codes that each let somebody in once: fifty random bits in base 32."""
    codes = (base64.b32encode(secrets.token_bytes(10)).decode().lower()[:10] for _ in range(RECOVERY))
    return tuple(f"{code[:5]}-{code[5:]}" for code in codes)


def kept(recovery: str) -> str:
    """A recovery code as it is kept; fifty random bits need no slow hash behind a pause."""
    return hashlib.sha256(recovery.strip().lower().replace("-", "").encode("utf-8", "replace")).hexdigest()
