"""Tables of the installation, of who may log in and his unit, and of the audit log."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    Table,
)

from gateway.storage.tables.columns import Big, meta, prose, words
from gateway.storage.words import Words

installation = Table(
    "installation",  # the id that var/ has as well, and a fingerprint of each key: storage/installation.py
    meta,
    Column("name", Words(40), primary_key=True),
    Column("value", Words(64), nullable=False),
)

tokens = Table(
    "tokens",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("hash", Words(64), nullable=False, unique=True),
    Column("name", Words(64), nullable=False),
    Column("role", Words(16), nullable=False),
    Column("made_at", Big, nullable=False),
    Column("expires_at", Big),
    Column("revoked_at", Big),
    words("unit", 16),
    Column("used_at", Big),
)

accounts = Table(
    "accounts",
    meta,
    Column("id", Words(64), primary_key=True),
    words("name"),
    Column("role", Words(16), nullable=False),
    words("password"),
    Column("made_at", Big, nullable=False),
    Column("changed_at", Big, nullable=False),
    Column("locked_at", Big),
    words("totp", 400),
    Column("totp_step", Big, nullable=False, server_default="0"),
    prose("recovery", "[]"),
    words("unit", 16),
)

sessions = Table(
    "sessions",
    meta,
    Column("hash", Words(64), primary_key=True),
    Column("account", Words(64), nullable=False),
    Column("csrf", Words(64), nullable=False),
    Column("made_at", Big, nullable=False),
    Column("seen_at", Big, nullable=False),
    Column("ends_at", Big, nullable=False),
    Index("sessions_of", "account"),
)

audit = Table(
    "audit",  # a trigger refuses every change: migrations/versions has it
    meta,
    Column("seq", Big, primary_key=True, autoincrement=False),
    Column("at", Big, nullable=False),
    words("who", 64),
    words("address", 64),
    Column("what", Words(64), nullable=False),
    words("about"),
    prose("detail", "{}"),
    Column("prev", Words(64), nullable=False),
    Column("hash", Words(64), nullable=False),
    *(Index(name, column, "seq") for name, column in (("audit_of", "about"), ("audit_by", "who"))),
    *(Index(name, column, "seq") for name, column in (("audit_at", "at"), ("audit_what", "what"))),
)
audit_segments = Table(
    "audit_segments",  # years of the log that were moved into files
    meta,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("first", Big, nullable=False),
    Column("last", Big, nullable=False),
    *(Column(name, Words(64), nullable=False) for name in ("prev", "hash", "sha256", "seal")),
)
