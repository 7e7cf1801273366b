"""A Chromium with a microphone and ears: it talks from a sound file, and keeps what each page hears."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, Page

from gateway.sip_phone.g711 import RATE, Pcm
from gateway.sip_phone.hear import Heard, Library, Listener
from gateway.sip_phone.sound import read_wav, tones, write_wav
from tests.chromium import chromium
from tests.live.conftest import ROOT

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
PIECE = RATE * 5 // 4  # samples of a prompt that are enough to know it
# Whatever a page's telephone hears is kept as 16-bit samples at 8 kHz. What it says goes out as it is: else
# a steady tone is taken for noise, and fades.
EARS = """
(() => {
  const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  const plain = { noiseSuppression: false, echoCancellation: false, autoGainControl: false };
  if (ask) navigator.mediaDevices.getUserMedia = (wish) => ask({ ...wish, audio: wish.audio && plain });
  const Real = window.RTCPeerConnection;
  window.heardPieces = [];
  window.RTCPeerConnection = function (...given) {
    const made = new Real(...given);
    made.addEventListener("track", ({ streams }) => {
      const sound = new AudioContext({ sampleRate: 8000 });
      const tap = sound.createScriptProcessor(4096, 1, 1);
      tap.onaudioprocess = ({ inputBuffer }) => {
        const piece = Int16Array.from(inputBuffer.getChannelData(0), (one) => one * 32767);
        window.heardPieces.push(piece);
      };
      sound.createMediaStreamSource(streams[0]).connect(tap).connect(sound.destination);
    });
    return made;
  };
})();
"""
TAKE = """() => {
  const whole = new Int16Array(window.heardPieces.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const piece of window.heardPieces) { whole.set(piece, at); at += piece.length; }
  let text = "";
  const bytes = new Uint8Array(whole.buffer);
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}"""


def tone_file(path: Path, frequency: float, seconds: float = 10.0) -> Path:
    """A sound for a microphone."""
    at = np.arange(int(RATE * seconds)) / RATE
    write_wav(path, (9000 * np.sin(2 * np.pi * frequency * at)).astype(np.int16))
    return path


@asynccontextmanager
async def talking(microphone: Path) -> AsyncIterator[Browser]:
    """A Chromium whose microphone plays a file, again and again."""
    async with chromium(*FLAGS, f"--use-file-for-fake-audio-capture={microphone}") as launched:
        yield launched


@asynccontextmanager
async def eared(browser: Browser, url: str, **more: object) -> AsyncIterator[Page]:
    """A page that keeps what it hears; what its scripts complain of fails the test."""
    context = await browser.new_context(base_url=url, locale="zh-CN", **more)  # type: ignore[arg-type]
    await context.add_init_script(EARS)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()
    assert complaints == []


async def heard(page: Page) -> Pcm:
    """What the page has heard so far."""
    return np.frombuffer(base64.b64decode(await page.evaluate(TAKE)), dtype="<i2")


async def hears(page: Page, prompt: str, limit: float = 20) -> Heard:
    """Wait until some piece of a prompt was heard: a browser stretches or drops a little of most."""
    file = ROOT / "ivr_flows" / "sounds" / "made" / f"{prompt}.wav"
    whole = read_wav(file)
    starts = range(0, max(1, len(whole) - PIECE), RATE // 4)
    known = Library([(f"{prompt}-{at}", whole[at : at + PIECE]) for at in starts])
    async with asyncio.timeout(limit):
        while True:
            found = Listener(known, list(known.ids)).heard(await heard(page), False)
            if found:
                return found[0]
            await asyncio.sleep(0.1)


async def hears_tone(page: Page, frequency: float, lasting: float = 0.1, limit: float = 20) -> None:
    """Wait until the page has heard a tone."""
    async with asyncio.timeout(limit):
        while True:
            spans = tones(await heard(page), [frequency])[frequency]
            if any(span.length >= lasting for span in spans):
                return
            await asyncio.sleep(0.1)
