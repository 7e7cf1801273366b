"""What waits is found without passing over what is done; columns as wide as what the web side takes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

WIDER = {"person_email": (200, 254), "person_id_type": (32, 40), "county": (12, 40)}


def upgrade() -> None:
    with op.batch_alter_table("items") as items:
        for name, (before, after) in WIDER.items():
            items.alter_column(
                name,
                existing_type=sa.String(before),
                type_=sa.String(after),
                existing_nullable=False,
                existing_server_default="",
            )
    op.create_index(
        "items_waiting",
        "items",
        ["received_at", "number"],
        sqlite_where=sa.text("+state IN ('in_work', 'received')"),
        postgresql_where=sa.text("state IN ('in_work', 'received')"),
    )
    guessed = sa.text("provisional")
    op.create_index("dues_guessed", "dues", ["number"], sqlite_where=guessed, postgresql_where=guessed)
    op.create_index("lookups_by_time", "lookups", ["at"])
