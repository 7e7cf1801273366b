"""Recordings encrypted once Asterisk has closed them, and all files of an installation converted on command.

Asterisk writes clear sound. A recording is taken when its call is over and kept, and the file is closed; so
it is clear while the call goes on and for some ten seconds after. Whatever ends in between leaves the clear
file or the encrypted one. Attachments are encrypted when they are kept (storage/files.py).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from gateway.core.call.record import CallRecord
from gateway.errors import StorageDown
from gateway.pbx.journal import call_of
from gateway.pbx.sound_length import is_closed
from gateway.storage.encrypted_files import is_encrypted
from gateway.storage.files import HASHED, INCOMING, YOUNG, Files

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds between two looks
DAYS = 3  # the newest folders that are looked at: one a day with calls
TELL = 2.0  # seconds between two lines of progress
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
SETTLED = 3600.0  # seconds: what is younger may wait for its turn


class CallLog(Protocol):
    """Of storage.calls, what is needed here."""

    async def get(self, call_id: str) -> CallRecord | None: ...


@dataclass(slots=True)
class Progress:
    """How far a conversion is, in files; `failed` has a line for each that could not be converted."""

    total: int = 0
    seen: int = 0
    converted: int = 0
    failed: list[str] = field(default_factory=list)


class RecordingEncryption:
    """Encrypts recordings below `folder` that nobody writes any more."""

    def __init__(self, files: Files, calls: CallLog, folder: Path) -> None:
        self.files = files
        self.folder = folder
        self.failed: dict[Path, str] = {}  # why these are still clear
        self._calls = calls
        self._done: set[Path] = set()

    async def keep_on(self) -> None:
        """Until it is cancelled. StorageDown ends it, and the supervisor makes the pause."""
        await asyncio.to_thread(self._clear_halves)
        while True:
            await self.round()
            await asyncio.sleep(EVERY)

    async def round(self) -> None:
        """Encrypt what is ready in the newest folders. Raises StorageDown."""
        clear = await asyncio.to_thread(self._clear)
        self.failed = {path: why for path, why in self.failed.items() if path in clear}
        for path in clear:
            try:
                if await self.ended(path):
                    await asyncio.to_thread(self.files.convert, path, encrypt=True)
                    self.failed.pop(path, None)
            except FileNotFoundError:
                continue
            except OSError as error:
                if path not in self.failed:
                    log.error("recording %s cannot be encrypted: %s", path.name, error.strerror)
                self.failed[path] = error.strerror or type(error).__name__

    async def ended(self, path: Path) -> bool:
        """Is this recording of a call that is over, and whole? Raises StorageDown, OSError."""
        if not await asyncio.to_thread(is_closed, path, time.time()):
            return False
        record = await self._calls.get(call_of(path))
        kept = record is not None and record.ended_at is not None
        return kept or time.time() - path.stat().st_mtime > YOUNG

    def _clear(self) -> list[Path]:
        """Recordings that are not encrypted; what is known to be is not opened again."""
        days = sorted(self.folder.glob("[0-9]*"))[-DAYS:]
        paths = {path for day in days for path in day.glob("*.wav")}
        self._done &= paths
        clear = []
        for path in sorted(paths - self._done):
            with suppress(FileNotFoundError):
                if is_encrypted(path):
                    self._done.add(path)
                else:
                    clear.append(path)
        return clear

    def _clear_halves(self) -> None:
        """What a crash left of files that were being written. A conversion by command may be at work now."""
        for path in (self.folder / INCOMING).glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > YOUNG:
                    path.unlink()


def every_file(files: Files, recordings: Path) -> Iterator[Path]:
    """Attachments, recordings, and what of both waits to be deleted."""
    yield from files.folder.glob(HASHED)
    yield from recordings.glob("[0-9]*/*.wav")
    yield from (path for path in files.waste.glob("*/*") if path.parent.name != INCOMING)


async def convert_all(
    recordings: RecordingEncryption, report: Callable[[Progress], None], *, encrypt: bool
) -> Progress:
    """Encrypt every file, or decrypt it; broken off, the next run goes on. Raises StorageDown."""
    paths = await asyncio.to_thread(lambda: list(every_file(recordings.files, recordings.folder)))
    progress, told_at = Progress(len(paths)), time.monotonic()
    for path in paths:
        progress.seen += 1
        try:
            progress.converted += await _converted(recordings, path, encrypt=encrypt)
        except FileNotFoundError:
            continue  # it has gone meanwhile
        except OSError as error:
            if error.errno in NO_ROOM:
                raise StorageDown(f"{path}: {error.strerror}") from error
            progress.failed.append(f"{path}: {error.strerror}")
        if time.monotonic() - told_at > TELL:
            told_at = time.monotonic()
            report(progress)
    return progress


async def _converted(recordings: RecordingEncryption, path: Path, *, encrypt: bool) -> bool:
    """False for what lies so already, and for a recording that is being written."""
    of_call = path.is_relative_to(recordings.folder)
    if encrypt and of_call and not await recordings.ended(path):
        return False
    return await asyncio.to_thread(recordings.files.convert, path, encrypt=encrypt)


@dataclass(frozen=True, slots=True)
class Looked:
    """Files by how they lie; `whole` when there was time to look at all."""

    clear: int = 0
    encrypted: int = 0
    whole: bool = True


def look(files: Files, recordings: Path, seconds: float) -> Looked:
    """Count files until the time is over. Recordings of the last hour are left out. Blocking."""
    looked, until = Looked(), time.monotonic() + seconds
    for path in every_file(files, recordings):
        if time.monotonic() > until:
            return replace(looked, whole=False)
        with suppress(OSError):
            if path.is_relative_to(recordings) and time.time() - path.stat().st_mtime < SETTLED:
                continue
            encrypted = is_encrypted(path)
            looked = replace(
                looked, clear=looked.clear + (not encrypted), encrypted=looked.encrypted + encrypted
            )
    return looked
