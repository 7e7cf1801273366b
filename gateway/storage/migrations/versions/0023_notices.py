"""What people are told: the kind and the proof of each notice, and the words of a decision that they see."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

OPEN = "notice <> '' AND (state IN ('bounced', 'dead') OR (state = 'waiting' AND way IN ('letter', 'phone')))"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("notice", sa.String(24), server_default="", nullable=False))
    op.add_column("deliveries", sa.Column("proof", sa.Text(), server_default="", nullable=False))
    op.add_column("decisions", sa.Column("told", sa.Text(), server_default="", nullable=False))
    op.execute("update decisions set told = text where event in ('answer', 'wait_for_papers')")
    where = sa.text(OPEN)
    op.create_index("notices_open", "deliveries", ["number"], sqlite_where=where, postgresql_where=where)
