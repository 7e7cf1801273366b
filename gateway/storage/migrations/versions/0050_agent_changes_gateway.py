"""Which of several gateways on one database told of a seat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.add_column("agent_changes", sa.Column("gateway", sa.String(16), nullable=False, server_default=""))
