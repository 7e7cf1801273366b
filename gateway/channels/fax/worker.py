"""The child process that opens fax files: `python -m gateway.channels.fax.worker TIFF FOLDER PAGES`.

Writes a picture of each page (PNG, one bit, square pixels) and one PDF of all into the folder, and one
line of JSON to stdout. Memory, time and file size are bounded before the file is opened, so that a
hostile file ends this process and not the gateway. Started by gateway/channels/fax/pages.py.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageFile, UnidentifiedImageError

from gateway.child_limits import bound

WIDEST, LONGEST = 5000, 20000  # pixels of a page as it came
FINE = 204  # dots per inch across, where the file does not say
HEADER = 0.4  # inches at the top, where the sender's machine prints time and page number
BROKEN = (
    *(OSError, SyntaxError, ValueError, MemoryError, EOFError, TypeError, KeyError, OverflowError),
    Image.DecompressionBombError,
)


def pages(tiff: Path, folder: Path, most: int) -> dict[str, object]:
    """What is in the file: {"pages": […], "broken": how many could not be read, "more": left out}.

    A page is {"file", "sha256", "mark", "width", "height"}: its picture's name in the folder and its
    SHA-256, the SHA-256 of its dots below the header, and the picture's size in pixels. Raises OSError
    when it is no TIFF.
    """
    sheets: list[dict[str, object]] = []
    broken = more = 0
    pdf = folder / "fax.pdf"
    with Image.open(tiff, formats=("TIFF",)) as image:
        for number in _frames(image):
            if len(sheets) + broken >= most:
                more += 1
                continue
            try:
                sheets.append(_page(image, number, folder, pdf, bool(sheets)))
            except BROKEN:
                broken += 1
    return {"pages": sheets, "broken": broken, "more": more}


def _frames(image: Image.Image) -> Iterator[int]:
    """The numbers of the pages, as far as the chain of directories can be followed."""
    number = 0
    while True:
        try:
            image.seek(number)
        except BROKEN:
            return
        yield number
        number += 1


def _page(image: Image.Image, number: int, folder: Path, pdf: Path, append: bool) -> dict[str, object]:
    image.seek(number)
    width, height = image.size
    if not (0 < width <= WIDEST and 0 < height <= LONGEST):
        raise ValueError(f"{width} by {height} pixels are no fax page")
    across, down = _density(image)
    dots = image.convert("1")
    mark = _mark(dots, down)
    square = dots.resize((width, max(1, round(height * across / down))), Image.Resampling.NEAREST)
    file = folder / f"{number + 1:03}.png"
    square.save(file, "PNG", dpi=(across, across))
    square.save(pdf, "PDF", resolution=across, append=append)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return {
        "file": file.name,
        "sha256": sha256,
        "mark": mark,
        "width": square.width,
        "height": square.height,
    }


def _density(image: Image.Image) -> tuple[float, float]:
    """Dots per inch across and down; what is missing or mad is taken as fine."""
    try:
        across, down = (float(dots) for dots in image.info.get("dpi", (FINE, FINE)))
    except (TypeError, ValueError, ZeroDivisionError):
        return FINE, FINE
    if not (50 <= across <= 1200 and 50 <= down <= 1200):
        return FINE, FINE
    return across, down


def _mark(dots: Image.Image, down: float) -> str:
    """The SHA-256 of the dots below the header; of all of them when there is nothing below."""
    top = round(HEADER * down)
    below = dots.crop((0, top, dots.width, dots.height)) if dots.height > 2 * top else dots
    return hashlib.sha256(f"{below.width}x{below.height}:".encode() + below.tobytes()).hexdigest()


def main(arguments: list[str]) -> int:
    """0 and the JSON, or 1 when the file is no TIFF at all."""
    bound()
    Image.MAX_IMAGE_PIXELS = WIDEST * LONGEST
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    tiff, folder, most = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    try:
        report = pages(tiff, folder, most)
    except (*BROKEN, UnidentifiedImageError) as error:
        print(json.dumps({"error": type(error).__name__}))
        return 1
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
