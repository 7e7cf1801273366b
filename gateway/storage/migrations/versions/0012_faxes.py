"""Faxes that came in, and their pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "faxes",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("number", sa.String(12), nullable=False, server_default=""),
        sa.Column("same_as", sa.String(64), nullable=False, server_default=""),
        sa.Column("caller", sa.String(64), nullable=False, server_default=""),
        sa.Column("station", sa.String(40), nullable=False, server_default=""),
        sa.Column("dialled", sa.String(64), nullable=False, server_default=""),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False, server_default=""),
        sa.Column("rate", sa.Integer, nullable=False),
        sa.Column("ecm", sa.Boolean, nullable=False),
        sa.Column("resolution", sa.String(16), nullable=False, server_default=""),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.Column("received", sa.Integer, nullable=False),
        sa.Column("expected", sa.Integer),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("ended_at", BIG, nullable=False),
    )
    op.create_index("faxes_by_time", "faxes", ["started_at", "id"])
    op.create_index("faxes_of", "faxes", ["number"])
    op.create_table(
        "fax_pages",
        sa.Column("fax", sa.String(64), primary_key=True),
        sa.Column("page", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(12), nullable=False, server_default=""),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("turned", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("reading", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("words", sa.Text, nullable=False, server_default="[]"),
        sa.Column("hints", sa.Text, nullable=False, server_default="[]"),
    )
    op.create_index("fax_pages_of", "fax_pages", ["number", "place"])
    op.create_index("fax_pages_by_mark", "fax_pages", ["mark"])
    op.create_index("fax_pages_by_reading", "fax_pages", ["reading"])
