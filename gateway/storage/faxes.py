"""Faxes and their pages on the database. As with Items, `add` is part of the transaction handed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, insert, or_, select, update

from gateway.core.fax.record import Fax, FaxPage, FaxStatus, FiledPage, Placing, Reading, in_order
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.tables import fax_pages, faxes, items


class Faxes:
    """The faxes of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, t: Transaction, fax: Fax) -> None:
        """A fax with its pages, once: one that is there already is left as it is."""
        if t.execute(select(faxes.c.id).where(faxes.c.id == fax.id)).first():
            return
        t.execute(insert(faxes), _values(fax))
        pages = [_page_values(fax, page) for page in fax.pages]
        if pages:
            t.execute(insert(fax_pages), pages)

    async def keep(self, fax: Fax) -> None:
        """A fax of which nothing stands in the queue."""
        await self._database.write(lambda t: self.add(t, fax))

    async def get(self, fax_id: str) -> Fax | None:
        def found(t: Transaction) -> Fax | None:
            row = t.execute(select(faxes).where(faxes.c.id == fax_id)).mappings().first()
            return _fax(row, self._pages(t, fax_id)) if row else None

        return await self._database.read(found)

    async def page(self, before: tuple[datetime, str] | None, limit: int) -> Sequence[Fax]:
        """The newest first, without their pages; `before` is the start and id of the last one seen."""
        wanted = select(faxes).order_by(faxes.c.started_at.desc(), faxes.c.id.desc()).limit(limit)
        if before is not None:
            at, last = rows.to_ms(before[0]), before[1]
            same_time = and_(faxes.c.started_at == at, faxes.c.id < last)
            wanted = wanted.where(or_(faxes.c.started_at < at, same_time))
        records = await self._database.read(lambda t: t.execute(wanted).mappings().all())
        return [_fax(row, ()) for row in records]

    async def of_item(self, number: str) -> Sequence[Fax]:
        """The faxes of an item with their pages, in the order in which they came."""

        def found(t: Transaction) -> list[Fax]:
            wanted = select(faxes).where(faxes.c.number == number).order_by(faxes.c.started_at, faxes.c.id)
            return [_fax(row, self._pages(t, row["id"])) for row in t.execute(wanted).mappings().all()]

        return await self._database.read(found)

    async def with_mark(self, mark: str, since: datetime) -> Sequence[Fax]:
        """Faxes with their pages of which the first page has this mark, the newest first."""
        wanted = (
            select(faxes)
            .join(fax_pages, fax_pages.c.fax == faxes.c.id)
            .where(fax_pages.c.mark == mark, fax_pages.c.page == 1)
            .where(faxes.c.started_at >= rows.to_ms(since), faxes.c.number != "")
            .order_by(faxes.c.started_at.desc(), faxes.c.id.desc())
            .limit(20)
        )

        def found(t: Transaction) -> list[Fax]:
            return [_fax(row, self._pages(t, row["id"])) for row in t.execute(wanted).mappings().all()]

        return await self._database.read(found)

    def filed(self, t: Transaction, number: str) -> tuple[FiledPage, ...]:
        """The pages that are shown with an item: its own, and those of items that were merged into it."""
        merged = select(items.c.number).where(items.c.merged_into == number)
        wanted = (
            select(fax_pages, faxes.c.started_at, faxes.c.same_as)
            .join(faxes, faxes.c.id == fax_pages.c.fax)
            .where(or_(fax_pages.c.number == number, fax_pages.c.number.in_(merged)))
        )
        pages = [
            FiledPage(row["fax"], rows.of_ms(row["started_at"]), page_of(row), bool(row["same_as"]))
            for row in t.execute(wanted).mappings().all()
        ]
        return in_order(pages, number)

    async def waiting(self, limit: int) -> Sequence[FiledPage]:
        """Pages that wait to be read, those that came first first."""
        wanted = (
            select(fax_pages, faxes.c.started_at)
            .join(faxes, faxes.c.id == fax_pages.c.fax)
            .where(fax_pages.c.reading == Reading.WAITING.value)
            .order_by(faxes.c.started_at, fax_pages.c.fax, fax_pages.c.page)
            .limit(limit)
        )
        records = await self._database.read(lambda t: t.execute(wanted).mappings().all())
        return [FiledPage(row["fax"], rows.of_ms(row["started_at"]), page_of(row)) for row in records]

    async def keep_reading(
        self, page: FiledPage, reading: Reading, text: str, words: str, found: str
    ) -> None:
        """What the machine made of a page: its lines and suggestions as JSON."""
        of = and_(fax_pages.c.fax == page.fax, fax_pages.c.page == page.page.page)
        values = {"reading": reading.value, "text": text, "words": words, "hints": found}
        await self._database.write(lambda t: t.execute(update(fax_pages).where(of).values(**values)) and None)

    def place(self, t: Transaction, order: Sequence[Placing]) -> None:
        """Put pages in this order, turned as they say."""
        for place, page in enumerate(order, 1):
            of = and_(fax_pages.c.fax == page.fax, fax_pages.c.page == page.page)
            t.execute(update(fax_pages).where(of).values(place=place, turned=page.turned))

    def move(self, t: Transaction, pages: Sequence[FiledPage], number: str) -> None:
        """Pages that stand in another item from now on."""
        for page in pages:
            of = and_(fax_pages.c.fax == page.fax, fax_pages.c.page == page.page.page)
            t.execute(update(fax_pages).where(of).values(number=number, place=0))

    def _pages(self, t: Transaction, fax_id: str) -> tuple[FaxPage, ...]:
        wanted = select(fax_pages).where(fax_pages.c.fax == fax_id).order_by(fax_pages.c.page)
        return tuple(page_of(row) for row in t.execute(wanted).mappings().all())


