"""One state of a whole database as one SQLite file, and such a file back into an empty database.

The file is the same whichever kind of database it came from, so a backup of one kind can be put into the
other. Both work while gateways use the database.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Table, insert, inspect, literal, make_url, select

from gateway.errors import SetupError, StorageDown
from gateway.settings.durable_files import sync_folder
from gateway.storage.database import Database, Transaction
from gateway.storage.installation import ID
from gateway.storage.migrate import is_newest, upgrade
from gateway.storage.move import TABLES, count_on, in_use, page
from gateway.storage.search_index import begin_anew
from gateway.storage.sqlite import in_file
from gateway.storage.tables import attachments, fax_pages, installation


async def copy_out(url: str, file: Path) -> None:
    """Write one state of the database to a new file. Raises StorageDown, SetupError, OSError."""
    database = Database(url)
    if database.sqlite:
        await asyncio.to_thread(_copy_file, _place(url), file)
        return
    target = Database(f"sqlite:///{file}")
    await target.open()
    await target.close()
    await database.whole(lambda source: _into_file(source, file))
    await asyncio.to_thread(_to_one_file, file)


async def occupied(url: str) -> bool:
    """Does this database hold anything that putting a copy into it would mix with? Raises StorageDown."""
    database = Database(url)
    if database.sqlite:
        return _place(url).exists()
    return await database.whole(_has_rows)


async def put_back(file: Path, url: str) -> None:
    """Fill an empty database from a file of `copy_out`.

    All of it is there afterwards, or nothing. Raises StorageDown, SetupError.
    """
    database = Database(url)
    if database.sqlite:
        await asyncio.to_thread(_settle, file, _place(url))
        return
    source = Database(f"sqlite:///{file}")
    await source.open()
    await source.close()
    await database.whole(lambda target: _from_file(target, file), change=True)


async def told_by(file: Path) -> tuple[frozenset[str], str]:
    """What a copy of any version tells of itself: the SHA-256 of every attachment and fax page, and its
    installation's id. Raises StorageDown."""

    def told(t: Transaction) -> tuple[frozenset[str], str]:
        names = inspect(t).get_table_names()
        queries = [select(table.c.sha256) for table in (attachments, fax_pages) if table.name in names]
        sums = {sha256 for query in queries for sha256 in t.execute(query).scalars()}
        own = select(installation.c.value).where(installation.c.name == ID)
        return frozenset(sums), (installation.name in names and t.execute(own).scalar()) or ""

    value = await Database(f"sqlite:///{file}").whole(told)
    await asyncio.to_thread(_to_one_file, file)
    return value


def look_through(file: Path) -> str:
    """What SQLite finds wrong in a file; "" when it is whole. Raises StorageDown for no database."""
    try:
        with closing(sqlite3.connect(file)) as raw:
            answer = str(raw.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        raise StorageDown(f"{file.name} is no whole database: {type(error).__name__}") from None
    return "" if answer == "ok" else answer


def _place(url: str) -> Path:
    return Path(make_url(url).database or "")


def _copy_file(source: Path, file: Path) -> None:
    """SQLite's own way: what others write meanwhile does not show."""
    if not source.exists():
        raise SetupError(f"there is no database {source}")
    try:
        address = f"file:{quote(str(source))}?mode=rw"
        with (
            closing(sqlite3.connect(address, uri=True, timeout=30)) as read,
            closing(sqlite3.connect(file)) as write,
        ):
            read.backup(write)
    except sqlite3.Error as error:
        raise StorageDown(f"the database cannot be copied: {type(error).__name__}: {error}") from None
    _to_one_file(file)


def _to_one_file(file: Path) -> None:
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")


def _into_file(source: Transaction, file: Path) -> None:
    if not is_newest(source):
        raise SetupError("the database is of another version: start this gateway on it once, or use its own")

    def copied(target: Transaction) -> None:
        for table in TABLES:
            _copy_rows(table, source, target)
        begin_anew(target)

    in_file(file, copied, change=True)


def _from_file(target: Transaction, file: Path) -> None:
    upgrade(target)
    if used := in_use(target):
        raise SetupError(f"the database is not empty: there are rows in {used}")

    def copied(source: Transaction) -> None:
        for table in TABLES:
            if _copy_rows(table, source, target) and _counts_itself(table):
                count_on(target, table)

    in_file(file, copied, change=False)
    begin_anew(target)


def _copy_rows(table: Table, source: Transaction, target: Transaction) -> bool:
    """Were there any?"""
    last = None
    while rows := page(source, table, last):
        target.execute(insert(table), rows)
        last = [rows[-1][column.name] for column in table.primary_key]
    return last is not None


def _counts_itself(table: Table) -> bool:
    return "id" in table.c and table.autoincrement_column is not None


def _has_rows(t: Transaction) -> bool:
    names = set(inspect(t).get_table_names())
    one_row = [select(literal(1)).select_from(table).limit(1) for table in TABLES if table.name in names]
    return any(t.execute(query).first() for query in one_row)


def _settle(file: Path, home: Path) -> None:
    part = home.with_name(f".{home.name}.part")
    home.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, part)
    part.chmod(0o600)
    with part.open("rb") as copied:
        os.fsync(copied.fileno())
    part.replace(home)
    sync_folder(home.parent)
