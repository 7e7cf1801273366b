"""A reporter's identity becomes a record of its own. Storage fills it, with its key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("number", sa.String(12), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
