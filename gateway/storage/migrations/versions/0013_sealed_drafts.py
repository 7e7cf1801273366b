"""Drafts are sealed; storage seals what was kept in the open. Calls out are found by whom they went to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

OUT = sa.text("direction = 'out'")


def upgrade() -> None:
    op.add_column("drafts", sa.Column("sealed", sa.LargeBinary))
    op.create_index("calls_out", "calls", ["dialled", "started_at"], sqlite_where=OUT, postgresql_where=OUT)
