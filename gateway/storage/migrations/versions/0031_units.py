"""Units that handle orders, what was changed on them, and to which unit an account or token belongs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def words(name: str, length: int = 200) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def prose(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def upgrade() -> None:
    op.create_table(
        "units",
        sa.Column("id", sa.String(16), primary_key=True),
        words("parent", 16),
        sa.Column("kind", sa.String(16), nullable=False),
        *(words("zh"), words("en"), prose("phones", "[]"), words("mail", 254), words("leader_mail", 254)),
        *(words("fax", 40), words("hours"), flag("online"), flag("active")),
        *(prose("area"), prose("places", "[]"), flag("verified")),
    )
    op.create_table(
        "unit_changes",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("at", BIG, nullable=False),
        words("who", 64),
        prose("changes", "{}"),
    )
    op.create_index("unit_changes_of", "unit_changes", ["unit", "id"])
    op.add_column("accounts", words("unit", 16))
    op.add_column("tokens", words("unit", 16))
