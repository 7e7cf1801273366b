"""Indexes of what is to be assigned to a unit, and of a respondent's matters by his name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

NAMED = sa.text("respondent_name <> ''")
SORTED = "state IN ('accepted', 'in_work', 'received') AND kind <> 'unsorted'"


def upgrade() -> None:
    op.create_index(
        "items_by_name",
        "items",
        ["respondent_name", "received_at"],
        sqlite_where=NAMED,
        postgresql_where=NAMED,
    )
    op.create_index(
        "items_to_assign",
        "items",
        ["next_due", "received_at", "number"],
        sqlite_where=sa.text(f"+{SORTED}"),
        postgresql_where=sa.text(SORTED),
    )
