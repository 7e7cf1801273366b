"""Links between items, what was decided on them, the days of their milestones, numbers elsewhere.

And the ways to find an item again by mail address, identity and respondent, a contact by its item.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _tables()
    op.create_index("contacts_by_number", "contacts", ["number"])
    for name, columns, given in (
        ("items_by_email", ["person_email"], "person_email"),
        ("items_by_identity", ["person_id_number"], "person_id_number"),
        ("items_by_respondent", ["received_at", "respondent_name"], "respondent_name"),
    ):
        where = sa.text(f"{given} <> ''")
        op.create_index(name, "items", columns, sqlite_where=where, postgresql_where=where)


def _tables() -> None:
    op.create_table(
        "links",
        sa.Column("number", sa.String(12), primary_key=True),
        sa.Column("other", sa.String(12), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", BIG, nullable=False),
        _words("who", 64),
        _words("reason"),
    )
    op.create_table(
        "milestones",
        sa.Column("number", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("on", sa.String(10), nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        _words("who", 64),
        sa.Column("ground", sa.Integer),
        _words("basis"),
        _words("county", 40),
        _words("text"),
    )
    op.create_index("decisions_of_item", "decisions", ["number", "id"])
    op.create_table(
        "externals",
        sa.Column("number", sa.String(12), primary_key=True),
        sa.Column("source", sa.String(40), primary_key=True),
        sa.Column("external_no", sa.String(64), nullable=False),
        sa.Column("at", BIG, nullable=False),
        _words("who", 64),
    )
    op.create_index("externals_by_no", "externals", ["external_no"])


def _words(name: str, length: int | None = None) -> sa.Column[str]:
    kind = sa.Text() if length is None else sa.String(length)
    return sa.Column(name, kind, nullable=False, server_default="")
