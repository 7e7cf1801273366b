"""One-time codes: the standard's own values, each good once, and recovery codes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from gateway.accounts import totp
from gateway.accounts.accounts import Accounts
from gateway.accounts.inside import Inside
from gateway.core.roles import Role
from gateway.settings.schema import AccountSettings
from gateway.storage import Storage

SECRET = base64.b32encode(b"12345678901234567890").decode()
PASSWORD = "correct horse 12315"


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_standards_values(at: int, code: str) -> None:
    """RFC 6238, appendix B, its last six digits."""
    assert totp.code_at(SECRET, at // totp.STEP) == code


def test_what_an_authenticator_scans() -> None:
    secret = totp.new_secret()
    parts = urlsplit(totp.address(secret, "agent1", "临汾市12315热线"))
    assert (parts.scheme, parts.netloc, unquote(parts.path)) == ("otpauth", "totp", "/临汾市12315热线:agent1")
    said = dict(parse_qsl(parts.query))
    assert said["secret"] == secret and said["issuer"] == "临汾市12315热线"
    assert len(base64.b32decode(secret)) == 20


async def test_a_code_is_good_once_and_a_recovery_code_too(storage: Storage) -> None:
    at = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    accounts = Accounts(storage, AccountSettings(), lambda: at)
    await accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
    secret, recovery = await accounts.ask_codes("agent1")
    assert secret not in (await accounts.get("agent1")).totp

    async def enters(code: str, password: str = PASSWORD) -> bool:
        return await accounts.log_in("agent1", password, "", "", code) is not None

    step = int(at.timestamp()) // totp.STEP
    code = totp.code_at(secret, step)
    assert not await enters("") and not await enters("000000") and not await enters("码")
    assert not await enters(code, "wrong password")
    assert await enters(code)
    assert not await enters(code)
    assert not await enters(totp.code_at(secret, step - 1))
    assert await enters(f" {recovery[0].upper()} ") and not await enters(recovery[0])
    at += timedelta(seconds=90)
    assert await enters(totp.code_at(secret, step + 2))
    await accounts.ask_no_codes("agent1")
    assert await enters("")


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.8.3.4", True),
        ("10.9.0.1", False),
        ("2001:db8:1:2::/64", True),  # as an IPv6 subscriber is counted
        ("2001:db9::/64", False),
        ("", False),
    ],
)
def test_what_is_inside(address: str, inside: bool) -> None:
    assert Inside(("10.8.0.0/16", "2001:db8::/32")).has(address) is inside
    assert Inside(()).has(address)


async def test_who_logs_in_from_outside_needs_a_code(storage: Storage) -> None:
    now = datetime(2026, 11, 24, 2, tzinfo=UTC)
    accounts = Accounts(storage, AccountSettings(inside=("10.8.0.0/16",)), lambda: now)
    await accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
    assert await accounts.log_in("agent1", PASSWORD, "10.8.0.9")
    assert await accounts.log_in("agent1", PASSWORD, "203.0.113.9") is None
    await accounts.ask_codes("agent1", SECRET)
    code = totp.code_at(SECRET, int(now.timestamp()) // totp.STEP)
    assert await accounts.log_in("agent1", PASSWORD, "203.0.113.9", code=code)
