"""Query codes have six digits; those of four stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _declare_in_sqlite()
    else:
        op.alter_column("items", "query_code", type_=sa.String(length=6))


def _declare_in_sqlite() -> None:
    """SQLite does not enforce lengths, so only the declaration changes.

    A copy of the whole table (what ALTER would need) takes too long for a start with many items; see
    "Making Other Kinds Of Table Schema Changes" in SQLite's documentation of ALTER TABLE.
    """
    op.execute("PRAGMA writable_schema = ON")
    op.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, 'query_code VARCHAR(4)', 'query_code VARCHAR(6)')"
        " WHERE type = 'table' AND name = 'items'"
    )
    op.execute("PRAGMA writable_schema = RESET")
