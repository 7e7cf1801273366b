"""Deliveries are sealed: whom they go to and what is sent. Storage seals what was kept in the open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

UNSEALED = sa.text("sealed IS NULL")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("sealed", sa.LargeBinary))
    op.create_index("deliveries_open", "deliveries", ["id"], sqlite_where=UNSEALED, postgresql_where=UNSEALED)
