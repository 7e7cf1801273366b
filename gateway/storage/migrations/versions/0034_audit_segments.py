"""Years of the audit log that were moved into files; only their rows may go from the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOVED_OUT = "SELECT coalesce(max(last), 0) FROM audit_segments"
REFUSED = "the audit log is only ever added to"


def upgrade() -> None:
    op.create_table(
        "audit_segments",
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first", BIG, nullable=False),
        sa.Column("last", BIG, nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("prev", "hash", "sha256", "seal")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_delete")
        op.execute(
            f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN OLD.seq > ({MOVED_OUT}) "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN IF OLD.seq <= ({MOVED_OUT}) THEN RETURN OLD; END IF; END IF; "
        f"RAISE EXCEPTION '{REFUSED}'; END $$"
    )
