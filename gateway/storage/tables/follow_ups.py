"""Table of follow-up calls after a matter is closed: one row for each item and round."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table

from gateway.storage.tables.columns import Big, meta, prose, words
from gateway.storage.words import Words

follow_ups = Table(
    "follow_ups",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("round", Integer, nullable=False),
    Column("kind", Words(16), nullable=False),
    Column("state", Words(16), nullable=False),
    Column("closed_at", Big, nullable=False),
    Column("due_at", Big, nullable=False),
    Column("by_pbx", Boolean, nullable=False),
    words("unit", 16),
    Column("order_id", Big),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("dials", Integer, nullable=False, server_default="0"),
    Column("tried_at", Big),
    Column("contacted", Boolean),
    Column("solved", Boolean),
    Column("handler", Integer),
    Column("outcome", Integer),
    words("reason", 40),
    prose("text"),
    Column("answered_at", Big),
    words("who", 64),
    words("call_id", 64),
    words("verdict", 16),
    Column("again", Boolean, nullable=False),
    Index("follow_ups_once", "number", "round", unique=True),
    Index("follow_ups_due", "state", "due_at", "id"),
    Index("follow_ups_by_answer", "answered_at"),
    Index("follow_ups_by_closing", "closed_at"),
)
