"""The one database: a way to read and a way to write, on SQLite or PostgreSQL.

Library errors end here. What fails because the database is away, full or locked is StorageDown, named by
trouble.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import ArgumentError

from gateway.errors import SetupError, StorageDown
from gateway.storage.migrate import upgrade
from gateway.storage.sqlite import Sqlite
from gateway.storage.trouble import down, is_lasting

Transaction = Connection
T = TypeVar("T")


class Engine(Protocol):
    """What a kind of database has to be able to do, and the errors of it that mean it is away.

    One transaction takes LIMIT (limit.py) at most; whoever waits is then told by a TimeoutError.
    """

    trouble: tuple[type[Exception], ...]

    async def open(self, prepare: Callable[[Connection], None]) -> None: ...

    async def close(self) -> None: ...

    async def write(self, body: Callable[[Connection], T]) -> T: ...

    async def read(self, body: Callable[[Connection], T]) -> T: ...

    async def whole(self, body: Callable[[Connection], T], change: bool) -> T: ...


class Database:
    """One database. A body is a plain function over the transaction that it is given.

    It does SQL and nothing else: on SQLite it runs in another thread.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self.sqlite = isinstance(self._engine, Sqlite)
        self._failed_write: StorageDown | None = None

    async def open(self) -> None:
        """Bring the tables to this version. Raises StorageDown, SetupError for a newer database."""
        try:
            try:
                await self._engine.open(upgrade)
            except self._engine.trouble as error:
                raise down(error) from None
        except BaseException:
            await self._engine.close()
            raise

    async def close(self) -> None:
        await self._engine.close()

    async def read(self, body: Callable[[Transaction], T]) -> T:
        """What `body` finds; it sees one state of the database. Raises StorageDown."""
        try:
            return await self._engine.read(body)
        except self._engine.trouble as error:
            raise down(error) from None

    async def write(self, body: Callable[[Transaction], T]) -> T:
        """One transaction, durable when this returns; nothing of it stays when `body` raises.

        Raises what `body` raises, and StorageDown. Whoever is cancelled, or told of StorageDown, does
        not know whether it was done: with the same key it can be asked for again.
        """
        try:
            value = await self._engine.write(body)
        except self._engine.trouble as error:
            fault = down(error)
            if is_lasting(error):
                self._failed_write = fault
            raise fault from None
        self._failed_write = None
        return value

    async def whole(self, body: Callable[[Transaction], T], *, change: bool = False) -> T:
        """`body` over one state of the database, or in one transaction that changes it, without any limit.

        It need not be open. For commands alone: on PostgreSQL the event loop stands still while `body` waits
        for something else. Raises StorageDown, and what `body` raises.
        """
        try:
            return await self._engine.whole(body, change)
        except self._engine.trouble as error:
            raise down(error) from None

    async def probe(self) -> None:
        """One durable write that changes nothing. Raises StorageDown."""
        await self.write(lambda t: t.execute(text("update alembic_version set version_num = version_num")))

    async def clock(self) -> float | None:
        """The server's clock in seconds since 1970; None for SQLite, which has ours. Raises StorageDown."""
        if self.sqlite:
            return None
        now = text("select extract(epoch from clock_timestamp())")
        return float(await self.read(lambda t: t.execute(now).scalar_one()))

    async def reach(self) -> None:
        """Ask the server for nothing but an answer, whatever its tables are. Raises StorageDown."""
        await self.read(lambda transaction: transaction.execute(text("select 1")))

    async def ping(self) -> None:
        """Raises StorageDown when it does not answer, or when the last write failed."""
        if self._failed_write is not None:
            raise self._failed_write.again()
        await self.read(lambda transaction: transaction.execute(PING))


PING = text("select version_num from alembic_version")


def _engine(url: str) -> Engine:
    """postgresql://… and sqlite://… as people write them, with the driver that we have."""
    scheme, _, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if kind == "sqlite":
        file = make_url(f"sqlite://{rest}").database
        if not file or file == ":memory:":
            raise SetupError("database.url: SQLite needs a file, as in sqlite:////var/lib/hotline/gateway.db")
        return Sqlite(Path(file))
    if kind not in ("postgresql", "postgres"):
        raise SetupError("database.url has to begin with sqlite:// or postgresql://")
    try:
        from gateway.storage.postgres import Postgres  # its driver need not be installed for SQLite

        return Postgres(f"postgresql+asyncpg://{rest}")
    except ImportError:
        raise SetupError("PostgreSQL needs its driver: pip install asyncpg") from None
    except (ArgumentError, ValueError):
        raise SetupError("database.url is no address of a database") from None
