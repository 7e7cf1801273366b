"""Tables of items and all that belongs to them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    text,
)

from gateway.core.item.lists import NO_CLOCK
from gateway.storage.tables.columns import (
    ADDED,
    CLOCKED,
    COMPLETED,
    GIVEN,
    HELD,
    TO_ASSIGN,
    UNSEEN,
    WAITING,
    Big,
    given,
    meta,
    prose,
    words,
)
from gateway.storage.words import Words

identities = Table(
    "identities",  # who a reporter is; storage/identities.py seals it
    meta,
    Column("number", Words(12), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

contacts = Table(
    "contacts",
    meta,
    Column("key", Words(200), primary_key=True),
    Column("fingerprint", Words(64), nullable=False),
    Column("number", Words(12), nullable=False),
    Column("channel", Words(16), nullable=False),
    Column("received_at", Big, nullable=False),
    Column("raw", LargeBinary),
    Index("contacts_by_number", "number"),
)

items = Table(
    "items",
    meta,
    Column("number", Words(12), primary_key=True),
    Column("query_code", Words(6), nullable=False),
    Column("channel", Words(16), nullable=False),
    Column("kind", Words(16), nullable=False),
    Column("task", Words(16), nullable=False),
    Column("state", Words(16), nullable=False),
    Column("received_at", Big, nullable=False),
    words("person_name"),
    words("person_phone", 64),
    words("person_email", 254),
    prose("person_address"),
    words("person_id_type", 40),
    words("person_id_number", 64),
    words("respondent_name"),
    prose("respondent_address"),
    words("respondent_phone", 64),
    prose("content"),
    prose("claims", "[]"),
    Column("amount", Big),
    Column("occurred_on", Words(10)),
    words("county", 40),
    words("problem", 40),
    words("subject", 40),
    Column("anonymous", Boolean, nullable=False),
    Column("publish_consent", Boolean),
    Column("mediation_consent", Boolean),
    words("call_id", 64),
    words("merged_into", 12),
    words("lease_holder", 64),
    Column("lease_until", Big),
    Column("attachments", Integer, nullable=False, server_default="0"),
    Column("added_at", Big),  # something was added that nobody has read
    # The first day on which a clock that runs ends: storage/items.py keeps it. lists.NO_CLOCK when none runs.
    Column("next_due", Words(10), nullable=False, server_default=NO_CLOCK),
    Index("items_by_clock", "state", "next_due", "received_at", "number"),
    Index(
        "items_by_due",
        *("next_due", "received_at", "number"),
        sqlite_where=CLOCKED,
        postgresql_where=CLOCKED,
    ),
    Index(
        "items_held",
        *("lease_holder", "state", "lease_until"),
        sqlite_where=HELD,
        postgresql_where=HELD,
    ),
    Index("items_added_to", "added_at", "state", sqlite_where=ADDED, postgresql_where=ADDED),
    prose("mail_thread"),  # Message-IDs of the conversation in which the person wrote last
    words("declined", 80),  # names of fields that the person did not want to tell, with commas
    Index("items_in_order", "received_at", "number"),
    Index("items_open", "state", "received_at", "number"),
    Index("items_counted", "state", "channel"),
    Index("items_by_phone", "person_phone"),
    given("items_by_email", "person_email"),
    given("items_by_identity", "person_id_number"),
    Index(
        "items_by_respondent",
        *("received_at", "respondent_name", "number", "merged_into"),
        sqlite_where=GIVEN["respondent_name"],
        postgresql_where=GIVEN["respondent_name"],
    ),
    Index(
        "items_waiting",
        *("received_at", "number", "channel", "task", "state"),
        sqlite_where=WAITING["sqlite"],
        postgresql_where=WAITING["postgresql"],
    ),
    Index(
        "items_by_name",
        *("respondent_name", "received_at"),
        sqlite_where=GIVEN["respondent_name"],
        postgresql_where=GIVEN["respondent_name"],
    ),
    Index(
        "items_to_assign",
        *("next_due", "received_at", "number", "kind", "county", "state"),
        sqlite_where=TO_ASSIGN["sqlite"],
        postgresql_where=TO_ASSIGN["postgresql"],
    ),
)

timeline = Table(
    "timeline",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("at", Big, nullable=False),
    Column("what", Words(32), nullable=False),
    words("who", 64),
    prose("text"),
    Column("key", Words(200), unique=True),
    Index("timeline_of_item", "number", "id"),
    Index("timeline_completed", "at", "number", sqlite_where=COMPLETED, postgresql_where=COMPLETED),
)

revisions = Table(
    "revisions",  # earlier versions of what an item says; storage/revisions.py seals them
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("at", Big, nullable=False),
    words("who", 64),
    Column("what", Words(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("revisions_of_item", "number", "id"),
)

acts = Table(
    "acts",  # what moved an item, with what the item was before it: storage/acts.py
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("at", Big, nullable=False),
    words("who", 64),
    Column("event", Words(32), nullable=False),
    Column("state_before", Words(16), nullable=False),
    Column("state_after", Words(16), nullable=False),
    words("lease_holder", 64),
    Column("lease_until", Big),
    words("county", 40),
    prose("milestones", "{}"),
    Column("taken_back_at", Big),
    Index("acts_of_item", "number", "id"),
)

mentions = Table(
    "mentions",  # colleagues named in notes: storage/mentions.py
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("account", Words(64), nullable=False),
    Column("author", Words(64), nullable=False),
    Column("at", Big, nullable=False),
    prose("text"),
    Column("seen_at", Big),
    Index("mentions_unseen", "account", "number", sqlite_where=UNSEEN, postgresql_where=UNSEEN),
)

attachments = Table(
    "attachments",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("sha256", Words(64), nullable=False),
    words("name"),
    words("media_type", 100),
    words("role", 16),
    Column("size", Big, nullable=False),
    Index("attachments_of_item", "number", "id"),
)

dues = Table(
    "dues",
    meta,
    Column("number", Words(12), primary_key=True),
    Column("clock", Words(40), primary_key=True),
    Column("on", Words(10), nullable=False),
    Column("provisional", Boolean, nullable=False),
    prose("basis"),
    prose("trace", "[]"),
    # Does the clock run? Not when its item is closed, withdrawn or merged: storage/items.py keeps it so. What
    # stands open is counted from the index over these alone, however many items there are.
    Column("running", Boolean, nullable=False, server_default=text("true")),
    Index("dues_by_day", "on"),
    Index(
        "dues_running",
        *("number", "on", "provisional"),
        sqlite_where=text("running"),
        postgresql_where=text("running"),
    ),
    Index("dues_guessed", "number", sqlite_where=text("provisional"), postgresql_where=text("provisional")),
)

links = Table(
    "links",  # each link stands here twice, once from each end
    meta,
    Column("number", Words(12), primary_key=True),
    Column("other", Words(12), primary_key=True),
    Column("kind", Words(16), nullable=False),
    Column("at", Big, nullable=False),
    words("who", 64),
    prose("reason"),
)

milestones = Table(
    "milestones",
    meta,
    Column("number", Words(12), primary_key=True),
    Column("name", Words(32), primary_key=True),
    Column("on", Words(10), nullable=False),
)

decisions = Table(
    "decisions",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("at", Big, nullable=False),
    Column("event", Words(32), nullable=False),
    words("who", 64),
    Column("ground", Integer),
    prose("basis"),
    words("county", 40),
    prose("text"),
    prose("told"),  # what the person is told of it in words
    Index("decisions_of_item", "number", "id"),
)

externals = Table(
    "externals",
    meta,
    Column("number", Words(12), primary_key=True),
    Column("source", Words(40), primary_key=True),
    Column("external_no", Words(64), nullable=False),
    Column("at", Big, nullable=False),
    words("who", 64),
    Index("externals_by_no", "external_no"),
)

serials = Table(
    "serials",
    meta,
    Column("day", Words(10), primary_key=True),
    Column("last", Integer, nullable=False),
)

lookups = Table(
    "lookups",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("asker", Words(80), nullable=False),
    Column("at", Big, nullable=False),
    Index("lookups_of", "asker", "at"),
    Index("lookups_by_time", "at"),
)
