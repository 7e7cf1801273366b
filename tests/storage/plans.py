"""How a database goes about what it is asked: the plans of the statements that a read runs, for tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event, text

from gateway.storage import Storage, Transaction

SORTS = "TEMP B-TREE FOR ORDER BY"  # how SQLite says that it sorts


@contextmanager
def _statements(t: Transaction) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_: Connection, __: Any, statement: str, values: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, values))

    event.listen(t, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(t, "before_cursor_execute", note)


async def plans(storage: Storage, read: Callable[[Transaction], object]) -> list[str]:
    """The plan of each statement of `read`, as one text. PostgreSQL is kept from reading whole tables, which
    is quickest for few rows, so that a plan that reads one shows that no index serves."""

    def planned(t: Transaction) -> list[str]:
        if not storage.database.sqlite:
            t.execute(text("SET LOCAL enable_seqscan = off"))
        with _statements(t) as seen:
            read(t)
        return [_plan(t, *each) for each in seen]

    return await storage.database.read(planned)


def _plan(t: Transaction, statement: str, values: Any) -> str:
    raw = t.connection.dbapi_connection
    if isinstance(raw, sqlite3.Connection):
        return "\n".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", values))
    rows = t.exec_driver_sql(f"EXPLAIN {statement}", values)
    return "\n".join(row[0] for row in rows)


def whole_tables(plan: str, *tables: str) -> list[str]:
    """The lines of a plan that read one of these tables from end to end, without an index."""
    return [
        line
        for line in plan.splitlines()
        for table in tables
        if f"Seq Scan on {table}" in line
        or (line.startswith(f"SCAN {table}") and "INDEX" not in line and "VIRTUAL" not in line)
    ]
