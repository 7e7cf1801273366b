"""Indexes for counting: items by state and channel, clocks that run, and the search for a respondent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

GIVEN = sa.text("respondent_name <> ''")
OVER = "select number from items where state in ('merged', 'withdrawn', 'closed')"


def upgrade() -> None:
    op.create_index("items_counted", "items", ["state", "channel"])
    op.drop_index("items_by_respondent", "items")
    op.create_index(
        "items_by_respondent",
        "items",
        ["received_at", "respondent_name", "number", "merged_into"],
        sqlite_where=GIVEN,
        postgresql_where=GIVEN,
    )
    op.add_column("dues", sa.Column("running", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.execute(f"update dues set running = false where number in ({OVER})")
    where = sa.text("running")
    op.create_index(
        "dues_running", "dues", ["number", "on", "provisional"], sqlite_where=where, postgresql_where=where
    )
