"""Tables of what stays whatever its term, and of what went lately."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table

from gateway.storage.tables.columns import Big, meta
from gateway.storage.words import Prose, Words

holds = Table(
    "holds",  # items that stay whatever their term: storage/retention_rows.py
    meta,
    Column("number", Words(12), primary_key=True),
    Column("at", Big, nullable=False),
    Column("who", Words(64), nullable=False, server_default=""),
    Column("reason", Prose, nullable=False, server_default=""),
)

discarded = Table(
    "discarded",  # what went lately, its rows sealed, for some weeks: storage/retention_rows.py
    meta,
    Column("about", Words(64), primary_key=True),
    Column("what", Words(20), nullable=False),
    Column("at", Big, nullable=False),
    Column("who", Words(64), nullable=False, server_default=""),
    Column("sealed", LargeBinary, nullable=False),
    Column("files", Prose, nullable=False, server_default="[]"),
    Column("moved", Boolean, nullable=False),
    Index("discarded_by_time", "at"),
)
