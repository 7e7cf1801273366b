"""Pages out of TIFFs, good ones and those that were made to do harm."""

from __future__ import annotations

import asyncio
import random
import struct
import warnings
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from gateway.channels.fax import worker
from gateway.channels.fax.pages import NOTHING, read_sheets
from tests.channels.fax.letters import letter, page, save


async def test_pages_become_square_pictures_and_one_pdf(tmp_path: Path) -> None:
    for fine in (True, False):
        folder = tmp_path / str(fine)
        folder.mkdir()
        sheets = await read_sheets(letter(tmp_path / "in.tif", 3, fine=fine), folder, 200)
        assert len(sheets.pages) == 3 and sheets.all_read
        assert len({sheet.mark for sheet in sheets.pages}) == 3
        for sheet in sheets.pages:
            with Image.open(sheet.file) as picture:
                assert picture.size == (sheet.width, sheet.height)
            assert sheet.width == 1728 and abs(sheet.height - 1145) < 3
        assert sheets.pdf and sheets.pdf.read_bytes().startswith(b"%PDF")


async def test_the_senders_header_line_makes_no_other_page(tmp_path: Path) -> None:
    first, second = page(["同一封信"]), page(["同一封信"])
    ImageDraw.Draw(first).text((20, 5), "24 Nov 2026 09:00  P.1", fill=0)
    ImageDraw.Draw(second).text((20, 5), "24 Nov 2026 09:45  P.1", fill=0)
    marks = []
    for n, image in enumerate((first, second, page(["另一封信"]))):
        (tmp_path / str(n)).mkdir()
        sheets = await read_sheets(save(tmp_path / f"{n}.tif", [image]), tmp_path / str(n), 9)
        marks.append(sheets.pages[0].mark)
    assert marks[0] == marks[1] != marks[2]


async def test_pages_over_the_limit_are_counted_and_left_in_the_original(tmp_path: Path) -> None:
    sheets = await read_sheets(letter(tmp_path / "in.tif", 4), tmp_path, 2)
    assert (len(sheets.pages), sheets.more, sheets.all_read) == (2, 2, False)


def bomb(width: int, height: int) -> bytes:
    """A TIFF of a few bytes that says it is so large."""
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 1),
        (259, 3, 1, 1),
        (262, 3, 1, 0),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, 1 << 30),
    ]
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 8) + body + b"\0" * 4


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"II*\0",
        b"II*\0\x08\0\0\0",
        b"GIF89a" + b"x" * 100,
        bomb(60000, 60000),
        bomb(4000, 4_000_000_000),
        bomb(1728, 20_001),
        bomb(1728, 2200),
    ],
)
async def test_what_is_no_page_is_nothing(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "bad.tif"
    file.write_bytes(raw)
    sheets = await read_sheets(file, tmp_path, 200)
    assert sheets == NOTHING or (not sheets.pages and sheets.broken)


async def test_a_broken_page_leaves_the_others(tmp_path: Path) -> None:
    whole = letter(tmp_path / "in.tif", 3)
    raw = bytearray(whole.read_bytes())
    with Image.open(whole) as image:
        image.seek(1)
        start = image.tag_v2[273][0]
        length = image.tag_v2[279][0]
    raw[start : start + length] = b"\xff" * length
    whole.write_bytes(raw)
    sheets = await read_sheets(whole, tmp_path, 200)
    assert len(sheets.pages) + sheets.broken == 3 and len(sheets.pages) >= 2


async def test_a_bomb_behind_a_page_leaves_the_page(tmp_path: Path) -> None:
    whole = letter(tmp_path / "in.tif", 2)
    raw = bytearray(whole.read_bytes())
    with Image.open(whole) as image:
        second = image.tag_v2.next
    for place in range(second + 2, second + 2 + 12 * struct.unpack_from("<H", raw, second)[0], 12):
        tag = struct.unpack_from("<H", raw, place)[0]
        if tag in (256, 257):  # its width and height
            struct.pack_into("<HII", raw, place + 2, 4, 1, 60_000)
    whole.write_bytes(raw)
    sheets = await read_sheets(whole, tmp_path, 200)
    assert len(sheets.pages) == 1


def small(folder: Path) -> bytes:
    """A TIFF of two little pages, to be broken."""
    image = Image.new("1", (200, 120), 1)
    ImageDraw.Draw(image).text((20, 60), "fax", fill=0)
    return save(folder / "small.tif", [image, image]).read_bytes()


def mutated(chance: random.Random, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 12)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.randint(8, len(changed))])


def test_fuzzed_files_break_nothing(tmp_path: Path) -> None:
    """Thousands of changed TIFFs: each is pages or a clear refusal, in one process and without a crash."""
    chance = random.Random(12315)
    raw = small(tmp_path)
    file = tmp_path / "fuzzed.tif"
    warnings.simplefilter("ignore")  # the library says what it thinks of each
    for _ in range(3000):
        file.write_bytes(mutated(chance, raw))
        try:
            made = worker.pages(file, tmp_path, 20)
        except worker.BROKEN:
            continue
        assert set(made) == {"pages", "broken", "more"}


async def test_many_at_once(tmp_path: Path) -> None:
    file = letter(tmp_path / "in.tif", 1)
    folders = [tmp_path / str(n) for n in range(4)]
    for folder in folders:
        folder.mkdir()
    all_sheets = await asyncio.gather(*(read_sheets(file, folder, 9) for folder in folders))
    assert {sheets.pages[0].sha256 for sheets in all_sheets} == {all_sheets[0].pages[0].sha256}
