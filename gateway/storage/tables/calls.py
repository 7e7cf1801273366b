"""Tables of calls, call-backs, transfers, seats and the figures made of them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    Table,
)

from gateway.storage.tables.columns import OUTGOING, Big, meta, prose, words
from gateway.storage.words import Prose, Words

calls = Table(
    "calls",
    meta,
    Column("id", Words(64), primary_key=True),
    Column("direction", Words(8), nullable=False),
    words("caller", 64),
    words("dialled", 64),
    Column("line", Integer, nullable=False),
    Column("started_at", Big, nullable=False),
    Column("answered_at", Big),
    Column("queued_at", Big),
    Column("talked_at", Big),
    Column("ended_at", Big),
    prose("path", "[]"),
    Column("wait_seconds", Float, nullable=False, server_default="0"),
    words("agent", 64),
    Column("outcome", Words(16), nullable=False),
    words("flow", 64),
    words("recording"),
    Column("recording_state", Words(16), nullable=False),
    words("number", 12),
    words("back_of", 64),
    Column("rating", Integer),  # of the call itself, by the caller: 1 very satisfied to 5
    Index("calls_by_time", "started_at", "id"),
    Index("calls_by_caller", "caller", "started_at"),
    Index("calls_by_agent", "agent", "started_at", "id", "outcome"),
    Index("calls_by_outcome", "outcome", "started_at", "id"),
    # Of calls that came in all have dialled the centre.
    Index(
        "calls_outgoing",
        *("dialled", "started_at", "id"),
        sqlite_where=OUTGOING,
        postgresql_where=OUTGOING,
    ),
)

transfers = Table(
    "transfers",
    meta,
    Column("id", Words(80), primary_key=True),
    Column("call_id", Words(64), nullable=False),
    words("seat", 20),
    Column("target", Words(32), nullable=False),
    Column("kind", Words(16), nullable=False),
    Column("state", Words(16), nullable=False),
    Column("outcome", Words(16), nullable=False),
    Column("direct", Boolean, nullable=False),
    Column("line", Integer, nullable=False),
    Column("asked_at", Big, nullable=False),
    Column("answered_at", Big),
    Column("joined_at", Big),
    Column("ended_at", Big),
    Index("transfers_by_call", "call_id"),
    Index("transfers_by_time", "asked_at", "target"),
)

drafts = Table(
    "drafts",
    meta,
    Column("call_id", Words(64), primary_key=True),
    Column("agent", Words(64), nullable=False),
    Column("version", Integer, nullable=False),
    prose("text"),  # in the open, by an older gateway alone: sealed and emptied at the next start
    Column("sealed", LargeBinary),
    Column("at", Big, nullable=False),
    Index("drafts_of_agent", "agent", "at"),
)

call_backs = Table(
    "call_backs",
    meta,
    Column("id", Words(64), primary_key=True),
    Column("phone", Words(64), nullable=False),
    Column("call_id", Words(64), nullable=False),
    Column("arrived_at", Big, nullable=False),
    Column("booked_at", Big, nullable=False),
    Column("state", Words(16), nullable=False),
    words("number", 12),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("dials", Integer, nullable=False, server_default="0"),
    Column("due_at", Big),
    words("gateway", 16),  # which has it placed or dials it
    Column("held_at", Big),
    Index("call_backs_owed", "state", "arrived_at"),
    Index("call_backs_of_item", "number", "booked_at"),
    Index("call_backs_by_time", "booked_at"),
)

once_marks = Table(
    "once_marks",
    meta,
    Column("name", Words(100), primary_key=True),
    Column("value", Prose, nullable=False),
)

gaps = Table(
    "gaps",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("began_at", Big, nullable=False),
    Column("ended_at", Big, nullable=False),
    Column("why", Prose, nullable=False),
)

agent_changes = Table(
    "agent_changes",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("at", Big, nullable=False),
    Column("agent", Words(64), nullable=False),
    Column("state", Words(16), nullable=False),
    words("reason", 64),
    words("gateway", 16),
    Index("agent_changes_by_time", "at"),
)

kept_figures = Table(
    "kept_figures",  # triggers drop rows: migrations/versions/0022; storage/kept_figures.py writes them
    meta,
    Column("since", Big, primary_key=True, autoincrement=False),
    Column("until", Big, primary_key=True, autoincrement=False),
    Column("counted_by", Words(64), nullable=False),
    Column("ticket", Words(32), nullable=False),
    Column("figures", Prose),
)
