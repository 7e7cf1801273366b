"""An item knows the conversation in which its person wrote last, so that an answer stands in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0046"


def upgrade() -> None:
    op.add_column("items", sa.Column("mail_thread", sa.Text, nullable=False, server_default=""))
