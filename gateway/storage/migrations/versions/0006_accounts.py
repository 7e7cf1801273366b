"""Accounts of people, their sessions, and the audit log, whose rows nobody may change or delete."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")

SQLITE = tuple(
    f"CREATE TRIGGER audit_no_{does} BEFORE {does} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
    for does in ("update", "delete")
)
POSTGRESQL = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
)


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(64), primary_key=True),
        _words("name", 200),
        sa.Column("role", sa.String(16), nullable=False),
        _words("password", 200),
        sa.Column("made_at", BIG, nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.Column("locked_at", BIG),
        _words("totp", 400),
        sa.Column("totp_step", BIG, nullable=False, server_default="0"),
        _words("recovery", default="[]"),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("made_at", BIG, nullable=False),
        sa.Column("seen_at", BIG, nullable=False),
        sa.Column("ends_at", BIG, nullable=False),
    )
    op.create_index("sessions_of", "sessions", ["account"])
    _audit()


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("at", BIG, nullable=False),
        _words("who", 64),
        _words("address", 64),
        sa.Column("what", sa.String(64), nullable=False),
        _words("about", 200),
        _words("detail", default="{}"),
        sa.Column("prev", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("audit_of", "audit", ["about", "seq"])
    op.create_index("audit_by", "audit", ["who", "seq"])
    dialect = op.get_bind().dialect.name
    for statement in POSTGRESQL if dialect == "postgresql" else SQLITE:
        op.execute(statement)


def _words(name: str, length: int | None = None, default: str = "") -> sa.Column[str]:
    kind = sa.Text() if length is None else sa.String(length)
    return sa.Column(name, kind, nullable=False, server_default=default)
