"""A child process that sets a text as fax pages: `python -m gateway.fax.letter TIFF FONT`, text on stdin.

Group 4, 1,728 dots wide, 204 by 196 dots per inch, at most MOST pages; prints how many as JSON. Started by
gateway/notify/fax.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gateway.fax.worker import bound

WIDTH, HEIGHT = 1728, 2156  # A4 at 204 by 196 dots per inch, without its lower margin
MARGIN, SIZE, STEP = 130, 40, 62  # dots
MOST = 30  # pages
LONGEST = 60_000  # characters


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


def main(arguments: list[str]) -> int:
    """0 and the JSON; 1 when it is too long."""
    bound()
    text = sys.stdin.read(LONGEST + 1)
    made = list(pages(text, ImageFont.truetype(arguments[1], SIZE))) if len(text) <= LONGEST else []
    if not 0 < len(made) <= MOST:
        print(json.dumps({"error": f"more than {MOST} pages"}))
        return 1
    made[0].save(
        Path(arguments[0]),
        "TIFF",
        compression="group4",
        save_all=True,
        append_images=made[1:],
        dpi=(204, 196),
    )
    print(json.dumps({"pages": len(made)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