def page_of(row: RowMapping) -> FaxPage:
    """A page as its row has it."""
    return FaxPage(
        page=row["page"],
        sha256=row["sha256"],
        mark=row["mark"],
        width=row["width"],
        height=row["height"],
        number=row["number"],
        place=row["place"],
        turned=row["turned"],
        reading=Reading(row["reading"]),
        text=row["text"],
        words=row["words"],
        hints=row["hints"],
    )


def _values(fax: Fax) -> dict[str, Any]:
    return {
        "id": fax.id,
        "number": fax.number,
        "same_as": fax.same_as,
        "caller": fax.caller,
        "station": fax.station,
        "dialled": fax.dialled,
        "line": fax.line,
        "mode": fax.mode,
        "rate": fax.rate,
        "ecm": fax.ecm,
        "resolution": fax.resolution,
        "status": fax.status.value,
        "error": fax.error,
        "received": fax.received,
        "expected": fax.expected,
        "started_at": rows.to_ms(fax.started_at),
        "ended_at": rows.to_ms(fax.ended_at),
    }


def _page_values(fax: Fax, page: FaxPage) -> dict[str, Any]:
    return {
        "fax": fax.id,
        "page": page.page,
        "number": page.number or fax.number,
        "place": page.place,
        "turned": page.turned,
        "sha256": page.sha256,
        "mark": page.mark,
        "width": page.width,
        "height": page.height,
        "reading": page.reading.value,
        "text": page.text,
        "words": page.words,
        "hints": page.hints,
    }


def _fax(row: RowMapping, pages: tuple[FaxPage, ...]) -> Fax:
    return Fax(
        id=row["id"],
        caller=row["caller"],
        dialled=row["dialled"],
        line=row["line"],
        started_at=rows.of_ms(row["started_at"]),
        ended_at=rows.of_ms(row["ended_at"]),
        status=FaxStatus(row["status"]),
        number=row["number"],
        same_as=row["same_as"],
        station=row["station"],
        mode=row["mode"],
        rate=row["rate"],
        ecm=bool(row["ecm"]),
        resolution=row["resolution"],
        error=row["error"],
        received=row["received"],
        expected=row["expected"],
        pages=pages,
    )
