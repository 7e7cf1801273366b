"""Call-backs are found by the item that owes them: each look at an item asks for its own."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_index("call_backs_of_item", "call_backs", ["number", "booked_at"])
