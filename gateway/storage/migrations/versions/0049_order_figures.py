"""Indexes for very many orders and calls: the matrix of supervision, what was given back, periods, lists.

An order that came back and whose item was assigned anew says so, so that it need not be looked at again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"

OPEN = (
    "state || '' IN "
    "('assigned', 'signed', 'handling', 'extension_asked', 'reported', 'sent_back', 'done_again')"
)
SOME = (
    ("orders_in_matrix", OPEN, ["bureau", "unit", "state", "due", "rounds", "number"]),
    ("orders_disputed", f"disputed_on <> '' AND {OPEN}", ["due", "id"]),
    ("orders_urgent", f"urgency <> 'general' AND {OPEN}", ["due", "id"]),
    ("orders_problem", "problem", ["due", "id"]),
    ("orders_supervised", f"supervised_at IS NOT NULL AND {OPEN}", ["supervised_at", "id"]),
)
GIVEN_BACK = "state || '' = 'returned' AND NOT superseded"
WAITING = "state IN ('in_work', 'received')"
FALSE = sa.text("false")
SUPERSEDED = """
UPDATE orders SET superseded = true
WHERE EXISTS (SELECT 1 FROM orders AS later WHERE later.number = orders.number AND later.id > orders.id)
"""


def upgrade() -> None:
    superseded: sa.Column[bool] = sa.Column("superseded", sa.Boolean(), nullable=False, server_default=FALSE)
    op.add_column("orders", superseded)
    op.execute(SUPERSEDED)
    for name, condition, columns in (
        *SOME,
        ("orders_given_back", GIVEN_BACK, ["due", "id", "bureau", "unit"]),
    ):
        where = sa.text(condition)
        op.create_index(name, "orders", columns, sqlite_where=where, postgresql_where=where)
    for name in ("orders_open_of_unit", "orders_open_of_bureau"):
        op.drop_index(name, "orders")
    op.create_index("orders_by_assignment", "orders", ["assigned_at"])
    op.create_index("orders_by_closing", "orders", ["closed_at"])
    op.create_index("follow_ups_by_closing", "follow_ups", ["closed_at"])
    op.drop_index("items_waiting", "items")
    op.create_index(
        "items_waiting",
        "items",
        ["received_at", "number", "channel", "task", "state"],
        sqlite_where=sa.text(f"+{WAITING}"),
        postgresql_where=sa.text(WAITING),
    )
    op.drop_index("calls_by_dialled", "calls")
    out = sa.text("direction = 'out'")
    columns = ["dialled", "started_at", "id"]
    op.create_index("calls_outgoing", "calls", columns, sqlite_where=out, postgresql_where=out)
