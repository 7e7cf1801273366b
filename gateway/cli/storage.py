"""The storage of a command: opened for it, closed after it, and what it does noted as the system user's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.core.audit import ASKER, at_the_keyboard
from gateway.settings.schema import Config
from gateway.storage import Storage


@asynccontextmanager
async def opened(settings: Config) -> AsyncIterator[Storage]:
    """Raises StorageDown, SetupError. The gateway may be running."""
    settings.var.mkdir(parents=True, exist_ok=True)
    ASKER.set(at_the_keyboard())
    storage = await Storage.open(settings.database_url, settings.var)
    try:
        yield storage
    finally:
        await storage.close()
