"""From a fax in the spool to the queue: its pages are read, it is told from one that came before, and
item and record are kept in one transaction; then the spool is cleared.

Every part of it may be done twice with the same result: a gateway that dies does it again from the
journal. Called by gateway/calls/after_call.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from gateway.channels.fax import contact as channel
from gateway.channels.fax.pages import NOTHING, Sheets, read_sheets
from gateway.core.call.record import CallRecord
from gateway.core.fax.record import Fax, FaxNote, FaxPage, FaxStatus, Reading, is_again, status_of
from gateway.core.item.contact import Contact, Evidence, Receipt
from gateway.intake.submission import Beside, Transaction

AGAIN_WITHIN = timedelta(days=7)
EMPTY = 8  # bytes: a TIFF's head, before the first page is whole


class FaxIntake(Protocol):
    """Of intake, what is needed here."""

    async def submit(self, contact: Contact, beside: Beside | None = None) -> Receipt: ...

    async def append(
        self,
        number: str,
        key: str,
        text: str,
        evidence: tuple[Evidence, ...],
        who: str,
        beside: Beside | None = None,
    ) -> bool: ...


class Ledger(Protocol):
    """Of storage.faxes, what is needed here."""

    def add(self, t: Transaction, fax: Fax) -> None: ...

    async def keep(self, fax: Fax) -> None: ...

    async def get(self, fax_id: str) -> Fax | None: ...

    async def with_mark(self, mark: str, since: datetime) -> Sequence[Fax]: ...


class FaxReception:
    """Takes faxes in. `spool` is where Asterisk puts them, `work` a folder that may be lost."""

    def __init__(
        self,
        intake: FaxIntake,
        ledger: Ledger,
        spool: Path,
        work: Path,
        zone: tzinfo,
        *,
        most_pages: int = 200,
        reading: Reading = Reading.OFF,
    ) -> None:
        self._intake = intake
        self._ledger = ledger
        self._spool = spool
        self._work = work
        self._zone = zone
        self._most = most_pages
        self._reading = reading

    async def take(self, note: FaxNote, record: CallRecord) -> str:
        """The number of the item that it is or belongs to, "" when it left none. Raises StorageDown."""
        fax = await self._ledger.get(record.id)
        if fax is None:
            fax = await self._take(note, record)
        self.clear(note)
        return fax.number

    def clear(self, note: FaxNote) -> None:
        """What is safe elsewhere is taken out of the spool."""
        with contextlib.suppress(FileNotFoundError):
            (self._spool / note.file).unlink()

    async def _take(self, note: FaxNote, record: CallRecord) -> Fax:
        folder = self._work / record.id
        tiff = self._spool / note.file
        try:
            sheets = await self._sheets(tiff, folder)
            fax = self._fax(note, record, sheets)
            files = _files(tiff, sheets, record) if fax.received else ()
            before = await self._before(fax)
            if before is not None:
                return await self._again(fax, before, files)
            if not channel.owed(fax):
                await self._ledger.keep(fax)
                return fax
            agent = record.agent if record.talked_at else ""
            return await self._new(fax, files, sheets.all_read, agent)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _sheets(self, tiff: Path, folder: Path) -> Sheets:
        """The pages that came; none when the file holds none."""
        if _size(tiff) <= EMPTY:
            return Sheets()
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        return await read_sheets(tiff, folder, self._most)

    def _fax(self, note: FaxNote, record: CallRecord, sheets: Sheets) -> Fax:
        received = len(sheets.pages) + sheets.broken + sheets.more
        if sheets is NOTHING:
            received = max(1, note.pages)  # something came, and nobody can say how much
        status = status_of(note.status, received)
        return Fax(
            id=record.id,
            caller=record.caller,
            dialled=record.dialled,
            line=record.line,
            started_at=record.started_at,
            ended_at=record.ended_at or record.started_at,
            status=status,
            station=note.station,
            mode=note.mode,
            rate=note.rate,
            ecm=note.ecm,
            resolution=note.resolution,
            error="" if status is FaxStatus.WHOLE else note.error,
            received=received,
            expected=received if status is FaxStatus.WHOLE else None,
            pages=tuple(self._page(number, sheets) for number in range(1, len(sheets.pages) + 1)),
        )

    def _page(self, number: int, sheets: Sheets) -> FaxPage:
        sheet = sheets.pages[number - 1]
        return FaxPage(number, sheet.sha256, sheet.mark, sheet.width, sheet.height, reading=self._reading)

    async def _before(self, fax: Fax) -> Fax | None:
        """The fax that this one repeats: the newest that stands in the queue."""
        if not fax.pages:
            return None
        since = fax.started_at - AGAIN_WITHIN
        earlier = await self._ledger.with_mark(fax.pages[0].mark, since)
        return next((other for other in earlier if is_again(fax, other)), None)

    async def _again(self, fax: Fax, before: Fax, files: Sequence[Evidence]) -> Fax:
        """One matter that came twice: the item is told, and gets the pages that it lacked."""
        more = len(fax.pages) > len(before.pages)
        again = replace(fax, same_as=before.id, pages=fax.pages if more else ())
        sent = tuple(files) if more else tuple(file for file in files if file.role == "raw")
        text = channel.repeated(fax, before, self._zone)
        kept = replace(again, number=before.number)
        await self._intake.append(
            *(before.number, channel.key(fax), text, sent, channel.CHANNEL.value),
            lambda t, number: self._ledger.add(t, kept),
        )
        return kept

    async def _new(self, fax: Fax, files: Sequence[Evidence], readable: bool, agent: str) -> Fax:
        contact = channel.contact(fax, tuple(files), self._zone, readable=readable, agent=agent)
        receipt = await self._intake.submit(
            contact, lambda t, number: self._ledger.add(t, replace(fax, number=number))
        )
        return replace(fax, number=receipt.number)


def _files(tiff: Path, sheets: Sheets, record: CallRecord) -> tuple[Evidence, ...]:
    """The original, one PDF of all pages, and a picture of each."""
    files = [Evidence(str(tiff), f"传真原件-{record.id}.tif", "image/tiff", "raw")]
    if sheets.pdf:
        files.append(Evidence(str(sheets.pdf), f"传真-{record.id}.pdf", "application/pdf", "pdf"))
    for number, sheet in enumerate(sheets.pages, 1):
        files.append(Evidence(str(sheet.file), f"第{number}页.png", "image/png", "page"))
    return tuple(files)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
