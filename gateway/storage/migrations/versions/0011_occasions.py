"""The outbox holds occasions until they are planned: how a delivery goes stands with the delivery."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.drop_index("outbox_due", "outbox")
    for name in ("due_at", "attempts", "state", "error"):
        op.drop_column("outbox", name)
