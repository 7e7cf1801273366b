"""Statements that run all the time, compiled once.

On SQLite they go to the driver without the rest of SQLAlchemy's way, which costs several times what
SQLite itself takes for a row; on PostgreSQL, where the way over the wire is what costs, they go as
any other. Values pass through the column types on both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

from gateway.storage.words import Prose, Words

TOGETHER = 8  # rows that one statement writes; each statement is a wait for Python's lock
_DIALECT = sqlite.dialect(paramstyle="qmark")

Values = Mapping[str, Any]


class Prepared:
    """One statement with named values. Of an insert without values, they name the columns."""

    def __init__(self, statement: Executable, *, names_columns: bool = False) -> None:
        assert isinstance(statement, ClauseElement)
        self._statement = statement
        self._names_columns = names_columns
        self._text = ""
        self._fixed: dict[str, Any] = {}
        self._places: list[tuple[str, Callable[[Any], Any] | None]] = []

    def run(self, t: Connection, values: Values) -> int:
        """How many rows it changed."""
        raw = _sqlite(t)
        if raw is None:
            return int(t.execute(self._statement, values).rowcount)
        return raw.execute(*self._ready(values)).rowcount

    def run_each(self, t: Connection, rows: Sequence[Values]) -> None:
        """Once for each row of values."""
        raw = _sqlite(t)
        if raw is None:
            t.execute(self._statement, rows)
            return
        ready = [self._ready(values) for values in rows]
        text = ready[0][0]
        head, word, row = text.rpartition(" VALUES ")
        if len(rows) > TOGETHER or not (word and row.endswith("?)")):
            raw.executemany(text, [values for _, values in ready])
            return
        raw.execute(
            head + word + ", ".join([row] * len(rows)), [value for _, each in ready for value in each]
        )

    def value(self, t: Connection, values: Values) -> Any:
        """The first column of the one row that comes back; None when there is none."""
        raw = _sqlite(t)
        if raw is None:
            return t.execute(self._statement, values).scalar_one_or_none()
        row = raw.execute(*self._ready(values)).fetchone()
        return row[0] if row else None

    def _ready(self, values: Values) -> tuple[str, list[Any]]:
        """The text, and the values in its order."""
        if not self._text:
            self._compile(values)
        if self._fixed:
            values = {**self._fixed, **values}
        return self._text, [
            values[name] if process is None else process(values[name]) for name, process in self._places
        ]

    def _compile(self, values: Values) -> None:
        names = list(values) if self._names_columns else None
        compiled = self._statement.compile(dialect=_DIALECT, column_keys=names)
        assert isinstance(compiled, SQLCompiler)
        self._places = []
        for name in compiled.positiontup or ():
            bound = compiled.binds[name]
            self._places.append((name, _processor(bound.type)))
            if not bound.required:
                self._fixed[name] = bound.value
        self._text = str(compiled)


def _processor(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """What a value passes through; of a text in one step, where the library takes three."""
    if isinstance(kind, Words | Prose):
        return kind.stored
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _sqlite(t: Connection) -> sqlite3.Connection | None:
    """The driver's own connection when this is SQLite."""
    raw = t.connection.dbapi_connection
    return raw if isinstance(raw, sqlite3.Connection) else None
