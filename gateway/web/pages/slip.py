"""The receipt as a PDF to keep or print: number, query code, legal dates, and a QR code to look it up.

Chinese is set in the font that gateway/settings/fonts.py finds, embedded in the PDF; without one, in one
that PDF readers bring themselves (Adobe-GB1). Blocking.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import segno
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from gateway.settings import fonts
from gateway.settings.cache import cache_home

READERS_OWN = "STSong-Light"
_LEFT = 16 * mm
_LABEL = 44 * mm
_GREY = HexColor("#444444")
_BLACK = HexColor("#000000")


@dataclass(frozen=True, slots=True)
class Slip:
    """What is printed, already in the reader's language. `rows` are label and value, `notes` small print."""

    title: str
    heading: str
    rows: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    address: str
    language: str = "zh-CN"


def pdf(slip: Slip) -> bytes:
    """One A5 page."""
    font = _font()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A5, invariant=True, lang=slip.language, initialFontName=font)
    canvas.setTitle(f"{slip.title} {slip.heading}")
    width, height = A5
    y = height - 18 * mm
    canvas.setFont(font, 15)
    canvas.drawString(_LEFT, y, slip.title)
    y -= 8 * mm
    canvas.setFont(font, 11)
    canvas.drawString(_LEFT, y, slip.heading)
    canvas.line(_LEFT, y - 3 * mm, width - _LEFT, y - 3 * mm)
    y -= 11 * mm
    for number, (label, value) in enumerate(slip.rows):
        y = _row(canvas, y, label, value, large=number < 2)
    y -= 2 * mm
    side = 30 * mm
    _qr(canvas, slip.address, _LEFT, y - side, side)
    canvas.setFillColor(_GREY)
    _lines(canvas, _LEFT + side + 5 * mm, y - 4 * mm, slip.notes, width - 2 * _LEFT - side - 5 * mm)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


@cache
def _font() -> str:
    """The name of the font, ready for use."""
    file = fonts.find(cache_home())
    if file is None:
        pdfmetrics.registerFont(UnicodeCIDFont(READERS_OWN))
        return READERS_OWN
    pdfmetrics.registerFont(TTFont("Chinese", str(file), subfontIndex=0))
    return "Chinese"


def _row(canvas: Canvas, y: float, label: str, value: str, large: bool) -> float:
    """A label and its value, each in its column; where the next row begins."""
    ends = [
        _column(canvas, _LEFT, y, label, 10.5, _LABEL - 4 * mm, _GREY),
        _column(canvas, _LEFT + _LABEL, y, value, 17 if large else 10.5, A5[0] - 2 * _LEFT - _LABEL, _BLACK),
    ]
    return min(ends) - float(3 * mm if large else 1.2 * mm)


def _column(canvas: Canvas, x: float, y: float, text: str, size: float, room: float, colour: Color) -> float:
    font = _font()
    canvas.setFont(font, size)
    canvas.setFillColor(colour)
    for line in simpleSplit(text, font, size, room) or [""]:
        canvas.drawString(x, y, line)
        y -= size * 1.45
    return y


def _lines(canvas: Canvas, x: float, y: float, notes: tuple[str, ...], room: float) -> None:
    for note in notes:
        font = _font()
        canvas.setFont(font, 9)
        for line in simpleSplit(note, font, 9, room):
            canvas.drawString(x, y, line)
            y -= 4.6 * mm
        y -= 1.5 * mm


def _qr(canvas: Canvas, text: str, x: float, y: float, side: float) -> None:
    """The code as squares, with its quiet zone."""
    rows = list(segno.make(text, error="m", micro=False).matrix_iter(border=2))
    unit = side / len(rows)
    canvas.setFillColor(_BLACK)
    for down, row in enumerate(rows):
        for along, dark in enumerate(row):
            if dark:
                canvas.rect(x + along * unit, y + side - (down + 1) * unit, unit, unit, stroke=0, fill=1)
