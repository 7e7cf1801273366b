"""A child process that sets a letter as fax pages: `python -m gateway.notify.fax_sheet TIFF FONT [PDF …]`.

The text comes on stdin, the pages of the PDFs behind it. Group 4, 1,728 dots wide, 204 by 196 dots per
inch, at most MOST pages in all; prints how many as JSON. Started by gateway/notify/fax.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw, ImageFont

from gateway.child_limits import bound

WIDTH, HEIGHT = 1728, 2156  # A4 at 204 by 196 dots per inch, without its lower margin
MARGIN, SIZE, STEP = 130, 40, 62  # dots
MOST = 30  # pages
LONGEST = 60_000  # characters
TALLEST = 3 * HEIGHT  # dots that one page of a PDF may take; what is longer is made smaller


def pages(text: str, font: ImageFont.FreeTypeFont) -> Iterator[Image.Image]:
    """The text on pages, broken where a line is full."""
    rows = (HEIGHT - 2 * MARGIN) // STEP
    lines = list(_lines(text, font))
    for first in range(0, max(1, len(lines)), rows):
        page = Image.new("1", (WIDTH, HEIGHT), 1)
        draw = ImageDraw.Draw(page)
        for number, line in enumerate(lines[first : first + rows]):
            draw.text((MARGIN, MARGIN + number * STEP), line, font=font, fill=0)
        yield page


def _lines(text: str, font: ImageFont.FreeTypeFont) -> Iterator[str]:
    room = WIDTH - 2 * MARGIN
    for paragraph in text.splitlines():
        line = ""
        for sign in paragraph:
            if font.getlength(line + sign) > room:
                yield line
                line = ""
            line += sign
        yield line


def enclosed(pdfs: Iterable[Path]) -> Iterator[Image.Image]:
    """The pages of PDFs as a fax machine would scan them, grey as dots. Raises TooMany before it draws."""
    opened = [pypdfium2.PdfDocument(file.read_bytes()) for file in pdfs]  # its path may be one of /proc
    if sum(len(document) for document in opened) > MOST:
        raise TooMany
    for document in opened:
        for page in document:
            wide, high = page.get_size()
            scale = min(WIDTH / max(wide, 1.0), TALLEST / max(high, 1.0))
            drawn = page.render(scale=scale, grayscale=True).to_pil().convert("L")
            sheet = Image.new("L", (WIDTH, max(1, round(drawn.height * 196 / 204))), 255)
            sheet.paste(drawn.resize((min(drawn.width, WIDTH), sheet.height)), (0, 0))
            yield sheet.convert("1")


class TooMany(Exception):
    """More than MOST pages."""


def main(arguments: list[str]) -> int:
    """0 and the JSON; 1 when it is too long, or a PDF cannot be read."""
    bound()
    text = sys.stdin.read(LONGEST + 1)
    try:
        sheets = list(pages(text, ImageFont.truetype(arguments[1], SIZE))) if len(text) <= LONGEST else []
        sheets += enclosed(map(Path, arguments[2:]))
    except (TooMany, pypdfium2.PdfiumError):
        sheets = []
    if not 0 < len(sheets) <= MOST:
        print(json.dumps({"error": f"more than {MOST} pages, or not to be read"}))
        return 1
    sheets[0].save(
        Path(arguments[0]),
        "TIFF",
        compression="group4",
        save_all=True,
        append_images=sheets[1:],
        dpi=(204, 196),
    )
    print(json.dumps({"pages": len(sheets)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
