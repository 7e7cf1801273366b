"""The linkage ledger: matters that pass between us and partner hotlines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "referrals",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("partner", sa.String(32), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("made_at", BIG, nullable=False),
        sa.Column("due", sa.String(10), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("their_number", sa.String(64), nullable=False, server_default=""),
        sa.Column("call_id", sa.String(64), nullable=False, server_default=""),
        sa.Column("slip", sa.Text, nullable=False, server_default="{}"),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("answered_at", BIG),
        sa.Column("ended_at", BIG),
        sa.Column("satisfied", sa.Boolean),
    )
    op.create_index("referrals_by_key", "referrals", ["partner", "key"], unique=True)
    op.create_index("referrals_by_time", "referrals", ["made_at", "id"])
    op.create_index("referrals_of", "referrals", ["number"])
    op.create_index("referrals_owed", "referrals", ["state", "due"])
