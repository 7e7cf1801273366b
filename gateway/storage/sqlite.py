"""SQLite: one thread that writes and a few that read, each with a connection of its own.

A transaction's body runs in the thread as a whole, so that it costs one hop and not one for each
statement. Bodies that come while the writer is busy share the next transaction, each inside a
savepoint: one that fails takes back its own work alone, and all are answered after the one commit
that makes them durable. The file is WAL with synchronous=FULL. What is durable is brought from the WAL
into the file by a thread of its own, so that nobody waits for that.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from gateway.storage.limit import LIMIT

Body = Callable[[Connection], Any]
T = TypeVar("T")

BUSY_SECONDS = 5.0  # how long it waits for another process's write
READERS = 3
CHECKPOINT = 16000  # pages of 4 kB in the WAL; then the writer moves what the mover has left, and begins anew
MOVED = 500  # transactions' bodies after which the mover is woken
ROUNDS = 3  # of the mover: what was written during the first is little, and less during the next
TOGETHER = 64  # bodies in one transaction at most
TROUBLE: tuple[type[Exception], ...] = (sqlite3.Error, SQLAlchemyError, OSError)


@dataclass(slots=True)
class Job:
    """One body, who waits for it, and what came of it; the body runs in the context it was asked in."""

    body: Body
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    value: Any = None
    error: Exception | None = None
    context: Context = field(default_factory=copy_context)


Jobs = SimpleQueue[Job | None]


class Sqlite:
    """One SQLite file. Errors are the libraries' own; database.py translates them."""

    trouble: tuple[type[Exception], ...] = TROUBLE

    def __init__(self, path: Path) -> None:
        self._path = path
        engine = create_engine(
            "sqlite://", creator=lambda: _connect(path), poolclass=NullPool, hide_parameters=True
        ).execution_options(isolation_level="AUTOCOMMIT")
        self._writes: Jobs = SimpleQueue()
        self._reads: Jobs = SimpleQueue()
        self._mover = _Mover(path)
        self._threads = [_Worker(path, engine, self._writes, self._mover)]
        self._threads += [_Worker(path, engine, self._reads) for _ in range(READERS)]
        self._open = False

    async def open(self, prepare: Callable[[Connection], None]) -> None:
        """Make the file when there is none, and let `prepare` run in one transaction."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        status = self._path.stat()
        own: list[_Worker | _Mover] = [*self._threads, self._mover]
        for thread in own:
            thread.home = status.st_dev, status.st_ino
            thread.start()
        self._open = True
        await self._ask(self._writes, prepare, None)  # a migration of a large database takes its time

    async def close(self) -> None:
        """Let what was asked for be done, and end the threads."""
        if not self._open:
            return
        self._open = False
        self._writes.put(None)
        for _ in range(READERS):
            self._reads.put(None)
        self._mover.end()
        for thread in (self._mover, *self._threads):
            await asyncio.to_thread(thread.join)

    async def write(self, body: Callable[[Connection], T]) -> T:
        return await self._ask(self._writes, body)

    async def read(self, body: Callable[[Connection], T]) -> T:
        return await self._ask(self._reads, body)

    async def whole(self, body: Callable[[Connection], T], change: bool) -> T:
        """`body` in a transaction of its own, beside whoever has the file open."""
        return await asyncio.to_thread(in_file, self._path, body, change=change)

    async def _ask(self, jobs: Jobs, body: Callable[[Connection], T], limit: float | None = LIMIT) -> T:
        if not self._open:
            raise OSError("the database is closed")
        loop = asyncio.get_running_loop()
        job = Job(body, loop, loop.create_future())
        # A timer costs half of what asyncio.timeout does.
        timer = loop.call_later(limit, _too_late, job.answer) if limit is not None else None
        jobs.put(job)
        try:
            answer: T = await job.answer
        finally:
            if timer:
                timer.cancel()
        return answer


def in_file(path: Path, body: Callable[[Connection], T], *, change: bool) -> T:
    """`body` in one transaction of a file that is there, on a connection of its own. Blocking."""
    engine = create_engine(
        "sqlite://", creator=lambda: _connect(path), poolclass=NullPool, hide_parameters=True
    )
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if change else "BEGIN")
        value = body(connection)
        connection.exec_driver_sql("COMMIT")
        return value


class _Worker(threading.Thread):
    """Takes jobs until it finds None. The writer takes all that wait, a reader one at a time."""

    def __init__(self, path: Path, engine: Engine, jobs: Jobs, mover: _Mover | None = None) -> None:
        """With a mover it is the writer."""
        super().__init__(name="sqlite writer" if mover else "sqlite reader", daemon=True)
        self._path = path
        self._engine = engine
        self._jobs = jobs
        self._mover = mover
        self._together = TOGETHER if mover else 1
        self._connection: Connection | None = None
        self._raw: sqlite3.Connection | None = None
        self.home = (0, 0)  # device and inode of the file that was opened at the start

    def run(self) -> None:
        while (first := self._jobs.get()) is not None:
            group = self._with_others(first)
            try:
                self._do(group)
            except TROUBLE as error:
                self._disconnect()
                for job in group:
                    job.error = error
            _answer(group)
        self._disconnect()

    def _with_others(self, first: Job) -> list[Job]:
        """The job and what waits behind it, but for those that nobody waits for any more."""
        group = [first]
        while len(group) < self._together:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            group.append(job)
        return [job for job in group if not job.answer.done()]

    def _do(self, group: Sequence[Job]) -> None:
        """One transaction. Raises what made the whole of it fail; nothing of it stays then."""
        if not group:
            return
        connection, raw = self._connected()
        raw.execute("BEGIN IMMEDIATE" if self._mover else "BEGIN")
        if len(group) == 1:
            _alone(connection, raw, group[0])
        else:
            for job in group:
                _beside_others(connection, raw, job)
        if raw.in_transaction:
            raw.execute("COMMIT")
        if self._mover:
            self._mover.wrote(len(group))

    def _connected(self) -> tuple[Connection, sqlite3.Connection]:
        """The connection. Raises OSError while the file is gone or another one lies in its place."""
        _same_file(self._path, self.home)
        if self._connection is not None and self._raw is not None:
            return self._connection, self._raw
        self._disconnect()
        self._connection = self._engine.connect()
        raw = self._connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        if not self._mover:
            raw.execute("PRAGMA query_only=ON")
        self._raw = raw
        return self._connection, raw

    def _disconnect(self) -> None:
        """Closing takes back what was not committed."""
        connection, self._connection, self._raw = self._connection, None, None
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except TROUBLE:
                return


class _Mover(threading.Thread):
    """Brings what is durable from the WAL into the file, beside the writer and the readers."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="sqlite mover", daemon=True)
        self._path = path
        self.home = (0, 0)  # as a worker's
        self._count = 0
        self._wanted = threading.Event()
        self._ends = False

    def wrote(self, bodies: int) -> None:
        self._count += bodies
        if self._count >= MOVED:
            self._count = 0
            self._wanted.set()

    def end(self) -> None:
        self._ends = True
        self._wanted.set()

    def run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()  # before the look at the end, which is told of first: neither is missed
            if self._ends:
                return
            try:
                self._move()
            except TROUBLE:
                continue  # the writer does it then, and tells what is wrong

    def _move(self) -> None:
        """The WAL begins anew once all of it is moved: by us, or by the writer, who finds little left."""
        _same_file(self._path, self.home)
        with closing(_connect(self._path)) as raw:
            for _ in range(ROUNDS):
                _, pages, moved = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if pages == moved:
                    return


