"""The ledger of supervision, which has the item's number, so that it goes and moves with the item; and
figures as they were published, which name no item."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table

from gateway.storage.tables.columns import Big, meta, prose, words
from gateway.storage.words import Words

order_rungs = Table(
    "order_rungs",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("order_id", Big, nullable=False),
    Column("number", Words(12), nullable=False),
    Column("unit", Words(16), nullable=False),
    Column("round", Integer, nullable=False),
    Column("rung", Words(16), nullable=False),
    Column("nth", Integer, nullable=False),
    Column("at", Big, nullable=False),
    words("who", 64),
    prose("text"),
    words("due", 10),
    words("sheet", 64),
    Column("passed_over", Boolean, nullable=False),
    prose("told", "[]"),
    Column("acknowledged_at", Big),
    words("acknowledged_by", 64),
    # Each rung of a round of an order fires once, whatever number of gateways looks.
    Index("order_rungs_once", "order_id", "round", "rung", "nth", unique=True),
    Index("order_rungs_of_item", "number"),
    Index("order_rungs_by_rung", "rung", "at"),
)

duty_calls = Table(
    "duty_calls",  # calls of the PBX to the duty telephones of units, each because of a rung
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("rung_id", Big, nullable=False),
    Column("order_id", Big, nullable=False),
    Column("number", Words(12), nullable=False),
    prose("phones", "[]"),
    prose("clips", "[]"),
    Column("made_at", Big, nullable=False),
    Column("due_at", Big, nullable=False),
    Column("state", Words(16), nullable=False),
    Column("dials", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tried_at", Big),
    Index("duty_calls_due", "state", "due_at", "id"),
    Index("duty_calls_of_item", "number"),
)

published_figures = Table(
    "published_figures",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("at", Big, nullable=False),  # the instant of the cut-off
    words("who", 64),
    Column("first", Words(10), nullable=False),
    Column("last", Words(10), nullable=False),
    words("kind", 16),
    prose("body"),
)
