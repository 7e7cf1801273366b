"""Pages are read by the real reader; a page that kills or stops it is given up, and the others are read."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.channels.fax import reading
from gateway.channels.fax.reading import FaxReading, PageReader, Unread
from gateway.core.fax.record import Reading
from gateway.intake.fax_filing import Filing
from tests.channels.fax.filed import LINES, fax_item
from tests.channels.fax.letters import page
from tests.intake.matters.conftest import House, house, templates

__all__ = ["house", "templates"]
LETTER = [
    "关于购买手机质量问题的投诉信",
    "临汾市市场监督管理局：",
    "本人王小明，电话13835712345，于2026年3月1日在尧都区",
    "鼓楼北大街某某通讯器材商行购买手机一部，价款2999元。",
    "使用三天后屏幕无法点亮，商家以人为损坏为由拒绝退货。",
    "现要求退还货款并赔偿损失，请依法处理。",
]


@pytest.fixture
async def reader() -> AsyncIterator[PageReader]:
    made = PageReader()
    yield made
    await made.stop()


async def test_a_chinese_letter_is_read_with_its_places(reader: PageReader, tmp_path: Path) -> None:
    picture = tmp_path / "letter.png"
    page(LETTER, height=2156).save(picture)
    lines = await reader.read(picture)
    likeness = difflib.SequenceMatcher(None, "".join(LETTER), "".join(line.text for line in lines)).ratio()
    assert likeness > 0.97
    tops = [line.box[1] for line in lines]
    assert tops == sorted(tops)
    for x, _, width, height in (line.box for line in lines):
        assert x > 50 and width > 100 and 20 < height < 120
    blank = tmp_path / "blank.png"
    page([], height=1000).save(blank)
    assert await reader.read(blank) == ()


async def test_what_is_no_picture_is_told_and_the_reader_goes_on(reader: PageReader, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.png", tmp_path / "good.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    page(["投诉信"], height=500).save(good)
    with pytest.raises(Unread):
        await reader.read(bad)
    assert reader.runs
    assert [line.text for line in await reader.read(good)] == ["投诉信"]


@pytest.mark.parametrize(
    "does",
    ["import sys; sys.exit(3)", "import time; time.sleep(600)", "print('no JSON', flush=True); input()"],
    ids=["dies", "hangs", "raves"],
)
async def test_a_reader_that_dies_hangs_or_raves_is_ended(
    does: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LIMIT", 1.0)
    reader = PageReader((sys.executable, "-c", does))
    with pytest.raises(Unread):
        await reader.read(tmp_path / "any.png")
    assert not reader.runs


class Picky(PageReader):
    """Reads as the real one does, but for one page that ends it; counts the tries."""

    def __init__(self, poison: Path) -> None:
        super().__init__()
        self.poison = poison
        self.tries = 0

    async def read(self, picture: Path):  # type: ignore[no-untyped-def]
        if picture == self.poison:
            self.tries += 1
            await self.stop()
            raise Unread("poison")
        return await super().read(picture)


async def test_what_waits_is_read_and_poison_is_given_up(house: House) -> None:
    receipt = await fax_item(house.intake, house.storage, house.var / "made", reading=Reading.WAITING)
    place, told = house.storage.files.path, asyncio.Queue[str]()
    pages = await Filing(house.intake, house.storage, house.clock).pages(receipt.number)
    picky = Picky(place(pages[0].page.sha256))
    for filed in pages[1:]:  # they lie encrypted: the reader gets them nonetheless
        assert house.storage.files.convert(place(filed.page.sha256), encrypt=True)
    task = asyncio.create_task(
        FaxReading(house.storage.faxes, house.storage.files.clear_path, told.put_nowait, picky).keep_on()
    )
    for _ in pages:
        assert await asyncio.wait_for(told.get(), 60) == receipt.number
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert not picky.runs
    assert picky.tries == reading.TRIES
    pages = await Filing(house.intake, house.storage, house.clock).pages(receipt.number)
    assert [one.page.reading for one in pages] == [Reading.FAILED, Reading.READ, Reading.READ]
    assert all(line in pages[1].page.text for line in LINES[1].split())
    assert "13835712345" in pages[1].page.hints
    assert (await house.intake.get(receipt.number)).item.person.name == "", "offered, never written"
