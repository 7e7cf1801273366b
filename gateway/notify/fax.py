"""The way `fax`: sets a text as fax pages and sends it over a line of the hotline.

It is sent when as many pages went over as were meant. What a crash left unsaid is looked up in the journal,
so that nothing that went through is sent again. Numbers that are not allowed, and more than the settings
say, are never dialled.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from gateway.core.item.delivery import Delivery, Later, Never, Result, Sent
from gateway.errors import PbxDown
from gateway.pbx.fax_line import OUT, FaxLine, Went, sent_before
from gateway.pbx.journal import read_journal

FAX = "fax"
SETTING = 60.0  # seconds to set the pages
DIALS = {
    "BUSY": "对方占线 / busy",
    "NOANSWER": "无人接听 / no answer",
    "NOLINE": "空闲线路不足 / too few lines are free",
    "CONGESTION": "线路不通 / congestion",
    "CHANUNAVAIL": "线路不通 / the carrier cannot be reached",
}


ClearPath = Callable[[str], AbstractAsyncContextManager[Path]]
"""A path at which another process reads the bytes of a stored file by its hash. Raises OSError."""


@asynccontextmanager
async def named_so(name: str) -> AsyncIterator[Path]:
    """A file whose path is its name."""
    yield Path(name)


class SentCount(Protocol):
    """Of the outbox, what the limits are counted by."""

    async def sent_since(self, way: str, since: datetime, address: str = "") -> int: ...


@dataclass(frozen=True, slots=True)
class FaxLimits:
    """What may be sent: numbers that fit `allow` whole, so many a day to one, so many an hour in all, and so
    many tries for each; a sending lasts at most `seconds`."""

    allow: str
    per_number: int
    per_hour: int
    tries: int
    seconds: float


class FaxSender:
    """A Way. `clear_path` gives the file with a hash; a delivery's `files` are PDFs by their hashes."""

    name = FAX

    def __init__(
        self,
        line: FaxLine,
        counts: SentCount,
        limits: FaxLimits,
        font: Path,
        folder: Path,
        journal: Path,
        now: Callable[[], datetime],
        clear_path: ClearPath,
    ) -> None:
        self._line = line
        self._counts = counts
        self._limits = limits
        self._font = font
        self._folder = folder
        self._journal = journal
        self._now = now
        self._clear_path = clear_path
        self.limit = limits.seconds + SETTING + 90.0

    async def send(self, delivery: Delivery) -> Result:
        number = delivery.draft.address
        if not re.fullmatch(self._limits.allow, number):
            return Never("该号码不在允许外拨传真之列 / this number may not be faxed")
        before = await asyncio.to_thread(self._went_before, delivery)
        if before:
            return Sent(before, before)
        held_up = await self._over_the_limits(number)
        if held_up:
            return held_up
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            file = Path(folder) / "letter.tif"
            meant = await self._set(delivery, file)
            if not meant:
                return Never("内容过长或无法排版 / too long, or it cannot be set")
            call = f"{OUT}{delivery.id}-{self._now().timestamp():.0f}"
            try:
                went = await self._line.send(call, number, file)
            except PbxDown as error:
                return Later(str(error))
        return self._judged(went, meant, delivery)

    async def rest(self) -> None:
        """Nothing is kept open."""

    def _went_before(self, delivery: Delivery) -> str:
        notes = read_journal(self._journal, (delivery.made_at - timedelta(days=1)).date())
        done = sent_before(notes, f"{OUT}{delivery.id}-")
        return f"传真已发出，{done.pages}页" if done else ""

    async def _over_the_limits(self, number: str) -> Result | None:
        now, limits = self._now(), self._limits
        if await self._counts.sent_since(FAX, now - timedelta(days=1), number) >= limits.per_number:
            return Never("该号码今日传真已达上限 / enough was faxed to this number today")
        if await self._counts.sent_since(FAX, now - timedelta(hours=1)) >= limits.per_hour:
            return Later("本小时传真已达上限 / enough was faxed within this hour")
        return None

    async def _set(self, delivery: Delivery, file: Path) -> int:
        """The pages it takes; 0 when it cannot be set."""
        content = delivery.draft.content
        text = "\n\n".join(part for part in (content.get("subject", ""), content.get("text", "")) if part)
        async with AsyncExitStack() as stack:
            try:
                opened = [self._clear_path(sha256) for sha256 in content.get("files", "").split()]
                enclosed = [str(await stack.enter_async_context(path)) for path in opened]
            except OSError:
                return 0
            return await set_pages(text, file, self._font, enclosed)

    def _judged(self, went: Went, meant: int, delivery: Delivery) -> Result:
        done = went.sent
        if done and done.status == "SUCCESS" and done.pages == meant:
            proof = f"传真已发出，{meant}页，{done.rate} bit/s"
            return Sent(proof, proof)
        if went.dialled == "NOLINE":
            return Later(DIALS["NOLINE"])  # nobody was rung: it costs no try
        if done and (done.pages or done.rate):
            why = f"传送中断，仅发出{done.pages}/{meant}页 / broken off"
        elif done or went.dialled == "ANSWER":
            why = "已接通，但对方没有接收传真 / answered, but no fax was taken"
        else:
            why = DIALS.get(went.dialled, f"未能接通 / not connected ({went.dialled[:20]})")
        return Never(why) if delivery.attempts + 1 >= self._limits.tries else Later(why)


async def set_pages(text: str, file: Path, font: Path, enclosed: Sequence[str] = ()) -> int:
    """Set a letter and enclosed PDFs as the pages of a fax; how many, 0 when it cannot be set."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.notify.fax_sheet", str(file), str(font), *enclosed),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output = b""
    try:
        async with asyncio.timeout(SETTING):
            output, _ = await process.communicate(text.encode())
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return int(json.loads(output)["pages"]) if process.returncode == 0 else 0
