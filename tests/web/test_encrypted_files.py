"""Attachments and recordings that lie encrypted, over HTTP: the clear bytes, in parts too, as players ask."""

from __future__ import annotations

import asyncio
import random
import wave
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser

from gateway.core.call.record import CallOutcome, CallRecord, RecordingState
from gateway.core.item.contact import Evidence
from gateway.storage.encrypted_files import PIECE, is_encrypted
from tests.chromium import chromium
from tests.storage.databases import contact
from tests.web.real_site import RealSite, real_site

CHANCE = random.Random(12315)
SECONDS = 120
CALL = CallRecord(
    *("1.1", "in", "13835712345", "12315", 1, datetime(2026, 3, 2, 1, tzinfo=UTC)),
    outcome=CallOutcome.TALKED,
    recording="recordings/20260302/1.1.wav",
    recording_state=RecordingState.SAVED,
)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path) as running:
        path = tmp_path / CALL.recording
        path.parent.mkdir(parents=True)
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(CHANCE.randbytes(16000 * SECONDS))
        await running.storage.calls.keep([CALL])
        yield running


def encrypt(site: RealSite, path: Path) -> bytes:
    content = path.read_bytes()
    assert site.storage.files.convert(path, encrypt=True) and is_encrypted(path)
    return content


async def got(site: RealSite, path: str, **headers: str) -> tuple[int, bytes, aiohttp.ClientResponse]:
    async with site.client.get(path, headers={**site.bearer("supervisor"), **headers}) as response:
        return response.status, await response.read(), response


async def test_an_attachment_is_downloaded_clear(site: RealSite, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CHANCE.randbytes(3 * PIECE + 17))
    sent = Evidence(str(tmp_path / "a"), "照片.png", "image/png")
    number = (await site.intake.submit(contact("one", evidence=(sent,)))).number
    (attachment,) = (await site.intake.get(number)).attachments
    path = site.storage.files.path(attachment.sha256)
    content = encrypt(site, path)
    url = f"/api/v1/queue/{number}/attachments/{attachment.sha256}"
    status, body, response = await got(site, url)
    assert (status, body) == (200, content) and response.headers["Accept-Ranges"] == "bytes"
    for start, stop in ((0, 1), (PIECE - 1, PIECE + 1), (PIECE, 3 * PIECE), (3 * PIECE, len(content))):
        status, body, response = await got(site, url, Range=f"bytes={start}-{stop - 1}")
        assert (status, body) == (206, content[start:stop])
        assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(content)}"
    assert (await got(site, url, Range="bytes=-100"))[:2] == (206, content[-100:])
    assert (await got(site, url, Range=f"bytes={PIECE}-"))[:2] == (206, content[PIECE:])
    for wrong in ("bytes=999999-", "bytes=5-2", "lines=1-2"):
        assert (await got(site, url, Range=wrong))[0] == 416
    mark = response.headers["ETag"]
    assert (await got(site, url, Range="bytes=0-9", **{"If-Range": mark}))[0] == 206
    assert (await got(site, url, Range="bytes=0-9", **{"If-Range": '"another"'}))[:2] == (200, content)
    path.write_bytes(path.read_bytes()[:-1])
    status, body, _ = await got(site, url)
    assert status == 503 and b"storage_down" in body
    path.unlink()
    assert (await got(site, url))[0] == 404


async def test_a_recording_is_the_same_in_parts_and_its_picture_is_drawn(site: RealSite) -> None:
    content = encrypt(site, site.var / CALL.recording)
    url = f"/api/v1/calls/{CALL.id}/recording"
    assert (await got(site, url))[:2] == (200, content)
    parts = [
        await got(site, url, Range=f"bytes={at}-{at + 199_999}") for at in range(0, len(content), 200_000)
    ]
    assert b"".join(body for _, body, _ in parts) == content
    async with site.client.head(url, headers=site.bearer("supervisor")) as response:
        assert (response.status, response.headers["Content-Length"]) == (200, str(len(content)))


async def test_a_reader_who_goes_leaves_no_open_file(site: RealSite) -> None:
    encrypt(site, site.var / CALL.recording)
    url = f"/api/v1/calls/{CALL.id}/recording"
    for _ in range(20):
        async with site.client.get(url, headers=site.bearer("supervisor")) as response:
            await response.content.read(1000)
            response.close()
    async with asyncio.timeout(10):
        while any(_open_files(site.var / CALL.recording)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def _open_files(path: Path) -> list[Path]:
    return [fd for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink() and fd.readlink() == path]


async def test_chromium_plays_and_seeks(site: RealSite, browser: Browser) -> None:
    """To the end and back; a player asks for parts."""
    encrypt(site, site.var / CALL.recording)
    page = await browser.new_page(extra_http_headers=site.bearer("supervisor"))
    asked: list[str] = []
    page.on("response", lambda response: asked.append(f"{response.status} {response.url.rpartition('/')[2]}"))
    await page.goto(site.url("/report"))
    ends = await page.evaluate(SEEK, site.url(f"/api/v1/calls/{CALL.id}/recording"))
    await page.close()
    assert ends["duration"] == SECONDS
    assert [round(at) for at in ends["places"]] == [SECONDS - 2, 30, 90]
    assert "206 recording" in asked


SEEK = """async url => {
  const sound = new Audio(url);
  const heard = name => new Promise((done, failed) => {
    sound.addEventListener(name, done, { once: true });
    sound.addEventListener("error", () => failed(sound.error.message), { once: true });
  });
  sound.muted = true;
  const ready = heard("loadedmetadata");
  sound.load();
  await ready;
  const places = [];
  for (const at of [sound.duration - 2, 30, 90]) {
    const there = heard("seeked");
    sound.currentTime = at;
    await there;
    places.push(sound.currentTime);
    const on = heard("timeupdate");
    await sound.play();
    await on;
    sound.pause();
  }
  return { duration: sound.duration, places };
}"""
