"""What callers think of a call itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.add_column("calls", sa.Column("rating", sa.Integer))
