"""PostgreSQL by asyncpg. Bodies run on its connection as they run on SQLite's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import Connection, NullPool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.storage.limit import LIMIT

T = TypeVar("T")

CONNECTIONS = 10
CONNECT_SECONDS = 5.0
WAIT_SECONDS = 20.0  # for a free connection: a rush of 200 is served in turn; then the answer is "busy"
STATEMENT_SECONDS = 20.0
LOCK_MS = 5000  # how long a statement waits for another one's rows


class Postgres:
    """One PostgreSQL database. Errors are the libraries' own; database.py translates them."""

    trouble: tuple[type[Exception], ...] = (
        SQLAlchemyError,
        OSError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
    )

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = create_async_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": STATEMENT_SECONDS,
                "server_settings": {"application_name": "gateway", "lock_timeout": str(LOCK_MS)},
            },
        )

    async def open(self, prepare: Callable[[Connection], None]) -> None:
        """Let `prepare` run in one transaction, without limits: a migration of a large database takes its
        time, and another gateway's start may have to be waited for."""
        await self.whole(prepare, change=True)

    async def close(self) -> None:
        await self._engine.dispose()

    async def write(self, body: Callable[[Connection], T]) -> T:
        async with asyncio.timeout(LIMIT), self._engine.begin() as connection:
            return await connection.run_sync(body)

    async def read(self, body: Callable[[Connection], T]) -> T:
        async with asyncio.timeout(LIMIT), self._engine.connect() as connection:
            return await connection.run_sync(body)

    async def whole(self, body: Callable[[Connection], T], change: bool) -> T:
        """`body` in one transaction without limits: over one state of the data, or with its changes kept."""
        engine = create_async_engine(
            self._url,
            poolclass=NullPool,
            hide_parameters=True,
            isolation_level="READ COMMITTED" if change else "REPEATABLE READ",
            connect_args={"timeout": CONNECT_SECONDS, "server_settings": {"application_name": "gateway"}},
        )
        try:
            async with engine.begin() if change else engine.connect() as connection:
                return await connection.run_sync(body)
        finally:
            await engine.dispose()
