"""Whole years of the audit log moved into files below var/audit, after their term.

First the file is written and made durable, then the segment is recorded (with a row of the log about it),
then the rows go; the trigger that guards the log lets only rows of a recorded segment go. A run that ends in
between is gone on with by the next.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path

from sqlalchemy import delete, insert, select

from gateway.core.audit import FIRST, Row, Verdict
from gateway.core.audit_segment import Segment, seal_of
from gateway.settings.durable_files import private_folder
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.tables import audit, audit_segments

BATCH = 5000  # rows that go in one transaction
PAGE = 5000  # rows written to the file at a time


class AuditSegments:
    """The segments of one database. `key` is the log's, `folder` var/audit. storage/audit.py moves a year."""

    def __init__(self, database: Database, key: bytes, folder: Path) -> None:
        self._database = database
        self._key = key
        self.folder = folder

    async def recorded(self) -> list[Segment]:
        wanted = select(audit_segments).order_by(audit_segments.c.year)
        records = await self._database.read(lambda t: t.execute(wanted).mappings().all())
        return [Segment(**record) for record in records]

    async def years(self, before: datetime) -> list[int]:
        """Whole years in the zone of `before` that ended before it, from that of the oldest row on."""
        last = (await self.recorded())[-1:]
        wanted = select(audit.c.at).order_by(audit.c.seq).limit(1)
        if last:
            wanted = wanted.where(audit.c.seq > last[0].last)
        at = await self._database.read(lambda t: t.execute(wanted).scalar_one_or_none())
        first = before.year if at is None else rows.of_ms(at).astimezone(before.tzinfo).year
        return list(range(first, before.year))

    async def ends(self, year: int, zone: tzinfo) -> tuple[Row | None, Row | None]:
        """The first and last row of the oldest year that is in the database; None when it has none."""
        segments = await self.recorded()
        ended = segments[-1].last if segments else 0
        until = rows.to_ms(datetime(year + 1, 1, 1, tzinfo=zone))
        mine = select(audit).where(audit.c.seq > ended, audit.c.at < until)

        def read(t: Transaction) -> tuple[Row | None, Row | None]:
            ends = (mine.order_by(audit.c.seq).limit(1), mine.order_by(audit.c.seq.desc()).limit(1))
            first, last = (t.execute(end).mappings().first() for end in ends)
            return (Row(**first), Row(**last)) if first and last else (None, None)

        return await self._database.read(read)

    async def write(self, year: int, first: Row, last: Row) -> Segment:
        """The file of these rows, a row a line, and its segment. Raises StorageDown, OSError."""
        segment = Segment(year, first.seq, last.seq, first.prev, last.hash, "")
        await asyncio.to_thread(private_folder, self.folder)
        half = self.folder / f"{segment.file}.half"
        half.unlink(missing_ok=True)
        seq = segment.first - 1
        while seq < segment.last:
            page = await self._database.read(partial(_page, after=seq, last=segment.last))
            await asyncio.to_thread(_append, half, page)
            seq += len(page)
        digest = await asyncio.to_thread(_finish, half, self.folder / segment.file)
        segment = replace(segment, sha256=digest)
        return replace(segment, seal=seal_of(self._key, segment))

    def record(self, t: Transaction, segment: Segment) -> None:
        t.execute(insert(audit_segments), [asdict(segment)]).close()

    async def end_rows(self) -> None:
        """Delete the rows of recorded segments, some thousand at a time."""
        segments = await self.recorded()
        if not segments:
            return
        last = segments[-1].last
        while await self._database.write(lambda t: _end(t, last)):
            pass

    # ------------------------------------------------------------ reading

    async def verify(self) -> tuple[Verdict, str]:
        """What came of it, and the hash on which the first row in the database follows.

        Every segment follows on the one before it, is sealed, and its file is the one that was written.
        """
        seq, prev = 0, FIRST
        for segment in await self.recorded():
            if why := await asyncio.to_thread(self._wrong, segment, seq, prev):
                return Verdict(seq, segment.first, why), prev
            seq, prev = segment.last, segment.hash
        return Verdict(seq), prev

    def _wrong(self, segment: Segment, seq: int, prev: str) -> str:
        if not segment.holds(self._key) or segment.first != seq + 1 or segment.prev != prev:
            return f"the segment of {segment.year} was changed"
        try:
            digest = _digest(self.folder / segment.file)
        except FileNotFoundError:
            return f"the file of {segment.year} is missing: {self.folder / segment.file}"
        return "" if digest == segment.sha256 else f"the file of {segment.year} was changed"

    def rows_of(self, year: int) -> Iterator[Row]:
        """The rows of a year that was moved out, the oldest first. Raises OSError."""
        with gzip.open(self.folder / f"{year}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                yield Row(**json.loads(line))


def _page(t: Transaction, after: int, last: int) -> list[dict[str, object]]:
    wanted = select(audit).where(audit.c.seq > after, audit.c.seq <= last).order_by(audit.c.seq).limit(PAGE)
    return [dict(record) for record in t.execute(wanted).mappings()]


def _end(t: Transaction, last: int) -> int:
    """Delete some rows up to this one; how many."""
    lowest = select(audit.c.seq).where(audit.c.seq <= last).order_by(audit.c.seq).limit(BATCH)
    return int(t.execute(delete(audit).where(audit.c.seq.in_(lowest))).rowcount)


def _append(half: Path, records: Sequence[Mapping[str, object]]) -> None:
    lines = "".join(f"{json.dumps(dict(record), ensure_ascii=False)}\n" for record in records)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.write(gzip.compress(lines.encode("utf-8", "surrogatepass"), mtime=0))


def _finish(half: Path, file: Path) -> str:
    with half.open("rb") as written:
        os.fsync(written.fileno())
    half.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return _digest(file)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
