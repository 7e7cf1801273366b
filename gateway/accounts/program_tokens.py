"""Bearer tokens of programs: made, listed, taken back. What `gateway token` and /desk/admin call."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.core.roles import Role
from gateway.core.unit import CENTRE, membership_fault
from gateway.errors import OperatorError
from gateway.storage import Storage
from gateway.storage.tokens import TokenInfo

NAME = r"[\w.@-]{1,64}"
LONGEST = 3650  # days


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token; its text is told this once."""

    name: str
    role: Role
    unit: str
    expires_at: datetime | None
    text: str = field(repr=False)


class ProgramTokens:
    """The tokens of one centre."""

    def __init__(self, storage: Storage, now: Callable[[], datetime]) -> None:
        self._tokens = storage.tokens
        self._units = storage.units
        self._now = now

    async def create(self, role: Role, name: str = "", days: int | None = None, unit: str = "") -> MadeToken:
        """Without a name one is made up. Raises OperatorError, StorageDown."""
        name = name or f"{role}-{secrets.token_hex(2)}"
        if not re.fullmatch(NAME, name):
            en = f"--name {name!r}: 1 to 64 letters, digits, and . _ @ -"
            raise OperatorError(f"名称为 1 至 64 位字母、数字或 . _ @ - / {en}")
        if days is not None and not 1 <= days <= LONGEST:
            raise OperatorError(f"有效天数为 1 至 {LONGEST} / --days {days}: 1 to {LONGEST}")
        if fault := membership_fault(role, unit, await self._units.tree()):
            raise OperatorError(f"{fault.zh} / {fault.en}")
        unit = "" if unit == CENTRE else unit
        end = self._now() + timedelta(days=days) if days else None
        text = await self._tokens.create(role, name, self._now(), end, unit)
        return MadeToken(name, role, unit, end, text)

    async def list(self) -> list[TokenInfo]:
        return await self._tokens.list()

    async def revoke(self, token_id: int) -> bool:
        """False when there is no such token, or it is revoked already."""
        return await self._tokens.revoke(token_id, self._now())


def state_of(token: TokenInfo, now: datetime) -> str:
    """valid, revoked or over."""
    if token.revoked_at:
        return "revoked"
    return "over" if token.expires_at and token.expires_at <= now else "valid"
