"""Indexes for calls of one agent, with one outcome, and to one number, the newest first."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_index("calls_by_agent", "calls", ["agent", "started_at", "id", "outcome"])
    op.drop_index("calls_out", "calls")
    op.create_index("calls_by_dialled", "calls", ["dialled", "started_at", "id"])
    op.create_index("calls_by_outcome", "calls", ["outcome", "started_at", "id"])
