"""The audit log's rows: written at the end of a chain, never changed, held together on demand.

A trigger refuses changes and deletions (but of years that were moved into files); the chain shows them all
the same. What a chain cannot show is a tail cut off, so the newest row is also told to a file elsewhere,
every few seconds and at the end.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from sqlalchemy import insert, select, text

from gateway.core.audit import ASKER, FIRST, LONGEST, AuditQuery, Entry, Row, Verdict, seal, written
from gateway.core.audit_segment import Segment
from gateway.errors import SetupError, StorageDown
from gateway.settings.durable_files import write_private
from gateway.storage import rows
from gateway.storage.audit_segments import AuditSegments
from gateway.storage.database import Database, Transaction
from gateway.storage.prepared import Prepared
from gateway.storage.tables import audit
from gateway.storage.words import storable

log = logging.getLogger(__name__)

LAST = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
ADD = Prepared(insert(audit), names_columns=True)
# Each row's hash covers the row before it, so on PostgreSQL one transaction at a time adds rows; SQLite has
# one writer anyway. The lock ends with the transaction.
ALONE = text("select pg_advisory_xact_lock(12316)")
PAGE = 1000  # rows held together at a time
HEAD_SECONDS = 5.0  # between two looks whether the head has moved


class Audit:
    """The log of one database. `key` seals its rows, `head` is the file that knows the newest one, `folder`
    has the years that were moved out."""

    def __init__(self, database: Database, key: bytes, head: Path, folder: Path) -> None:
        self._database = database
        self._key = key
        self._head = head
        self._moved = False
        self.segments = AuditSegments(database, key, folder)

    # ------------------------------------------------------------ writing

    def write(self, t: Transaction, entry: Entry) -> None:
        """One row, in the transaction of what it tells of."""
        if not self._database.sqlite:  # SQLite has one writer anyway
            t.execute(ALONE)
        last = t.execute(LAST).first()
        row = Row(
            seq=last[0] + 1 if last else 1,
            at=rows.to_ms(entry.at),
            who=storable(entry.who)[:LONGEST],
            address=storable(entry.address)[:LONGEST],
            what=storable(entry.what)[:LONGEST],
            about=storable(entry.about)[:200],
            detail=storable(written(entry.detail)),
            prev=last[1] if last else FIRST,
            hash="",
        )
        ADD.run(t, asdict(replace(row, hash=seal(self._key, row))))
        self._moved = True

    def happened(
        self,
        t: Transaction,
        what: str,
        about: str,
        detail: Mapping[str, object] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Record what the asker of this request has changed; nothing when there is none."""
        asker = ASKER.get()
        if asker is None:
            return
        asker.noted += 1
        self.write(t, Entry(at or datetime.now(UTC), asker.who, what, about, detail or {}, asker.address))

    async def note(
        self, what: str, about: str = "", detail: Mapping[str, object] | None = None, who: str = ""
    ) -> None:
        """What whoever acts has looked at or done; durable when this returns. Raises StorageDown."""
        asker = ASKER.get()
        name, address = (asker.who, asker.address) if asker else ("", "")
        entry = Entry(datetime.now(UTC), who or name, what, about, detail or {}, address)
        if asker:
            asker.noted += 1
        await self._database.write(lambda t: self.write(t, entry))

    # ------------------------------------------------------------ looking

    async def page(self, before: int = 0, limit: int = 100, who: str = "", about: str = "") -> list[Row]:
        """The newest first, from behind `before`."""
        return await self.search(AuditQuery(who, about), before, limit)

    async def search(self, query: AuditQuery, before: int, limit: int) -> list[Row]:
        """Rows that fit, the newest first, from behind `before` (0: from the end)."""

        def read(t: Transaction) -> list[Row]:
            wanted = select(audit).order_by(audit.c.seq.desc()).limit(limit)
            if before:
                wanted = wanted.where(audit.c.seq < before)
            for name in ("who", "about", "what"):
                if value := getattr(query, name):
                    wanted = wanted.where(audit.c[name] == value)
            if query.since:
                wanted = wanted.where(audit.c.seq >= _first_since(t, query.since))
            if query.until:
                wanted = wanted.where(audit.c.seq < _first_since(t, query.until))
            return [_row(row) for row in t.execute(wanted).mappings()]

        return await self._database.read(read)

    async def verify(self) -> Verdict:
        """Hold every row against the one before it, and the last against the head kept elsewhere."""
        verdict, prev = await self.segments.verify()
        if verdict.broken:
            return verdict
        seen = verdict.rows
        head = self._known_head()
        while page := await self._behind(seen):
            for row in page:
                if why := self._wrong(row, seen + 1, prev):
                    return Verdict(seen, seen + 1, why)
                if head and row.seq == head[0] and row.hash != head[1]:
                    return Verdict(seen, row.seq, "it is not the row that the head file names")
                seen, prev = row.seq, row.hash
        if head and head[0] > seen:
            return Verdict(seen, seen + 1, f"the end is cut off: there were {head[0]} rows")
        return Verdict(seen)

    def _wrong(self, row: Row, expected: int, prev: str) -> str:
        if row.seq != expected:
            return f"it is missing; the next one is {row.seq}"
        if row.prev != prev:
            return "it does not follow on the row before it"
        return "" if row.holds(self._key) else "it was changed"

    async def _behind(self, seq: int) -> list[Row]:
        wanted = select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(PAGE)
        return [
            _row(record) for record in await self._database.read(lambda t: t.execute(wanted).mappings().all())
        ]

    # ------------------------------------------------------------ years that are over their term

    async def move_year(self, year: int, zone: tzinfo, who: str, now: datetime) -> Segment | None:
        """Move the oldest year out of the database; None when it has no row.

        Raises SetupError when the log is broken, StorageDown, OSError.
        """
        await self.segments.end_rows()  # which an earlier run may have left
        verdict = await self.verify()
        if verdict.broken:
            raise SetupError(f"audit row {verdict.broken}: {verdict.why}")
        first, last = await self.segments.ends(year, zone)
        if first is None or last is None:
            return None
        segment = await self.segments.write(year, first, last)
        detail = {"first": segment.first, "last": segment.last, "sha256": segment.sha256}

        def recorded(t: Transaction) -> None:
            self.segments.record(t, segment)
            self.write(t, Entry(now, who, "audit.segment", f"{year}", detail))

        await self._database.write(recorded)
        await self.keep_head()  # else it would name a row that goes now
        await self.segments.end_rows()
        return segment

    # ------------------------------------------------------------ the head elsewhere

    async def keep_head(self) -> None:
        """Tell the file of the newest row; not when rows that it knows of are gone: that must show."""
        if not self._moved:
            return
        self._moved = False
        try:
            await self._tell_head()
        except Exception:
            self._moved = True
            raise

    async def _tell_head(self) -> None:
        head = self._known_head()
        last, is_kept = await self._database.read(
            lambda t: (t.execute(LAST).first(), _hash_at(t, head[0]) if head else "")
        )
        if head and is_kept != head[1]:
            log.critical("the audit log has lost rows that it had: run `gateway audit verify`")
            return
        if last:
            text_ = json.dumps({"seq": last[0], "hash": last[1]})
            await asyncio.to_thread(write_private, self._head, text_)

    async def keep_telling(self) -> None:
        """`keep_head` every few seconds, until it is cancelled."""
        while True:
            await asyncio.sleep(HEAD_SECONDS)
            with suppress(StorageDown):
                await self.keep_head()

    def _known_head(self) -> tuple[int, str] | None:
        """What the file says; None when there is none. A damaged one matches no row."""
        try:
            raw = json.loads(self._head.read_text("utf-8"))
            return int(raw["seq"]), str(raw["hash"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return 1, "damaged"


def sealed_with(t: Transaction, key: bytes) -> bool | None:
    """Was the newest row sealed with this key? None when there is no row."""
    last = t.execute(select(audit).order_by(audit.c.seq.desc()).limit(1)).mappings().first()
    return _row(last).holds(key) if last else None


def _first_since(t: Transaction, at: datetime) -> int:
    """The number of the first row of this time or later; rows are written in the order of time."""
    wanted = (
        select(audit.c.seq).where(audit.c.at >= rows.to_ms(at)).order_by(audit.c.at, audit.c.seq).limit(1)
    )
    seq = t.execute(wanted).scalar_one_or_none()
    return (1 << 62) if seq is None else int(seq)


def _hash_at(t: Transaction, seq: int) -> str:
    return t.execute(select(audit.c.hash).where(audit.c.seq == seq)).scalar_one_or_none() or ""


def _row(record: rows.Row) -> Row:
    return Row(**record)
