"""Accounts of people and their sessions, as the database holds them. Passwords come here as hashes.

A session is 256 random bits in a cookie and a row with their hash: whoever reads the table cannot use
it, and a row that is deleted ends the session at once. Each change takes its line of the audit log along.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.storage import rows
from gateway.storage.audit import Audit
from gateway.storage.database import Database, Transaction
from gateway.storage.tables import accounts, sessions, tokens

TOLD = ("role", "unit")  # columns whose new value stands in the audit log
ONE = select(accounts).where(accounts.c.id == bindparam("id"))
OF_COOKIE = (
    select(accounts, sessions.c.csrf, sessions.c.seen_at, sessions.c.ends_at)
    .join(sessions, sessions.c.account == accounts.c.id)
    .where(sessions.c.hash == bindparam("hash"))
)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One person's account. `password` is its hash; `totp` is sealed, "" when there is none.

    `unit` is the id of his unit, "" for the centre.
    """

    id: str
    name: str
    role: str
    password: str = field(repr=False)
    made_at: datetime
    changed_at: datetime
    locked_at: datetime | None = None
    totp: str = field(default="", repr=False)
    totp_step: int = 0
    recovery: tuple[str, ...] = field(default=(), repr=False)
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session and whose it is."""

    account: AccountRow
    csrf: str = field(repr=False)
    seen_at: datetime
    ends_at: datetime


class Accounts:
    """The accounts and sessions of one database."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit
        insert = sqlite_insert if database.sqlite else postgres_insert
        self._add = insert(accounts).on_conflict_do_nothing()

    # ------------------------------------------------------------ accounts

    async def add(
        self, account_id: str, name: str, role: str, password: str, now: datetime, unit: str = ""
    ) -> bool:
        """A new account; False when there is one of this id. `password` is a hash."""
        values = {"id": account_id, "name": name, "role": role, "password": password, "unit": unit}
        detail = {"role": role} | ({"unit": unit} if unit else {})
        ms = rows.to_ms(now)

        def added(t: Transaction) -> bool:
            if t.execute(self._add, {**values, "made_at": ms, "changed_at": ms}).rowcount != 1:
                return False
            self._audit.happened(t, "account.add", account_id, detail, now)
            return True

        return await self._database.write(added)

    async def get(self, account_id: str) -> AccountRow | None:
        row = await self._database.read(lambda t: t.execute(ONE, {"id": account_id}).mappings().first())
        return _account(row) if row else None

    async def work_for(self, unit: str) -> bool:
        """Has anybody of a unit an account that is not locked, or a program of it a token?"""
        people = select(accounts.c.id).where(accounts.c.unit == unit, accounts.c.locked_at.is_(None))
        programs = select(tokens.c.name).where(tokens.c.unit == unit, tokens.c.revoked_at.is_(None))
        return await self._database.read(
            lambda t: any(t.execute(query.limit(1)).first() for query in (people, programs))
        )

    async def list(self) -> list[AccountRow]:
        wanted = select(accounts).order_by(accounts.c.id)
        records = await self._database.read(lambda t: t.execute(wanted).mappings().all())
        return [_account(row) for row in records]

    async def change(
        self, account_id: str, what: str, now: datetime, *, ends_sessions: bool, **values: Any
    ) -> bool:
        """Set columns, and end every session with it if need be; False when there is no such account."""
        wanted = update(accounts).where(accounts.c.id == account_id).values(**values)

        def changed(t: Transaction) -> bool:
            if t.execute(wanted).rowcount != 1:
                return False
            ended = _end_all(t, account_id) if ends_sessions else 0
            detail = {name: values[name] for name in TOLD if name in values}
            detail |= {"sessions_ended": ended} if ended else {}
            self._audit.happened(t, what, account_id, detail, now)
            return True

        return await self._database.write(changed)

    async def spend(self, account_id: str, before: AccountRow, **values: Any) -> bool:
        """Use a one-time code up; False when another log-in was first with it."""
        wanted = (
            update(accounts)
            .where(
                accounts.c.id == account_id,
                accounts.c.totp_step == before.totp_step,
                accounts.c.recovery == json.dumps(list(before.recovery)),
            )
            .values(**values)
        )
        return await self._database.write(lambda t: t.execute(wanted).rowcount == 1)

    # ------------------------------------------------------------ sessions

    async def begin(
        self, account_id: str, cookie: str, csrf: str, now: datetime, ends: datetime, old_cookie: str = ""
    ) -> None:
        """A session for whoever logged in; the one that the browser had before is over."""
        values = {
            "hash": hashed(cookie),
            "account": account_id,
            "csrf": csrf,
            "made_at": rows.to_ms(now),
            "seen_at": rows.to_ms(now),
            "ends_at": rows.to_ms(ends),
        }

        def begun(t: Transaction) -> None:
            t.execute(delete(sessions).where(sessions.c.ends_at < rows.to_ms(now)))
            if old_cookie:
                t.execute(delete(sessions).where(sessions.c.hash == hashed(old_cookie)))
            t.execute(insert(sessions), values)
            self._audit.happened(t, "log_in", account_id, at=now)

        await self._database.write(begun)

    async def session(self, cookie: str) -> SessionRow | None:
        """The session of a cookie, whether or not it still holds."""
        values = {"hash": hashed(cookie)}
        row = await self._database.read(lambda t: t.execute(OF_COOKIE, values).mappings().first())
        if row is None:
            return None
        return SessionRow(_account(row), row["csrf"], rows.of_ms(row["seen_at"]), rows.of_ms(row["ends_at"]))

    async def seen(self, cookie: str, now: datetime) -> None:
        """The session is in use."""
        wanted = update(sessions).where(sessions.c.hash == hashed(cookie)).values(seen_at=rows.to_ms(now))
        await self._database.write(lambda t: t.execute(wanted).close())

    async def renew(self, cookie: str, ends: datetime) -> None:
        """The session ends later."""
        wanted = update(sessions).where(sessions.c.hash == hashed(cookie)).values(ends_at=rows.to_ms(ends))
        await self._database.write(lambda t: t.execute(wanted).close())

    async def end(self, cookie: str) -> None:
        """Sign out."""
        wanted = delete(sessions).where(sessions.c.hash == hashed(cookie)).returning(sessions.c.account)

        def ended(t: Transaction) -> None:
            account = t.execute(wanted).scalar_one_or_none()
            if account:
                self._audit.happened(t, "log_out", account)

        await self._database.write(ended)

    async def end_all(self, account_id: str) -> int:
        """Sign an account out everywhere; how many sessions there were."""

        def ended(t: Transaction) -> int:
            count = _end_all(t, account_id)
            self._audit.happened(t, "account.sign_out", account_id, {"sessions_ended": count})
            return count

        return await self._database.write(ended)


def hashed(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _end_all(t: Transaction, account_id: str) -> int:
    return int(t.execute(delete(sessions).where(sessions.c.account == account_id)).rowcount)


def _account(row: rows.Row) -> AccountRow:
    return AccountRow(
        row["id"],
        row["name"],
        row["role"],
        row["password"],
        rows.of_ms(row["made_at"]),
        rows.of_ms(row["changed_at"]),
        rows.of_ms_or_none(row["locked_at"]),
        row["totp"],
        row["totp_step"],
        tuple(json.loads(row["recovery"])),
        row["unit"],
    )
