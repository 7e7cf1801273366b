"""The linkage ledger on the database. As with Items, most is part of the transaction handed in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, and_, func, insert, or_, select, update

from gateway.core.item.referral import RUNNING, Direction, Referral, ReferralState
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.tables import referrals


class Referrals:
    """The referrals of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_key(self, t: Transaction, partner: str, key: str) -> Referral | None:
        wanted = select(referrals).where(referrals.c.partner == partner, referrals.c.key == key)
        row = t.execute(wanted).mappings().first()
        return referral_of(row) if row else None

    def next_id(self, t: Transaction, number: str) -> str:
        """Our number of the item's next referral; the item is locked by whoever asks."""
        count = t.execute(select(func.count()).where(referrals.c.number == number)).scalar_one()
        return f"{number}-{count + 1}"

    def add(self, t: Transaction, referral: Referral) -> None:
        t.execute(insert(referrals), _values(referral))

    def locked(self, t: Transaction, referral_id: str) -> Referral | None:
        wanted = select(referrals).where(referrals.c.id == referral_id).with_for_update()
        row = t.execute(wanted).mappings().first()
        return referral_of(row) if row else None

    def replace(self, t: Transaction, referral: Referral) -> None:
        values = _values(referral)
        t.execute(update(referrals).where(referrals.c.id == values.pop("id")).values(**values))

    async def get(self, referral_id: str) -> Referral | None:
        wanted = select(referrals).where(referrals.c.id == referral_id)
        row = await self._database.read(lambda t: t.execute(wanted).mappings().first())
        return referral_of(row) if row else None

    async def page(
        self, partner: str, state: ReferralState | None, number: str, after: str, limit: int
    ) -> Sequence[Referral]:
        """The newest first; `after` is the id of the last one seen. Empty texts mean any."""
        wanted = select(referrals).order_by(referrals.c.made_at.desc(), referrals.c.id.desc()).limit(limit)
        if partner:
            wanted = wanted.where(referrals.c.partner == partner)
        if state is not None:
            wanted = wanted.where(referrals.c.state == state.value)
        if number:
            wanted = wanted.where(referrals.c.number == number)
        if after:
            last = select(referrals.c.made_at).where(referrals.c.id == after).scalar_subquery()
            older = and_(referrals.c.made_at == last, referrals.c.id < after)
            wanted = wanted.where(or_(referrals.c.made_at < last, older))
        records = await self._database.read(lambda t: t.execute(wanted).mappings().all())
        return [referral_of(row) for row in records]

    async def made_between(self, first: datetime, last: datetime) -> Sequence[Referral]:
        """Made from `first` (included) to `last` (not)."""
        wanted = select(referrals).where(
            referrals.c.made_at >= rows.to_ms(first), referrals.c.made_at < rows.to_ms(last)
        )
        records = await self._database.read(lambda t: t.execute(wanted).mappings().all())
        return [referral_of(row) for row in records]

    async def owed(self, until: date) -> Sequence[Referral]:
        """Those that nobody has replied to, with a day up to `until`, the most urgent first."""
        running = [state.value for state in sorted(RUNNING)]
        wanted = select(referrals).where(referrals.c.state.in_(running), referrals.c.due <= until.isoformat())
        ordered = wanted.order_by(referrals.c.due, referrals.c.id)
        records = await self._database.read(lambda t: t.execute(ordered).mappings().all())
        return [referral_of(row) for row in records]


def _values(referral: Referral) -> dict[str, Any]:
    return {
        "id": referral.id,
        "number": referral.number,
        "partner": referral.partner,
        "direction": referral.direction.value,
        "key": referral.key,
        "made_at": rows.to_ms(referral.made_at),
        "due": referral.due.isoformat(),
        "state": referral.state.value,
        "their_number": referral.their_number,
        "call_id": referral.call_id,
        "slip": json.dumps(dict(referral.slip), ensure_ascii=False),
        "text": referral.text,
        "answered_at": rows.to_ms_or_none(referral.answered_at),
        "ended_at": rows.to_ms_or_none(referral.ended_at),
        "satisfied": referral.satisfied,
    }


def referral_of(row: RowMapping | Mapping[str, Any]) -> Referral:
    return Referral(
        id=row["id"],
        number=row["number"],
        partner=row["partner"],
        direction=Direction(row["direction"]),
        key=row["key"],
        made_at=rows.of_ms(row["made_at"]),
        due=date.fromisoformat(row["due"]),
        state=ReferralState(row["state"]),
        their_number=row["their_number"],
        call_id=row["call_id"],
        slip=json.loads(row["slip"]),
        text=row["text"],
        answered_at=rows.of_ms_or_none(row["answered_at"]),
        ended_at=rows.of_ms_or_none(row["ended_at"]),
        satisfied=None if row["satisfied"] is None else bool(row["satisfied"]),
    )
