"""Codes that the reply page of a unit without accounts asks for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "order_codes",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("order_id", BIG, nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("made_at", BIG, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("used_at", BIG),
    )
    op.create_index("order_codes_of", "order_codes", ["order_id", "unit", "id"])
    op.create_index("order_codes_by_time", "order_codes", ["made_at"])
