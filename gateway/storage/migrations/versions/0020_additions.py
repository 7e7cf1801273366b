"""When something was added to an item that nobody has read yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ADDED = sa.text("added_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("items", sa.Column("added_at", BIG))
    op.create_index("items_added_to", "items", ["added_at"], sqlite_where=ADDED, postgresql_where=ADDED)
