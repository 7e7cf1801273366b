"""Tables of units and of what was changed on them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table

from gateway.storage.tables.columns import Big, meta, prose, words
from gateway.storage.words import Words

units = Table(
    "units",  # never deleted: orders name them; `active` is false for one that is closed
    meta,
    Column("id", Words(16), primary_key=True),
    words("parent", 16),
    Column("kind", Words(16), nullable=False),
    words("zh"),
    words("en"),
    prose("phones", "[]"),
    words("mail", 254),
    words("leader_mail", 254),
    words("fax", 40),
    words("hours"),
    Column("online", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    prose("area"),
    prose("places", "[]"),
    Column("verified", Boolean, nullable=False),
)

unit_changes = Table(
    "unit_changes",  # rows are added and never changed
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("unit", Words(16), nullable=False),
    Column("at", Big, nullable=False),
    words("who", 64),
    prose("changes", "{}"),
    Index("unit_changes_of", "unit", "id"),
)
