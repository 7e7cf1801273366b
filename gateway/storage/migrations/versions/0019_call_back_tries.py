"""How often a call that is owed was made, how often in vain, and when it is due again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    for name in ("attempts", "dials"):
        op.add_column("call_backs", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.add_column("call_backs", sa.Column("due_at", BIG, nullable=True))
