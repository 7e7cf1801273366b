"""The next day on which an item's clock ends, kept with the item, and the indexes of the desk's lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

NO_CLOCK = "9999-12-31"
FILL = """
update items set next_due = (select min(dues."on") from dues where dues.number = items.number and running)
where number in (select number from dues where running)
"""
HELD = sa.text("lease_holder <> ''")
ADDED = sa.text("added_at IS NOT NULL")
CLOCKED = sa.text(f"next_due < '{NO_CLOCK}'")
COMPLETED = sa.text("what = 'complete'")


def upgrade() -> None:
    op.add_column("items", sa.Column("next_due", sa.String(10), server_default=NO_CLOCK, nullable=False))
    op.execute(FILL)
    op.create_index("items_by_clock", "items", ["state", "next_due", "received_at", "number"])
    _index("items_by_due", "items", ["next_due", "received_at", "number"], CLOCKED)
    _index("items_held", "items", ["lease_holder", "state", "lease_until"], HELD)
    op.drop_index("items_added_to", "items")
    _index("items_added_to", "items", ["added_at", "state"], ADDED)
    _index("timeline_completed", "timeline", ["at", "number"], COMPLETED)


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
