"""Reading of Chinese fax pages: wrong characters, seconds and memory a page, beside tesseract where it is.

The pages are made here as a fax machine would send them: fine and clean, fine with the look of a scan, and
standard resolution stretched to square pixels.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bench.table import Part, Row, at_most
from gateway.channels.fax.reading import PageReader
from gateway.setup.workshop import tool

WIDTH, HEIGHT, SIZE, STEP = 1728, 2156, 34, 56
SECONDS, MEMORY = 3.0, 500.0  # a page, and MB, at most
WRONG = {"fine": 2.0, "scanned": 3.0, "standard": 8.0}  # percent of the characters, at most
SENTENCES = (
    "本人于{y}年{m}月{d}日在临汾市尧都区鼓楼北大街的通讯器材商行购买手机一部，价款{n}元。",
    "使用三天后屏幕无法点亮，商家以人为损坏为由拒绝退货，也不肯出具检测报告。",
    "经多次协商未果，现要求退还货款并赔偿误工费和交通费共计{k}元。",
    "随信附上购物小票、付款记录和聊天截图，如需补充材料请拨打{p}与我联系。",
    "该店在促销广告中承诺七日内无理由退换，实际却以各种借口推诿，涉嫌虚假宣传。",
    "请贵局依照消费者权益保护法的规定予以处理，并将结果书面告知投诉人。",
)


@dataclass(frozen=True, slots=True)
class Made:
    """A page and what stands on it."""

    file: Path
    text: str


def letters(folder: Path, count: int, look: str) -> Iterator[Made]:
    """Pages that differ in their words and in the chance of the scanner."""
    font = ImageFont.truetype(str(tool("noto-cjk")), SIZE)
    for number in range(count):
        chance = random.Random(f"{look}{number}")
        text = _text(chance)
        page = Image.new("L", (WIDTH, HEIGHT), 255)
        draw = ImageDraw.Draw(page)
        lines = list(_wrapped(text, (WIDTH - 240) // SIZE))
        for row, line in enumerate(lines):
            draw.text((120, 140 + row * STEP), line, font=font, fill=0)
        file = folder / f"{look}-{number}.png"
        _faxed(page, look, chance).save(file)
        yield Made(file, "".join(lines))


def _text(chance: random.Random) -> str:
    said = []
    for _ in range(2):
        for sentence in chance.sample(SENTENCES, len(SENTENCES)):
            facts = {"y": 2026, "m": chance.randint(1, 12), "d": chance.randint(1, 28)}
            more = {"n": chance.randint(100, 9999), "k": chance.randint(50, 999)}
            said.append(sentence.format(**facts, **more, p=f"138{chance.randrange(10**8):08}"))
    return "".join(said)


def _wrapped(text: str, width: int) -> Iterator[str]:
    for start in range(0, len(text), width):
        yield text[start : start + width]


def _faxed(page: Image.Image, look: str, chance: random.Random) -> Image.Image:
    if look == "scanned":
        page = page.rotate(chance.uniform(-0.7, 0.7), fillcolor=255, resample=Image.Resampling.BICUBIC)
        page = page.filter(ImageFilter.GaussianBlur(1.2))
        specks = ImageDraw.Draw(page)
        for _ in range(400):
            at = (chance.randrange(WIDTH), chance.randrange(HEIGHT))
            specks.rectangle((*at, at[0] + 1, at[1] + 1), fill=chance.choice((0, 255)))
    if look == "standard":
        page = page.resize((WIDTH, HEIGHT // 2)).point(lambda dot: 255 if dot > 127 else 0)
        page = page.resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)
    return page.point(lambda dot: 255 if dot > 150 else 0).convert("1")


def wrong(text: str, read: str) -> float:
    """Characters to be changed, added or taken out, in percent of the text; only letters and digits count."""
    one, two = _plain(text), _plain(read)
    row = list(range(len(two) + 1))
    for n, sign in enumerate(one, 1):
        before, row[0] = row[0], n
        for m, other in enumerate(two, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (sign != other))
    return 100 * row[-1] / len(one)


def _plain(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKC", text) if one.isalnum())


async def _read(pages: list[Made]) -> tuple[list[float], float, float]:
    """Errors in percent, seconds a page, and MB of memory at most."""
    reader, errors = PageReader(), []
    try:
        await reader.read(pages[0].file)  # the models are loaded
        began = time.perf_counter()
        for page in pages:
            lines = await reader.read(page.file)
            errors.append(wrong(page.text, "".join(line.text for line in lines)))
        seconds = (time.perf_counter() - began) / len(pages)
        return errors, seconds, reader.peak / 1024
    finally:
        await reader.stop()


def _peer(pages: list[Made]) -> tuple[list[float], float]:
    errors, began = [], time.perf_counter()
    for page in pages:
        command = ["tesseract", str(page.file), "-", "-l", "chi_sim", "--psm", "6"]
        said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        errors.append(wrong(page.text, said))
    return errors, (time.perf_counter() - began) / len(pages)


def measure(folder: Path, count: int) -> Part:
    """`count` pages of each look."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for look, limit in WRONG.items():
        pages = list(letters(folder, count, look))
        errors, seconds, memory = asyncio.run(_read(pages))
        samples = f"{count} pages, {min(errors):.1f} to {max(errors):.1f} %"
        rows.append(at_most(f"{look}: wrong characters", sum(errors) / count, limit, "{:.2f} %", samples))
        rows.append(at_most(f"{look}: a page", seconds, SECONDS, "{:.2f} s"))
        rows.append(at_most(f"{look}: memory", memory, MEMORY, "{:.0f} MB"))
        if shutil.which("tesseract"):
            others, slow = _peer(pages)
            rows.append(Row(f"{look}: tesseract, wrong characters", f"{sum(others) / count:.2f} %"))
            rows.append(Row(f"{look}: tesseract, a page", f"{slow:.2f} s"))
    notes = () if shutil.which("tesseract") else ("tesseract with chi_sim is not installed: no peer.",)
    return Part(
        "fax-reading", "Reading of made Chinese fax pages, one thread, lowest priority", tuple(rows), notes
    )
