"""Moves everything from one database to an empty one: from SQLite to PostgreSQL, or back.

    python -m gateway.storage.move sqlite:///var/gateway.db postgresql://user@host/gateway

The gateway must not run. The source is only read, but for being brought to this version. Files stay
where they are. When it fails half-way, empty the target and begin anew.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, make_url, select, text, tuple_

from gateway.errors import GatewayError, SetupError
from gateway.storage.database import Database, Transaction
from gateway.storage.search_index import begin_anew
from gateway.storage.tables import kept_figures, meta

PAGE = 500  # rows in one transaction
TABLES = [table for table in meta.sorted_tables if table is not kept_figures]  # figures are counted again


async def move(source_url: str, target_url: str) -> dict[str, int]:
    """How many rows of each table were moved. Raises StorageDown, SetupError for a target in use."""
    source, target = Database(source_url), Database(target_url)
    file = make_url(source_url).database if source.sqlite else None
    if file and not Path(file).exists():
        raise SetupError(f"there is no database {file}")
    await source.open()
    try:
        await target.open()
        try:
            if used := await target.read(in_use):
                raise SetupError(f"the target is not empty: there are rows in {used}")
            moved = {table.name: await _move_table(table, source, target) for table in TABLES}
            await target.write(begin_anew)  # the index of the search is made anew when the gateway runs
            return moved
        finally:
            await target.close()
    finally:
        await source.close()


def in_use(t: Transaction) -> str:
    """The first table with rows, "" when there is none."""
    return next((table.name for table in TABLES if _count(t, table)), "")


def _count(t: Transaction, table: Table) -> int:
    return int(t.execute(select(func.count()).select_from(table)).scalar_one())


async def _move_table(table: Table, source: Database, target: Database) -> int:
    moved, last = 0, None
    while rows := await source.read(lambda t: page(t, table, last)):  # noqa: B023 - awaited at once
        await target.write(lambda t: t.execute(insert(table), rows).close())
        moved += len(rows)
        last = [rows[-1][column.name] for column in table.primary_key]
    if moved and not target.sqlite and "id" in table.c and table.autoincrement_column is not None:
        await target.write(lambda t: count_on(t, table))
    return moved


def page(t: Transaction, table: Table, last: Sequence[Any] | None) -> list[dict[str, Any]]:
    key = tuple(table.primary_key)
    wanted = select(table).order_by(*key).limit(PAGE)
    if last is not None:
        wanted = wanted.where(tuple_(*key) > tuple_(*last))
    return [dict(row) for row in t.execute(wanted).mappings()]


def count_on(t: Transaction, table: Table) -> None:
    """Let PostgreSQL's own counter go on behind the last row."""
    name = table.name
    t.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"))


def main(arguments: Sequence[str]) -> int:
    """0, or 2 with a line that says what is wrong."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        moved = asyncio.run(move(*arguments))
    except GatewayError as error:
        print(f"move: {error}", file=sys.stderr)
        return 2
    for name, count in moved.items():
        print(f"{name:15} {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
