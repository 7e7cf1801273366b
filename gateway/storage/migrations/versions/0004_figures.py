"""Promised calls are counted by the day on which they were promised."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("call_backs_by_time", "call_backs", ["booked_at"])
