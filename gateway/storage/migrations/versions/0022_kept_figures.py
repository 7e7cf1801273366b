"""Counted figures of days that are over, and the triggers that drop them when a row of the day changes.

A day's figures rest on its own rows and on those of the 24 hours before it. On PostgreSQL a writer also takes
a shared lock of the UTC day, so that whoever counts (gateway/storage/kept_figures.py) sees it at work.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0022"
down_revision = "0021"

SOURCES = (
    ("calls", "started_at", ""),
    ("agent_changes", "at", ""),
    ("items", "received_at", " of received_at, channel"),
    ("call_backs", "booked_at", " of booked_at"),
)
DROP = (
    "delete from kept_figures where since > {at} - 172800000 and since <= {at} + 86400000 and until > {at};"
)
FUNCTION = """
create function drop_kept_figures(moment bigint) returns void language plpgsql as $$ begin
  perform pg_advisory_xact_lock_shared(12315, (moment / 86400000)::int);
  {drop}
end $$
"""
OF_TABLE = """
create function drop_figures_of_{table}() returns trigger language plpgsql as $$ begin
  if tg_op <> 'INSERT' then perform drop_kept_figures(old.{at}); end if;
  if tg_op <> 'DELETE' then perform drop_kept_figures(new.{at}); end if;
  return null;
end $$
"""
POSTGRES_TRIGGER = (
    "create trigger figures_of_{table} after insert or delete or update{of} on {table} "
    "for each row execute function drop_figures_of_{table}()"
)


def upgrade() -> None:
    op.create_table(
        "kept_figures",
        sa.Column("since", BIG, nullable=False),
        sa.Column("until", BIG, nullable=False),
        sa.Column("counted_by", sa.String(64), nullable=False),
        sa.Column("ticket", sa.String(32), nullable=False),
        sa.Column("figures", sa.Text()),
        sa.PrimaryKeyConstraint("since", "until", name="kept_figures_pkey"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FUNCTION.format(drop=DROP.format(at="moment")))
        for table, at, of in SOURCES:
            op.execute(OF_TABLE.format(table=table, at=at))
            op.execute(POSTGRES_TRIGGER.format(table=table, of=of))
        return
    for table, at, of in SOURCES:
        for event, rows in (("insert", ["new"]), ("delete", ["old"]), (f"update{of}", ["old", "new"])):
            drops = " ".join(DROP.format(at=f"{row}.{at}") for row in rows)
            name = f"figures_of_{table}_{event.split()[0]}"
            op.execute(f"create trigger {name} after {event} on {table} begin {drops} end")
