"""Pages out of a TIFF: asks the worker process, and believes nothing that it did not finish.

One process a fax, ended with its time. Called by gateway/channels/fax/reception.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path

from gateway.child_limits import CPU

log = logging.getLogger(__name__)

LIMIT = CPU + 30.0  # seconds that a fax may take


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: its picture with its SHA-256, the hash of its dots (core/fax), its size in pixels."""

    file: Path
    sha256: str
    mark: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Sheets:
    """The pages of a fax. `broken` are pages that could not be read, `more` those over the limit."""

    pages: tuple[Sheet, ...] = ()
    pdf: Path | None = None
    broken: int = 0
    more: int = 0

    @property
    def all_read(self) -> bool:
        return not (self.broken or self.more)


NOTHING = Sheets(broken=1)
"""What an unreadable file gives."""


async def read_sheets(tiff: Path, folder: Path, most: int) -> Sheets:
    """The pages of a TIFF as pictures in a folder that is there; NOTHING when it cannot be read."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.channels.fax.worker", str(tiff), str(folder), str(most)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output = b""
    try:
        async with asyncio.timeout(LIMIT):
            output, _ = await process.communicate()
    except TimeoutError:
        log.error("%s: its pages took too long to read", tiff.name)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        log.error("%s: its pages cannot be read (exit %s)", tiff.name, process.returncode)
        return NOTHING
    return _sheets(json.loads(output), folder)


def _sheets(report: dict[str, object], folder: Path) -> Sheets:
    pages = report["pages"]
    assert isinstance(pages, list)
    sheets = tuple(
        Sheet(folder / page["file"], page["sha256"], page["mark"], int(page["width"]), int(page["height"]))
        for page in pages
    )
    pdf = folder / "fax.pdf"
    return Sheets(sheets, pdf if sheets else None, int(str(report["broken"])), int(str(report["more"])))
