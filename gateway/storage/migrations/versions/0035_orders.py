"""Work orders. What was handed over to a bureau before becomes an order there, signed for and begun on this
day."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NO_CLOCK = "9999-12-31"
OPEN = sa.text(
    "state IN ('assigned', 'signed', 'handling', 'extension_asked', 'reported', 'sent_back', 'done_again')"
)
UNTOLD = sa.text("state = 'closed' AND told_at IS NULL")
HANDED_OVER = sa.text(
    """
    insert into orders (number, unit, bureau, state, urgency, assigned_at, since, begun_on, budget, due,
                        legal_due, late_from_start, ever_late, firm, problem, signed_at)
    select number, county, county, 'handling', 'general', handed_at, handed_at, :today,
           case kind when 'question' then 3 else 5 end, next_due,
           case next_due when :no_clock then '' else next_due end, false, false, true, false, handed_at
    from (select items.*, coalesce((select max(at) from timeline
                                    where timeline.number = items.number and what = 'hand_over'),
                                   received_at) as handed_at
          from items where state = 'handed_over' and county <> '') as handed
    """
)
NOTED = sa.text(
    """
    insert into order_events (order_id, number, at, event, who, unit, text)
    select id, number, assigned_at, 'assign', 'system', unit, note from orders
    """
)


def _words(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _prose(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _id() -> sa.Column[int]:
    return sa.Column("id", BIG, primary_key=True, autoincrement=True)


def _number() -> sa.Column[str]:
    return sa.Column("number", sa.String(12), nullable=False)


def upgrade() -> None:
    _orders()
    _beside_orders()
    bind = op.get_bind()
    today = datetime.now(UTC).date().isoformat()
    bind.execute(HANDED_OVER, {"today": today, "no_clock": NO_CLOCK})
    bind.execute(NOTED)


def _orders() -> None:
    op.create_table(
        "orders",
        _id(),
        _number(),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("bureau", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("assigned_at", BIG, nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.Column("begun_on", sa.String(10), nullable=False),
        sa.Column("budget", sa.Integer, nullable=False),
        *(
            sa.Column(name, sa.Integer, nullable=False, server_default="0")
            for name in ("granted", "extensions", "asked_days")
        ),
        sa.Column("due", sa.String(10), nullable=False),
        _words("legal_due", 10),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("late_from_start", "ever_late", "firm")),
        _words("disputed_on", 10),
        _words("returned_to", 16),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in ("passes", "rounds")),
        sa.Column("problem", sa.Boolean, nullable=False),
        _prose("note"),
        *(
            sa.Column(f"{name}_at", BIG)
            for name in ("signed", "reported", "closed", "told", "urged", "supervised")
        ),
        _words("supervised_due", 10),
    )
    op.create_index(
        "orders_open", "orders", ["number"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("orders_of_item", "orders", ["number", "id"])
    op.create_index("orders_of_unit", "orders", ["unit", "state", "due", "id"])
    op.create_index("orders_of_bureau", "orders", ["bureau", "state", "due", "id"])
    op.create_index("orders_by_state", "orders", ["state", "due", "id"])
    op.create_index("orders_untold", "orders", ["id"], sqlite_where=UNTOLD, postgresql_where=UNTOLD)


def _beside_orders() -> None:
    op.create_table(
        "order_events",
        _id(),
        sa.Column("order_id", BIG, nullable=False),
        _number(),
        sa.Column("at", BIG, nullable=False),
        sa.Column("event", sa.String(24), nullable=False),
        _words("who", 64),
        _words("unit", 16),
        _prose("text"),
        _prose("facts", "{}"),
    )
    op.create_index("order_events_of", "order_events", ["order_id", "id"])
    op.create_index("order_events_of_item", "order_events", ["number"])
    op.create_table(
        "order_copies",
        sa.Column("order_id", BIG, primary_key=True),
        sa.Column("unit", sa.String(16), primary_key=True),
        _number(),
    )
    op.create_index("order_copies_of_unit", "order_copies", ["unit", "order_id"])
    op.create_index("order_copies_of_item", "order_copies", ["number"])
    op.create_table(
        "order_suspensions",
        _id(),
        sa.Column("order_id", BIG, nullable=False),
        _number(),
        sa.Column("begins", sa.String(10), nullable=False),
        _words("ends", 10),
        _prose("reason"),
        _prose("paper"),
    )
    op.create_index("order_suspensions_of", "order_suspensions", ["order_id"])
    op.create_index("order_suspensions_of_item", "order_suspensions", ["number"])
    op.create_table(
        "order_reports",
        _id(),
        sa.Column("order_id", BIG, nullable=False),
        _number(),
        sa.Column("at", BIG, nullable=False),
        _words("who", 64),
        sa.Column("given", sa.Boolean, nullable=False),
        _words("result", 40),
        _prose("text"),
        _prose("answer"),
        sa.Column("amount_in_dispute", BIG),
        sa.Column("amount_recovered", BIG),
        _words("signed_by", 64),
        _words("basis", 40),
    )
    op.create_index("order_reports_of", "order_reports", ["order_id", "given", "id"])
    op.create_index("order_reports_of_item", "order_reports", ["number"])
