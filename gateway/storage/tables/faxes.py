"""Tables of faxes and their pages."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    Table,
)

from gateway.storage.tables.columns import Big, meta, prose, words
from gateway.storage.words import Words

faxes = Table(
    "faxes",
    meta,
    Column("id", Words(64), primary_key=True),
    words("number", 12),
    words("same_as", 64),
    words("caller", 64),
    words("station", 40),
    words("dialled", 64),
    Column("line", Integer, nullable=False),
    words("mode", 8),
    Column("rate", Integer, nullable=False),
    Column("ecm", Boolean, nullable=False),
    words("resolution", 16),
    Column("status", Words(16), nullable=False),
    prose("error"),
    Column("received", Integer, nullable=False),
    Column("expected", Integer),
    Column("started_at", Big, nullable=False),
    Column("ended_at", Big, nullable=False),
    Index("faxes_by_time", "started_at", "id"),
    Index("faxes_of", "number"),
)

fax_pages = Table(
    "fax_pages",
    meta,
    Column("fax", Words(64), primary_key=True),
    Column("page", Integer, primary_key=True),
    words("number", 12),
    Column("place", Integer, nullable=False),
    Column("turned", Integer, nullable=False),
    Column("sha256", Words(64), nullable=False),
    Column("mark", Words(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("reading", Words(16), nullable=False),
    prose("text"),
    prose("words", "[]"),
    prose("hints", "[]"),
    Index("fax_pages_of", "number", "place"),
    Index("fax_pages_by_mark", "mark"),
    Index("fax_pages_by_reading", "reading"),
)
