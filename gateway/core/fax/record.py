"""What is known of one fax that came in: the line, the far machine, how it went, and its pages.

Pure data, and the one rule by which a fax that comes again is known. core/call/state.py fills `FaxNote`
from the dialplan's notes, gateway/channels/fax/reception.py makes the rest of it, storage keeps it.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class FaxStatus(StrEnum):
    """What came of it. NONE: the machines met, or did not, and no page came over."""

    WHOLE = "whole"
    PARTIAL = "partial"
    NONE = "none"


class Reading(StrEnum):
    """Whether a page has been read by the machine."""

    WAITING = "waiting"
    READ = "read"
    FAILED = "failed"
    OFF = "off"


SUCCESS = "SUCCESS"
"""FAXSTATUS of a transmission that came to its end; what FAXERROR says besides counts for nothing."""
_MODES = {"t38": "t38", "audio": "audio"}


@dataclass(frozen=True, slots=True)
class FaxNote:
    """What the dialplan noted of a fax. `file` lies in the spool; all else is known once it is over.

    `pages` counts whole pages, `rate` is in bit/s, `resolution` is dots per metre across x down, `station`
    is what the far machine calls itself. `status` is Asterisk's own word, "" while it lasts.
    """

    file: str
    status: str = ""
    pages: int = 0
    mode: str = ""
    rate: int = 0
    resolution: str = ""
    ecm: bool = False
    station: str = ""
    error: str = ""

    def done(self, fields: tuple[str, ...]) -> FaxNote:
        """With the fields of a `fax_done` note: status, pages, mode, rate, resolution, ecm, station, error
        (both in base64)."""
        given = (*fields, *[""] * 8)
        status, pages, mode, rate, resolution, ecm, station, error = given[:8]
        return FaxNote(
            self.file,
            status=status[:20],
            pages=_count(pages),
            mode=_MODES.get(mode.strip().lower().replace(".", ""), ""),
            rate=_count(rate),
            resolution=resolution[:16],
            ecm=ecm.strip().lower() in ("yes", "on", "true"),
            station=said(station, 40),
            error=said(error, 200),
        )


@dataclass(frozen=True, slots=True)
class FaxPage:
    """One page. `sha256` is that of its picture (PNG, square pixels), `mark` that of its dots below the
    line which the sender's machine prints above them; `width` and `height` are those of the picture."""

    page: int
    sha256: str
    mark: str
    width: int
    height: int
    number: str = ""
    place: int = 0
    turned: int = 0
    reading: Reading = Reading.WAITING
    text: str = ""
    words: str = "[]"
    hints: str = "[]"


@dataclass(frozen=True, slots=True)
class FiledPage:
    """A page with the fax it came in; `again` when that fax repeats another one."""

    fax: str
    came: datetime
    page: FaxPage
    again: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """Which page it is, for good; `page.number` is the item in which it stands now."""
        return self.fax, self.page.page


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a person wants a page: its turn, one of TURNS, and its place by the order of placings."""

    fax: str
    page: int
    turned: int = 0

    @property
    def key(self) -> tuple[str, int]:
        return self.fax, self.page


TURNS = (0, 90, 180, 270)
"""How far a page may be turned, in degrees to the right."""


@dataclass(frozen=True, slots=True)
class Fax:
    """One fax that came in. `id` is its call's; `number` the item it is, or belongs to; `same_as` the
    fax that had the same pages before. `expected` is how many pages it should have had, if that is known.
    """

    id: str
    caller: str
    dialled: str
    line: int
    started_at: datetime
    ended_at: datetime
    status: FaxStatus
    number: str = ""
    same_as: str = ""
    station: str = ""
    mode: str = ""
    rate: int = 0
    ecm: bool = False
    resolution: str = ""
    error: str = ""
    received: int = 0
    expected: int | None = None
    pages: tuple[FaxPage, ...] = field(default=())

    @property
    def seconds(self) -> float:
        """How long it had the line."""
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(page.mark for page in self.pages)


def status_of(said_status: str, pages: int) -> FaxStatus:
    """What came of a transmission by Asterisk's word and the pages that are there."""
    if not pages:
        return FaxStatus.NONE
    return FaxStatus.WHOLE if said_status == SUCCESS else FaxStatus.PARTIAL


def is_again(fax: Fax, before: Fax) -> bool:
    """Is this the fax that came before, sent once more? Same sender, and the same dots on every page.

    Where one of the two was cut off, the pages that both have must be the same.
    """
    by_number = fax.caller and fax.caller == before.caller
    by_station = fax.station and fax.station == before.station
    if not (by_number or by_station):
        return False
    both = min(len(fax.pages), len(before.pages))
    cut = FaxStatus.PARTIAL in (fax.status, before.status)
    if not both or (len(fax.pages) != len(before.pages) and not cut):
        return False
    return fax.marks[:both] == before.marks[:both]


def in_order(pages: Iterable[FiledPage], number: str) -> tuple[FiledPage, ...]:
    """The pages of an item as they are shown.

    First those that a person put in order, then the others as they came, those of items that were joined
    to it last. A page of a repetition that has come before is left out.
    """
    came = sorted(
        pages, key=lambda sheet: (sheet.page.number != number, sheet.came, sheet.fax, sheet.page.page)
    )
    marks: dict[str, str] = {}  # where the dots of a page came first
    shown = []
    for sheet in came:
        first = marks.setdefault(sheet.page.mark, sheet.fax)
        if not (sheet.again and first != sheet.fax):
            shown.append(sheet)
    places = [sheet.page.place for sheet in shown if sheet.page.place]
    if len(places) == len(set(places)):
        shown.sort(key=lambda sheet: sheet.page.place or len(shown) + max(places, default=0))
    return tuple(shown)


def said(text64: str, longest: int) -> str:
    """Free text of the far end out of base64, behind a dot: printable characters only, cut to `longest`."""
    try:
        text = base64.b64decode(text64, validate=True).decode("utf-8", "replace")[1:]
    except (binascii.Error, ValueError):
        return ""
    return "".join(character for character in text if unicodedata.category(character)[0] != "C").strip()[
        :longest
    ]


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
