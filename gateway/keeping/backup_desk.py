"""Backups as the administrator's page sees them: how old the last is, which there are, one more now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.errors import SetupError
from gateway.keeping import manifest
from gateway.keeping.backup import Backups
from gateway.keeping.last import LastBackup, read_last
from gateway.settings.schema import Config


@dataclass(frozen=True, slots=True)
class KeptBackup:
    """One backup; `fault` says why it cannot be read, "" when it can."""

    name: str
    made_at: datetime | None = None
    files: int = 0
    bytes: int = 0
    secrets: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class BackupState:
    """`folder` is None where none is set; `running` while one is being made from the page."""

    folder: Path | None
    last: LastBackup
    kept: tuple[KeptBackup, ...]
    running: bool


class BackupDesk:
    """The backups of one installation. `make` makes one, as `gateway backup` does."""

    def __init__(
        self,
        config: Config,
        make: Callable[[], Awaitable[int]],
        once: Callable[[Callable[[], Coroutine[Any, Any, None]]], object],
    ) -> None:
        self._config = config
        self._make = make
        self._once = once
        self._running = False

    async def state(self) -> BackupState:
        return await asyncio.to_thread(self._read)

    def _read(self) -> BackupState:
        config = self._config
        folder = config.root / config.backup.folder if config.backup.folder else None
        backups = Backups(folder) if folder else None
        kept = tuple(_kept(backups, name) for name in reversed(backups.names())) if backups else ()
        return BackupState(folder, read_last(config.var), kept, self._running)

    def begin(self) -> bool:
        """Make one in the background; False when none can be made, or one is being made."""
        if self._running or not self._config.backup.folder:
            return False
        self._running = True
        self._once(self._run)
        return True

    async def _run(self) -> None:
        try:
            await self._make()
        finally:
            self._running = False


def _kept(backups: Backups, name: str) -> KeptBackup:
    try:
        kept = manifest.read(backups.place(name))
    except SetupError as error:
        return KeptBackup(name, fault=str(error))
    made_at = datetime.fromisoformat(kept.made_at)
    made_at = made_at if made_at.tzinfo else made_at.replace(tzinfo=UTC)
    return KeptBackup(name, made_at, kept.files, kept.bytes, kept.secrets)
