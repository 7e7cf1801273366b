"""What an item is about: the problem, and the goods or the service, by the ids of rules/categories.yaml."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for name in ("problem", "subject"):
        op.add_column("items", sa.Column(name, sa.String(length=40), server_default="", nullable=False))
