"""Follow-up calls after a matter is closed: one row for each item and round."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def words(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def upgrade() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("closed_at", BIG, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("by_pbx", sa.Boolean, nullable=False),
        words("unit", 16),
        sa.Column("order_id", BIG),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("dials", sa.Integer, nullable=False, server_default="0"),
        sa.Column("tried_at", BIG),
        sa.Column("contacted", sa.Boolean),
        sa.Column("solved", sa.Boolean),
        sa.Column("handler", sa.Integer),
        sa.Column("outcome", sa.Integer),
        words("reason", 40),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("answered_at", BIG),
        words("who", 64),
        words("call_id", 64),
        words("verdict", 16),
        sa.Column("again", sa.Boolean, nullable=False),
    )
    op.create_index("follow_ups_once", "follow_ups", ["number", "round"], unique=True)
    op.create_index("follow_ups_due", "follow_ups", ["state", "due_at", "id"])
    op.create_index("follow_ups_by_answer", "follow_ups", ["answered_at"])
