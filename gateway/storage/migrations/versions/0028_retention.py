"""Items that stay whatever their term, and what went lately, to be put back for some weeks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("number", sa.String(12), primary_key=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("who", sa.String(64), nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "discarded",
        sa.Column("about", sa.String(64), primary_key=True),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("who", sa.String(64), nullable=False, server_default=""),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("files", sa.Text, nullable=False, server_default="[]"),
        sa.Column("moved", sa.Boolean, nullable=False),
    )
    op.create_index("discarded_by_time", "discarded", ["at"])
