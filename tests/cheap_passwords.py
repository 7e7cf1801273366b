"""Passwords hashed at the lowest cost in tests: the shipped one takes 0.3 s of computing for each log-in.

Used by every process of the tests and by the gateways forked from them. What a password costs where
`python -m gateway` runs is held by tests/accounts/test_log_in.py.
"""

from __future__ import annotations

from argon2 import PasswordHasher

from gateway.accounts import accounts

SHIPPED = accounts.HASHER


def use() -> None:
    accounts.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
