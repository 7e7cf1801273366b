"""Tables of work orders. Each has the item's number, so that all of it goes and moves with the item."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, text

from gateway.storage.tables.columns import (
    GIVEN_BACK,
    ORDER_DISPUTED,
    ORDER_OPEN,
    ORDER_OPEN_ALONE,
    ORDER_PROBLEM,
    ORDER_SUPERVISED,
    ORDER_UNTOLD,
    ORDER_URGENT,
    Big,
    meta,
    prose,
    words,
)
from gateway.storage.words import Words

orders = Table(
    "orders",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("unit", Words(16), nullable=False),
    Column("bureau", Words(16), nullable=False),
    Column("state", Words(16), nullable=False),
    Column("urgency", Words(16), nullable=False),
    Column("assigned_at", Big, nullable=False),
    Column("since", Big, nullable=False),  # when the unit got it
    Column("begun_on", Words(10), nullable=False),
    Column("budget", Integer, nullable=False),
    Column("granted", Integer, nullable=False, server_default="0"),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("asked_days", Integer, nullable=False, server_default="0"),
    # Derived by core/order/clock.py, kept for lists. `due` is NO_CLOCK while the order is suspended.
    Column("due", Words(10), nullable=False),
    words("legal_due", 10),
    Column("late_from_start", Boolean, nullable=False),
    Column("ever_late", Boolean, nullable=False),
    Column("firm", Boolean, nullable=False),
    words("disputed_on", 10),
    words("returned_to", 16),
    Column("passes", Integer, nullable=False, server_default="0"),
    Column("rounds", Integer, nullable=False, server_default="0"),
    Column("problem", Boolean, nullable=False),
    prose("note"),
    Column("signed_at", Big),
    Column("reported_at", Big),
    Column("closed_at", Big),
    Column("told_at", Big),
    Column("urged_at", Big),
    Column("supervised_at", Big),
    words("supervised_due", 10),
    # The item was assigned anew later: storage/orders.py keeps it.
    Column("superseded", Boolean, nullable=False, server_default=text("false")),
    Index("orders_open", "number", unique=True, sqlite_where=ORDER_OPEN, postgresql_where=ORDER_OPEN),
    Index("orders_of_item", "number", "id"),
    Index("orders_of_unit", "unit", "state", "due", "id"),
    Index("orders_of_bureau", "bureau", "state", "due", "id"),
    Index("orders_by_state", "state", "due", "id"),
    Index("orders_by_due", "due", "id"),
    Index("orders_open_by_due", "due", "id", sqlite_where=ORDER_OPEN, postgresql_where=ORDER_OPEN),
    *(
        Index(name, *columns, sqlite_where=where, postgresql_where=where)
        for name, where, *columns in (
            # All that the matrix of supervision looks at.
            ("orders_in_matrix", ORDER_OPEN_ALONE, "bureau", "unit", "state", "due", "rounds", "number"),
            ("orders_disputed", ORDER_DISPUTED, "due", "id"),
            ("orders_urgent", ORDER_URGENT, "due", "id"),
            ("orders_problem", ORDER_PROBLEM, "due", "id"),
            ("orders_supervised", ORDER_SUPERVISED, "supervised_at", "id"),
        )
    ),
    Index(
        "orders_given_back",
        *("due", "id", "bureau", "unit"),
        sqlite_where=GIVEN_BACK,
        postgresql_where=GIVEN_BACK,
    ),
    Index("orders_by_assignment", "assigned_at"),
    Index("orders_by_closing", "closed_at"),
    Index("orders_untold", "id", sqlite_where=ORDER_UNTOLD, postgresql_where=ORDER_UNTOLD),
)

order_events = Table(
    "order_events",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("order_id", Big, nullable=False),
    Column("number", Words(12), nullable=False),
    Column("at", Big, nullable=False),
    Column("event", Words(24), nullable=False),
    words("who", 64),
    words("unit", 16),
    prose("text"),
    prose("facts", "{}"),
    Index("order_events_of", "order_id", "id"),
    Index("order_events_of_item", "number"),
)

order_codes = Table(
    "order_codes",  # keyed hashes of codes sent to units without accounts; forgotten after a day
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("order_id", Big, nullable=False),
    Column("unit", Words(16), nullable=False),
    Column("mark", Words(64), nullable=False),
    Column("made_at", Big, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("used_at", Big),
    Index("order_codes_of", "order_id", "unit", "id"),
    Index("order_codes_by_time", "made_at"),
)

order_copies = Table(
    "order_copies",
    meta,
    Column("order_id", Big, primary_key=True),
    Column("unit", Words(16), primary_key=True),
    Column("number", Words(12), nullable=False),
    Index("order_copies_of_unit", "unit", "order_id"),
    Index("order_copies_of_item", "number"),
)

order_suspensions = Table(
    "order_suspensions",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("order_id", Big, nullable=False),
    Column("number", Words(12), nullable=False),
    Column("begins", Words(10), nullable=False),
    words("ends", 10),
    prose("reason"),
    prose("paper"),
    Index("order_suspensions_of", "order_id"),
    Index("order_suspensions_of_item", "number"),
)

order_reports = Table(
    "order_reports",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("order_id", Big, nullable=False),
    Column("number", Words(12), nullable=False),
    Column("at", Big, nullable=False),
    words("who", 64),
    Column("given", Boolean, nullable=False),  # False: a draft, of which an order has one
    words("result", 40),
    prose("text"),
    prose("answer"),
    Column("amount_in_dispute", Big),
    Column("amount_recovered", Big),
    words("signed_by", 64),
    words("basis", 40),
    prose("files", "[]"),  # SHA-256 of attachments of the item
    words("received_on", 10),  # a report on paper, typed in by the centre: when it came
    Index("order_reports_of", "order_id", "given", "id"),
    Index("order_reports_of_item", "number"),
)
