"""Pages to fax, made here: Chinese letters as TIFF of fax size."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gateway.setup.workshop import tool

WIDTH = 1728


def page(lines: list[str], height: int = 1100, size: int = 44) -> Image.Image:
    """A fine page with these lines in black on white."""
    font = ImageFont.truetype(str(tool("noto-cjk")), size)
    image = Image.new("1", (WIDTH, height), 1)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((120, 150 + number * (size + 30)), line, font=font, fill=0)
    return image


def letter(file: Path, pages: int, subject: str = "投诉", *, fine: bool = True, heavy: int = 0) -> Path:
    """A letter of so many pages, each with its own lines; fine is 204x196 dots per inch, else 204x98.

    Page `heavy` has a grey field, always the same, that takes about 12 s on the line.
    """
    images = [
        page([f"{subject}信 第{n}页", "本人在尧都区某商场购买手机一部", f"价款{n}999元，要求退货。"])
        for n in range(1, pages + 1)
    ]
    if heavy:
        grey = random.Random(heavy).randbytes(WIDTH * 90 // 8)
        images[heavy - 1].paste(Image.frombytes("1", (WIDTH, 90), grey), (0, 700))
    return save(file, images, fine=fine)


def save(file: Path, images: list[Image.Image], *, fine: bool = True) -> Path:
    if not fine:
        images = [image.resize((image.width, image.height // 2)) for image in images]
    images[0].save(
        file,
        "TIFF",
        compression="group4",
        save_all=True,
        append_images=images[1:],
        dpi=(204, 196 if fine else 98),
    )
    return file
