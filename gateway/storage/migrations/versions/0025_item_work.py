"""What was done to items, to take it back; mentions of colleagues; what somebody did not want to tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
UNSEEN = sa.text("seen_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "acts",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("who", sa.String(64), nullable=False, server_default=""),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("state_before", sa.String(16), nullable=False),
        sa.Column("state_after", sa.String(16), nullable=False),
        sa.Column("lease_holder", sa.String(64), nullable=False, server_default=""),
        sa.Column("lease_until", BIG),
        sa.Column("county", sa.String(40), nullable=False, server_default=""),
        sa.Column("milestones", sa.Text, nullable=False, server_default="{}"),
        sa.Column("taken_back_at", BIG),
    )
    op.create_index("acts_of_item", "acts", ["number", "id"])
    op.create_table(
        "mentions",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("seen_at", BIG),
    )
    op.create_index(
        "mentions_unseen",
        "mentions",
        ["account", "number"],
        sqlite_where=UNSEEN,
        postgresql_where=UNSEEN,
    )
    op.add_column("items", sa.Column("declined", sa.String(80), nullable=False, server_default=""))
