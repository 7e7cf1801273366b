"""When an address is shut out, and when no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.core.call.ban import MOST, BanRule, Bans

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
RULE = BanRule(3, timedelta(minutes=10), timedelta(hours=1))


def test_so_many_failures_in_time() -> None:
    bans = Bans(RULE)
    minutes = [0, 1, 11, 12, 13]
    told = [bans.failed("203.0.113.9", AT + timedelta(minutes=minute)) for minute in minutes]
    assert told == [False, False, False, False, True]
    assert not bans.failed("203.0.113.10", AT)


def test_a_ban_ends() -> None:
    bans = Bans(RULE)
    bans.ban("203.0.113.9", AT)
    assert bans.banned(AT + timedelta(minutes=59)) == ("203.0.113.9",)
    assert bans.banned(AT + timedelta(minutes=60)) == ()


def test_without_tries_nobody_is_shut_out() -> None:
    bans = Bans(BanRule(0))
    assert not any(bans.failed("203.0.113.9", AT) for _ in range(50))


def test_memory_is_bounded() -> None:
    bans = Bans(RULE)
    for n in range(MOST + 50):
        bans.failed(f"10.0.{n // 256}.{n % 256}", AT)
        bans.ban(f"10.1.{n // 256}.{n % 256}", AT)
    assert len(bans._failures) == MOST
    assert len(bans.banned(AT)) == MOST
