"""The way `fax`, short of the line: what may be sent, and how a sending is judged."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from gateway.core.fax.record import FaxNote
from gateway.core.item.delivery import Delivery, Draft, Later, Never, Sent
from gateway.notify.fax import FaxLimits, FaxSender
from gateway.pbx.fax_line import FaxLine, Went
from gateway.settings.cache import cache_home
from gateway.setup import fonts
from gateway.setup.workshop import tool
from gateway.storage.encrypted_files import FileCipher, is_encrypted
from gateway.storage.files import Files

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LIMITS = FaxLimits(r"0\d{9,11}", 3, 20, 3, 600.0)


class Line(FaxLine):
    """A line on which every sending goes one way."""

    def __init__(self, went: Went) -> None:
        self.went = went
        self.dialled: list[str] = []

    async def send(self, call: str, number: str, file: Path) -> Went:
        self.dialled.append(number)
        assert file.stat().st_size > 100
        return self.went


class Counts:
    def __init__(self, to_one: int = 0, in_all: int = 0) -> None:
        self.to_one, self.in_all = to_one, in_all

    async def sent_since(self, way: str, since: datetime, address: str = "") -> int:
        return self.to_one if address else self.in_all


def font() -> Path:
    return fonts.find(cache_home()) or tool("noto-cjk")


def sender(
    folder: Path, went: Went, counts: Counts | None = None, files: Files | None = None
) -> tuple[FaxSender, Line]:
    line = Line(went)
    journal = folder / "journal"
    journal.mkdir(exist_ok=True)

    @asynccontextmanager
    async def in_folder(name: str) -> AsyncIterator[Path]:
        yield folder / name

    clear_path = files.clear_path if files else in_folder
    made = FaxSender(
        line, counts or Counts(), LIMITS, font(), folder / "work", journal, lambda: AT, clear_path
    )
    return made, line


def delivery(to: str = "03573012345", attempts: int = 0) -> Delivery:
    draft = Draft("fax:1", "fax", to, {"text": "受理编号：261124 00001 0\n请妥善保存。"})
    return Delivery(7, "261124000010", draft, AT, AT, attempts=attempts)


def note(status: str, pages: int, rate: int = 14400) -> FaxNote:
    return FaxNote("", status, pages, "audio", rate)


@pytest.mark.parametrize(
    ("went", "wanted", "word"),
    [
        (Went("ANSWER", note("SUCCESS", 1)), Sent, "1页"),
        (Went("ANSWER", note("SUCCESS", 0)), Later, "仅发出0/1页"),
        (Went("ANSWER", note("FAILED", 0)), Later, "仅发出0/1页"),
        (Went("ANSWER", note("FAILED", 0, rate=0)), Later, "没有接收"),
        (Went("ANSWER"), Later, "没有接收"),
        (Went("BUSY"), Later, "占线"),
        (Went("NOANSWER"), Later, "无人接听"),
        (Went("NOLINE"), Later, "空闲线路不足"),
        (Went("CHANUNAVAIL"), Later, "不通"),
        (Went(""), Later, "未能接通"),
    ],
)
async def test_how_it_went(tmp_path: Path, went: Went, wanted: type, word: str) -> None:
    way, _ = sender(tmp_path, went)
    result = await way.send(delivery())
    assert isinstance(result, wanted)
    assert word in (result.entry if isinstance(result, Sent) else result.why)


async def test_part_of_it_is_not_all_of_it(tmp_path: Path) -> None:
    way, _ = sender(tmp_path, Went("ANSWER", note("FAILED", 1)))
    many = delivery()
    many = replace(many, draft=replace(many.draft, content={"text": "一行\n" * 60}))
    result = await way.send(many)
    assert isinstance(result, Later) and "1/2页" in result.why


async def test_the_last_try_gives_up_but_a_full_trunk_costs_none(tmp_path: Path) -> None:
    way, _ = sender(tmp_path, Went("BUSY"))
    assert isinstance(await way.send(delivery(attempts=2)), Never)
    way, _ = sender(tmp_path, Went("NOLINE"))
    assert isinstance(await way.send(delivery(attempts=9)), Later)


@pytest.mark.parametrize("to", ["110", "12345", "0061299990000000", "", "0357x012345", "9001234567"])
async def test_numbers_that_are_not_allowed_are_never_dialled(tmp_path: Path, to: str) -> None:
    way, line = sender(tmp_path, Went("ANSWER", note("SUCCESS", 1)))
    assert isinstance(await way.send(delivery(to)), Never)
    assert line.dialled == []


async def test_limits(tmp_path: Path) -> None:
    way, line = sender(tmp_path, Went("BUSY"), Counts(to_one=3))
    assert isinstance(await way.send(delivery()), Never)
    way, line = sender(tmp_path, Went("BUSY"), Counts(in_all=20))
    assert isinstance(await way.send(delivery()), Later)
    assert line.dialled == []


async def test_what_the_journal_says_went_through_is_not_sent_again(tmp_path: Path) -> None:
    way, line = sender(tmp_path, Went("BUSY"))
    log = tmp_path / "journal" / "20261124.log"
    log.write_text("20261124090500.000|fax_sent|fax-77-1|SUCCESS|1|T38|14400|x|yes|Lg==|Lg==|||\n")
    assert isinstance(await way.send(delivery()), Later), "another delivery's"
    log.write_text("20261124090500.000|fax_sent|fax-7-1|SUCCESS|1|T38|14400|x|yes|Lg==|Lg==|||\n")
    assert isinstance(await way.send(delivery()), Sent)
    assert len(line.dialled) == 1


def set_pages(file: Path, text: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "gateway.notify.fax_sheet", str(file), str(font())]
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=False)


def test_a_letter_is_set_as_fax_pages(tmp_path: Path) -> None:
    file = tmp_path / "letter.tif"
    done = set_pages(file, "您好，临汾市12315热线已收到您的来件。" * 80)
    assert json.loads(done.stdout)["pages"] >= 1
    with Image.open(file) as image:
        assert image.size[0] == 1728 and image.mode == "1"
        assert image.info["compression"] == "group4"
        assert tuple(round(float(one)) for one in image.info["dpi"]) == (204, 196)


def test_a_letter_of_a_thousand_pages_is_refused(tmp_path: Path) -> None:
    for text in ("一行\n" * 30_000, "字" * 70_000):
        done = set_pages(tmp_path / "letter.tif", text)
        assert done.returncode == 1 and "error" in json.loads(done.stdout)
    assert not (tmp_path / "letter.tif").exists()


def pdf(file: Path, pages: int, size: tuple[float, float] = (595, 842)) -> Path:
    made = Canvas(str(file), pagesize=size)
    for number in range(pages):
        made.rect(100, 100, 300, 200, fill=1)
        made.drawString(100, 700, f"page {number + 1}")
        made.showPage()
    made.save()
    return file


def lettered(folder: Path, *pdfs: Path) -> tuple[int, Path]:
    """The exit code and the TIFF of a letter with these PDFs behind it."""
    tiff = folder / "letter.tif"
    command = [sys.executable, "-m", "gateway.notify.fax_sheet", str(tiff), str(font()), *map(str, pdfs)]
    done = subprocess.run(command, input="随信附上材料。", text=True, capture_output=True)
    return done.returncode, tiff


def test_the_pages_of_pdfs_stand_behind_the_letter(tmp_path: Path) -> None:
    long = pdf(tmp_path / "long.pdf", 1, (300, 4000))
    code, tiff = lettered(tmp_path, pdf(tmp_path / "two.pdf", 2), long)
    assert code == 0
    with Image.open(tiff) as image:
        assert image.n_frames == 4  # type: ignore[attr-defined]
        for number in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(number)
            assert (image.mode, image.width) == ("1", 1728)
            assert image.height <= 3 * 2156
            assert image.histogram()[0] > 500, "something stands on it"


def test_a_pdf_of_a_thousand_pages_and_what_is_none_are_not_sent(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.7\n" + bytes(300))
    for file in (pdf(tmp_path / "many.pdf", 1000), bad):
        code, tiff = lettered(tmp_path, file)
        assert code == 1
        assert not tiff.exists()


async def test_a_delivery_names_its_pdfs(tmp_path: Path) -> None:
    pdf(tmp_path / ("a" * 64), 2)
    way, line = sender(tmp_path, Went("ANSWER", note("SUCCESS", 3)))
    one = delivery()
    one = replace(one, draft=replace(one.draft, content={"text": "见附件", "files": "a" * 64}))
    assert isinstance(await way.send(one), Sent)
    gone = replace(one, draft=replace(one.draft, content={"text": "见附件", "files": "b" * 64}))
    assert isinstance(await way.send(gone), Never)
    assert len(line.dialled) == 1


async def test_enclosed_pdfs_may_lie_encrypted(tmp_path: Path) -> None:
    files = Files(tmp_path / "files", FileCipher(b"k" * 32, encrypts=True))
    stored = files.put(pdf(tmp_path / "letter.pdf", 2))
    assert is_encrypted(files.path(stored.sha256))
    way, line = sender(tmp_path, Went("ANSWER", note("SUCCESS", 3)), files=files)
    one = delivery()
    one = replace(one, draft=replace(one.draft, content={"text": "见附件", "files": stored.sha256}))
    assert isinstance(await way.send(one), Sent)
    gone = replace(one, draft=replace(one.draft, content={"text": "见附件", "files": "b" * 64}))
    assert isinstance(await way.send(gone), Never)
    assert len(line.dialled) == 1
