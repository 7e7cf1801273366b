"""The engine under everything: SQLite or PostgreSQL, one way to read and one to write.

SQLite runs in WAL mode with synchronous=FULL and one writer at a time; PostgreSQL as it is. Library
errors end here: what fails because the database is away, full or locked is StorageDown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.errors import StorageDown
from gateway.storage.migrate import upgrade

log = logging.getLogger(__name__)

BUSY_SECONDS = 5  # how long SQLite waits for another process's write


class Database:
    """One database. `write` is one transaction that is durable when the block ends."""

    def __init__(self, url: str) -> None:
        self.url = _with_driver(url)
        self.sqlite = self.url.startswith("sqlite")
        self._lock = asyncio.Lock()
        self._engine = _engine(self.url, writes=False)
        self._writer = _engine(self.url, writes=True) if self.sqlite else self._engine

    async def open(self) -> None:
        """Bring the tables to this version. Raises StorageDown, SetupError for a newer database."""
        with _translated():
            if self.sqlite:
                Path(make_url(self.url).database or "").parent.mkdir(parents=True, exist_ok=True)
            async with self._writer.connect() as connection:
                await connection.run_sync(upgrade)
                await connection.commit()

    async def close(self) -> None:
        await self._engine.dispose()
        if self._writer is not self._engine:
            await self._writer.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection to look with. Raises StorageDown."""
        with _translated():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction; nothing of it stays when the block fails. Raises StorageDown."""
        with _translated():
            if not self.sqlite:
                async with self._writer.begin() as connection:
                    yield connection
                return
            async with self._lock, self._writer.begin() as connection:
                yield connection

    async def ping(self) -> None:
        """Raises StorageDown when it does not answer."""
        async with self.read() as connection:
            await connection.execute(text("select 1"))


class _translated:
    """Library errors out, ours in."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DBAPIError | SQLAlchemyError | OSError):
            log.error("storage: %s", str(error).splitlines()[0])
            raise StorageDown("the database does not answer") from error


def _engine(url: str, *, writes: bool) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=10, pool_pre_ping=True)
    engine = create_async_engine(url, pool_size=1 if writes else 4, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, record: object) -> None:
        connection.isolation_level = None  # we begin ourselves, below
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "cache_size=-16000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _with_driver(url: str) -> str:
    """postgresql://… and sqlite://… as people write them, with the driver that we have."""
    scheme, _, rest = url.partition("://")
    drivers = {
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
        "sqlite": "sqlite+aiosqlite",
    }
    return f"{drivers.get(scheme, scheme)}://{rest}"
