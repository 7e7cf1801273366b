"""Files that were handed in with a report, and the day on which one on paper came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.add_column("order_reports", sa.Column("files", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("order_reports", sa.Column("received_on", sa.String(10), nullable=False, server_default=""))
