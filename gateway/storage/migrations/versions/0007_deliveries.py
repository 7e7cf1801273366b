"""Deliveries made of what items posted, and which clocks have been told of.

What was posted until now was meant for nobody: nothing was sent yet.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.execute("delete from outbox")
    op.create_table(
        "deliveries",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(160), nullable=False, unique=True),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("address", sa.String(254), nullable=False, server_default=""),
        sa.Column("content", sa.Text, nullable=False, server_default="{}"),
        sa.Column("reference", sa.String(200), nullable=False, server_default=""),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("made_at", BIG, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("lease_until", BIG),
        sa.Column("sent_at", BIG),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
    )
    for name, columns in (
        ("deliveries_due", ["state", "due_at"]),
        ("deliveries_of", ["number"]),
        ("deliveries_to", ["address", "made_at"]),
        ("deliveries_reference", ["reference"]),
    ):
        op.create_index(name, "deliveries", columns)
    op.create_table(
        "due_notices",
        sa.Column("number", sa.String(12), primary_key=True),
        sa.Column("clock", sa.String(40), primary_key=True),
        sa.Column("on", sa.String(10), primary_key=True),
        sa.Column("stage", sa.String(10), primary_key=True),
    )
