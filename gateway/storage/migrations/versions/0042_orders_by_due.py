"""Lists of orders by their last day: all, and those that are open, of the house, a bureau and a unit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

OPEN = sa.text(
    "state IN ('assigned', 'signed', 'handling', 'extension_asked', 'reported', 'sent_back', 'done_again')"
)
OF_OPEN = (
    ("orders_open_by_due", ["due", "id"]),
    ("orders_open_of_unit", ["unit", "due", "id"]),
    ("orders_open_of_bureau", ["bureau", "due", "id"]),
)


def upgrade() -> None:
    op.create_index("orders_by_due", "orders", ["due", "id"])
    for name, columns in OF_OPEN:
        op.create_index(name, "orders", columns, sqlite_where=OPEN, postgresql_where=OPEN)