def _alone(connection: Connection, raw: sqlite3.Connection, job: Job) -> None:
    """The body has the transaction for itself: no savepoint is needed."""
    try:
        job.value = job.context.run(job.body, connection)
    except Exception as error:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        job.error = error


def _beside_others(connection: Connection, raw: sqlite3.Connection, job: Job) -> None:
    raw.execute("SAVEPOINT body")
    try:
        job.value = job.context.run(job.body, connection)
    except Exception as error:
        if not raw.in_transaction:
            raise  # SQLite rolled the whole transaction back: the disk is full, or a worse error
        raw.execute("ROLLBACK TO body")
        job.error = error
    raw.execute("RELEASE body")


def _too_late(answer: asyncio.Future[Any]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError("the database takes too long"))


def _answer(group: Sequence[Job]) -> None:
    """Wake everybody who waits, once for each loop."""
    for loop in {job.loop for job in group}:
        done = [job for job in group if job.loop is loop]
        try:
            loop.call_soon_threadsafe(_deliver, done)
        except RuntimeError:  # the loop has ended, and with it whoever waited
            continue


def _deliver(done: Sequence[Job]) -> None:
    for job in done:
        if job.answer.done():
            continue
        if job.error is not None:
            job.answer.set_exception(job.error)
        else:
            job.answer.set_result(job.value)


def _same_file(path: Path, home: tuple[int, int]) -> None:
    """Raises OSError when it is not the file that was opened at the start.

    Another file in its place would be read and written with the log of the first one, which spoils both.
    """
    status = os.stat(path)  # noqa: PTH116 - half the time of Path.stat, at every transaction
    if (status.st_dev, status.st_ino) != home:
        raise OSError(errno.ESTALE, "another file lies in the place of the database: restart the gateway")


def _connect(path: Path) -> sqlite3.Connection:
    """A connection to a file that is there: a database that has gone must not come back empty."""
    raw = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        cached_statements=256,
    )
    try:
        _to_wal(raw)
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute("PRAGMA cache_size=-16000")
        raw.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT}")
    except BaseException:
        raw.close()
        raise
    return raw


def _to_wal(raw: sqlite3.Connection) -> None:
    """Retry: SQLite does not wait when two connections switch a fresh file to WAL at once."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
