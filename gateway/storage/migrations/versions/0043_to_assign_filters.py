"""The index of what is to be assigned answers for kind and county by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"

SORTED = "state IN ('accepted', 'in_work', 'received') AND kind <> 'unsorted'"


def upgrade() -> None:
    op.drop_index("items_to_assign", "items")
    op.create_index(
        "items_to_assign",
        "items",
        ["next_due", "received_at", "number", "kind", "county"],
        sqlite_where=sa.text(f"+{SORTED}"),
        postgresql_where=sa.text(SORTED),
    )
