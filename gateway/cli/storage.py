"""The storage of a command: opened for it, closed after it, and what it does noted as the system user's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from gateway.accounts.seed_units import ensure_units
from gateway.channels.registry import REGISTRY
from gateway.core.audit import ASKER, at_the_keyboard
from gateway.rules.load import load_rules
from gateway.settings.schema import Config
from gateway.storage import Storage


@asynccontextmanager
async def opened(settings: Config) -> AsyncIterator[Storage]:
    """Raises StorageDown, SetupError. The gateway may be running."""
    settings.var.mkdir(parents=True, exist_ok=True)
    ASKER.set(at_the_keyboard())
    storage = await Storage.open(
        settings.database_url, settings.var, settings.files_key, encrypt_files=settings.storage.encrypt_files
    )
    try:
        yield storage
    finally:
        await storage.close()


async def fill_units(storage: Storage, settings: Config) -> None:
    """Put in the units of rules/, as a start of the gateway does. Raises RuleError, StorageDown."""
    rules = load_rules(settings.root / settings.rules.folder, REGISTRY)
    await ensure_units(storage, rules, settings.centre.name, datetime.now(UTC))
