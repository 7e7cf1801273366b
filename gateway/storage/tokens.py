"""Bearer tokens: 256 random bits, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select, update

from gateway.errors import StorageDown
from gateway.storage import rows
from gateway.storage.audit import Audit
from gateway.storage.database import Database, Transaction
from gateway.storage.tables import tokens

OF_HASH = select(tokens).where(tokens.c.hash == bindparam("hash"))
USED = timedelta(minutes=5)  # how exactly it is kept when a token was last used
PREFIX = "hg_"  # so that a token that has leaked can be searched for


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token without its text."""

    id: int
    name: str
    role: str
    made_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    unit: str = ""
    used_at: datetime | None = None


class Tokens:
    """The tokens of one database."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    async def create(
        self, role: str, name: str, now: datetime, expires: datetime | None = None, unit: str = ""
    ) -> str:
        """A new token's text, which nobody can be shown again."""
        text = PREFIX + secrets.token_urlsafe(32)
        statement = insert(tokens).values(
            hash=_hash(text),
            name=name,
            role=role,
            made_at=rows.to_ms(now),
            expires_at=rows.to_ms_or_none(expires),
            unit=unit,
        )
        detail = {"role": role} | ({"unit": unit} if unit else {})

        def created(t: Transaction) -> None:
            t.execute(statement).close()
            self._audit.happened(t, "token.create", name, detail, now)

        await self._database.write(created)
        return text

    async def check(self, text: str, now: datetime) -> TokenInfo | None:
        """Whose it is; None when it is unknown, revoked or over."""
        values = {"hash": _hash(text)}
        row = await self._database.read(lambda t: t.execute(OF_HASH, values).mappings().first())
        info = _info(row) if row else None
        if info is None or info.revoked_at or (info.expires_at and info.expires_at <= now):
            return None
        if info.used_at is None or now - info.used_at >= USED:
            with suppress(StorageDown):  # a full disk stops writing, not reading
                await self._used(info.id, now)
        return info

    async def _used(self, token_id: int, now: datetime) -> None:
        change = update(tokens).where(tokens.c.id == token_id).values(used_at=rows.to_ms(now))
        await self._database.write(lambda t: t.execute(change).close())

    async def revoke(self, token_id: int, now: datetime) -> bool:
        """False when there is no such token, or it is revoked already."""
        change = (
            update(tokens)
            .where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
            .values(revoked_at=rows.to_ms(now))
        )

        def revoked(t: Transaction) -> bool:
            done = t.execute(change).rowcount == 1
            if done:
                self._audit.happened(t, "token.revoke", str(token_id), at=now)
            return done

        return await self._database.write(revoked)

    async def list(self) -> list[TokenInfo]:
        wanted = select(tokens).order_by(tokens.c.id)
        return [_info(row) for row in await self._database.read(lambda t: t.execute(wanted).mappings().all())]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _info(row: rows.Row) -> TokenInfo:
    return TokenInfo(
        row["id"],
        row["name"],
        row["role"],
        rows.of_ms(row["made_at"]),
        rows.of_ms_or_none(row["expires_at"]),
        rows.of_ms_or_none(row["revoked_at"]),
        row["unit"],
        rows.of_ms_or_none(row["used_at"]),
    )
