"""Transfers of calls to partners and colleagues, as they ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(20), nullable=False, server_default=""),
        sa.Column("target", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("direct", sa.Boolean, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("asked_at", BIG, nullable=False),
        sa.Column("answered_at", BIG),
        sa.Column("joined_at", BIG),
        sa.Column("ended_at", BIG),
    )
    op.create_index("transfers_by_call", "transfers", ["call_id"])
    op.create_index("transfers_by_time", "transfers", ["asked_at", "target"])
