"""The index of the search. Items that are there are put in beside the running gateway, the newest first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

SQLITE = "create virtual table search_index using fts5(tokens, tokenize='ascii', detail='none', columnsize=0)"
# A short list of pending entries: each search reads it from end to end.
POSTGRES = (
    "create table search_index (number bigint primary key, tokens bigint[] not null)",
    "create index search_tokens on search_index using gin (tokens) with (gin_pending_list_limit = 512)",
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute(SQLITE)
    else:
        for statement in POSTGRES:
            op.execute(statement)
    op.create_table("search_progress", sa.Column("below", sa.BigInteger(), nullable=False))
    some = connection.execute(sa.text("select number from items limit 1")).first()
    op.execute(f"insert into search_progress (below) values ({999_999_999_999 if some else 0})")
