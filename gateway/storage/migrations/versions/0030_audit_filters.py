"""Indexes of the audit log for periods and for what was done."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_index("audit_at", "audit", ["at", "seq"])
    op.create_index("audit_what", "audit", ["what", "seq"])
