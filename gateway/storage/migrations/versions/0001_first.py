"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "agent_changes",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("agent_changes_by_time", "agent_changes", ["at"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("media_type", sa.String(length=100), server_default="", nullable=False),
        sa.Column("role", sa.String(length=16), server_default="", nullable=False),
        sa.Column("size", Big, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("attachments_of_item", "attachments", ["number", "id"], unique=False)
    op.create_table(
        "call_backs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("arrived_at", Big, nullable=False),
        sa.Column("booked_at", Big, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=12), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("call_backs_owed", "call_backs", ["state", "arrived_at"], unique=False)
    op.create_table(
        "calls",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("caller", sa.String(length=64), server_default="", nullable=False),
        sa.Column("dialled", sa.String(length=64), server_default="", nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("started_at", Big, nullable=False),
        sa.Column("answered_at", Big, nullable=True),
        sa.Column("queued_at", Big, nullable=True),
        sa.Column("talked_at", Big, nullable=True),
        sa.Column("ended_at", Big, nullable=True),
        sa.Column("path", sa.Text(), server_default="[]", nullable=False),
        sa.Column("wait_seconds", sa.Float(), server_default="0", nullable=False),
        sa.Column("agent", sa.String(length=64), server_default="", nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("flow", sa.String(length=64), server_default="", nullable=False),
        sa.Column("recording", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recording_state", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=12), server_default="", nullable=False),
        sa.Column("back_of", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("calls_by_caller", "calls", ["caller", "started_at"], unique=False)
    op.create_index("calls_by_time", "calls", ["started_at", "id"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("received_at", Big, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "dues",
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("clock", sa.String(length=40), nullable=False),
        sa.Column("on", sa.String(length=10), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("trace", sa.Text(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("number", "clock"),
    )
    op.create_index("dues_by_day", "dues", ["on"], unique=False)
    op.create_table(
        "gaps",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("began_at", Big, nullable=False),
        sa.Column("ended_at", Big, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "items",
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("query_code", sa.String(length=4), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("task", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("received_at", Big, nullable=False),
        sa.Column("person_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("person_phone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("person_email", sa.String(length=200), server_default="", nullable=False),
        sa.Column("person_address", sa.Text(), server_default="", nullable=False),
        sa.Column("person_id_type", sa.String(length=32), server_default="", nullable=False),
        sa.Column("person_id_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("respondent_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("respondent_address", sa.Text(), server_default="", nullable=False),
        sa.Column("respondent_phone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("claims", sa.Text(), server_default="[]", nullable=False),
        sa.Column("amount", Big, nullable=True),
        sa.Column("occurred_on", sa.String(length=10), nullable=True),
        sa.Column("county", sa.String(length=12), server_default="", nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("publish_consent", sa.Boolean(), nullable=True),
        sa.Column("mediation_consent", sa.Boolean(), nullable=True),
        sa.Column("call_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("merged_into", sa.String(length=12), server_default="", nullable=False),
        sa.Column("lease_holder", sa.String(length=64), server_default="", nullable=False),
        sa.Column("lease_until", Big, nullable=True),
        sa.Column("attachments", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("items_by_phone", "items", ["person_phone"], unique=False)
    op.create_index("items_in_order", "items", ["received_at", "number"], unique=False)
    op.create_index("items_open", "items", ["state", "received_at", "number"], unique=False)
    op.create_table(
        "lookups",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("asker", sa.String(length=80), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("lookups_of", "lookups", ["asker", "at"], unique=False)
    op.create_table(
        "once_marks",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("made_at", Big, nullable=False),
        sa.Column("due_at", Big, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=16), server_default="waiting", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbox_due", "outbox", ["state", "due_at"], unique=False)
    op.create_table(
        "serials",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "timeline",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=64), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("timeline_of_item", "timeline", ["number", "id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("made_at", Big, nullable=False),
        sa.Column("expires_at", Big, nullable=True),
        sa.Column("revoked_at", Big, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
