"""Calls of the PBX to the duty telephones of units."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "duty_calls",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("rung_id", BIG, nullable=False),
        sa.Column("order_id", BIG, nullable=False),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("phones", sa.Text, nullable=False, server_default="[]"),
        sa.Column("clips", sa.Text, nullable=False, server_default="[]"),
        sa.Column("made_at", BIG, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("dials", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("tried_at", BIG),
    )
    op.create_index("duty_calls_due", "duty_calls", ["state", "due_at", "id"])
    op.create_index("duty_calls_of_item", "duty_calls", ["number"])
