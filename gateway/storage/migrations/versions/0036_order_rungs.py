"""The ledger of supervision: which rung of which order was told, each once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "order_rungs",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("order_id", BIG, nullable=False),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("rung", sa.String(16), nullable=False),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("who", sa.String(64), nullable=False, server_default=""),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("due", sa.String(10), nullable=False, server_default=""),
        sa.Column("sheet", sa.String(64), nullable=False, server_default=""),
        sa.Column("passed_over", sa.Boolean, nullable=False),
        sa.Column("told", sa.Text, nullable=False, server_default="[]"),
        sa.Column("acknowledged_at", BIG),
        sa.Column("acknowledged_by", sa.String(64), nullable=False, server_default=""),
    )
    op.create_index("order_rungs_once", "order_rungs", ["order_id", "round", "rung", "nth"], unique=True)
    op.create_index("order_rungs_of_item", "order_rungs", ["number"])
    op.create_index("order_rungs_by_rung", "order_rungs", ["rung", "at"])
