"""Which of several gateways on one database has a call-back or a delivery under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("call_backs", sa.Column("gateway", sa.String(16), nullable=False, server_default=""))
    op.add_column("call_backs", sa.Column("held_at", BIG))
    op.add_column("deliveries", sa.Column("gateway", sa.String(16), nullable=False, server_default=""))
