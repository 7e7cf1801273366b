"""Tables of what is sent: the outbox, deliveries, referrals to partners."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
)

from gateway.storage.tables.columns import NOTICE_OPEN, UNSEALED, Big, meta, prose, words
from gateway.storage.words import Prose, Words

outbox = Table(
    "outbox",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("topic", Words(40), nullable=False),
    Column("number", Words(12), nullable=False),
    Column("payload", Prose, nullable=False),
    Column("made_at", Big, nullable=False),
)

deliveries = Table(
    "deliveries",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("key", Words(160), nullable=False, unique=True),
    Column("way", Words(40), nullable=False),
    Column("number", Words(12), nullable=False),
    words("address", 254),  # its keyed hash; an older gateway kept it, and the content, in the open
    prose("content", "{}"),
    Column("sealed", LargeBinary),
    words("reference"),
    Column("state", Words(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("made_at", Big, nullable=False),
    Column("due_at", Big, nullable=False),
    Column("lease_until", Big),
    Column("sent_at", Big),
    prose("error"),
    words("notice", 24),  # which notice it is; "" for what goes to programs and partners
    prose("proof"),  # what shows that it was handed over
    words("gateway", 16),  # which has it under way, or had when it died
    Index("deliveries_due", "state", "due_at"),
    Index("deliveries_of", "number"),
    Index("deliveries_to", "address", "made_at"),
    Index("deliveries_reference", "reference"),
    Index("deliveries_open", "id", sqlite_where=UNSEALED, postgresql_where=UNSEALED),
    Index("notices_open", "number", sqlite_where=NOTICE_OPEN, postgresql_where=NOTICE_OPEN),
)

due_notices = Table(
    "due_notices",
    meta,
    Column("number", Words(12), primary_key=True),
    Column("clock", Words(40), primary_key=True),
    Column("on", Words(10), primary_key=True),
    Column("stage", Words(10), primary_key=True),
)

referrals = Table(
    "referrals",
    meta,
    Column("id", Words(20), primary_key=True),
    Column("number", Words(12), nullable=False),
    Column("partner", Words(32), nullable=False),
    Column("direction", Words(3), nullable=False),
    Column("key", Words(160), nullable=False),
    Column("made_at", Big, nullable=False),
    Column("due", Words(10), nullable=False),
    Column("state", Words(16), nullable=False),
    words("their_number", 64),
    words("call_id", 64),
    prose("slip", "{}"),
    prose("text"),
    Column("answered_at", Big),
    Column("ended_at", Big),
    Column("satisfied", Boolean),
    Index("referrals_by_key", "partner", "key", unique=True),
    Index("referrals_by_time", "made_at", "id"),
    Index("referrals_of", "number"),
    Index("referrals_owed", "state", "due"),
)
