"""What is to be assigned is counted from its index alone: the state stands in it too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"

SORTED = "state IN ('accepted', 'in_work', 'received') AND kind <> 'unsorted'"


def upgrade() -> None:
    op.drop_index("items_to_assign", "items")
    op.create_index(
        "items_to_assign",
        "items",
        ["next_due", "received_at", "number", "kind", "county", "state"],
        sqlite_where=sa.text(f"+{SORTED}"),
        postgresql_where=sa.text(SORTED),
    )
