"""Every table, once: queries are written against it, migrations lead to it (a test compares them).

Times are Unix milliseconds (UTC), days ISO texts, amounts fen: the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    text,
)

from gateway.core.item.lists import NO_CLOCK
from gateway.storage.words import Prose, Words

meta = MetaData()
Big = BigInteger().with_variant(Integer, "sqlite")
# The states of core.case.QUEUED, spelled out: only then is an index over them alone made use of. The
# plus sign keeps SQLite, which knows nothing of how many rows there are, from another index and sorting.
WAITING = {
    "sqlite": text("+state IN ('in_work', 'received')"),
    "postgresql": text("state IN ('in_work', 'received')"),
}
UNSEALED = text("sealed IS NULL")
# Notices that want somebody: a call or letter to do, or one that did not get through.
NOTICE_OPEN = text(
    "notice <> '' AND (state IN ('bounced', 'dead') OR (state = 'waiting' AND way IN ('letter', 'phone')))"
)
ADDED = text("added_at IS NOT NULL")
HELD = text("lease_holder <> ''")
CLOCKED = text("next_due < '9999-12-31'")  # lists.NO_CLOCK, spelled out for the index
COMPLETED = text("what = 'complete'")
UNSEEN = text("seen_at IS NULL")
# Conditions of indexes that most rows need not stand in, spelled as the queries spell them.
GIVEN = {name: text(f"{name} <> ''") for name in ("person_email", "person_id_number", "respondent_name")}


def _given(index: str, *columns: str) -> Index:
    """An index over the rows in which the last of the columns is given."""
    where = GIVEN[columns[-1]]
    return Index(index, *columns, sqlite_where=where, postgresql_where=where)


def _words(name: str, length: int = 200) -> Column[str]:
    return Column(name, Words(length), nullable=False, server_default="")


def _prose(name: str, default: str = "") -> Column[str]:
    return Column(name, Prose, nullable=False, server_default=default)


installation = Table(
    "installation",  # the id that var/ has as well, and a fingerprint of each key: storage/installation.py
    meta,
    Column("name", Words(40), primary_key=True),
    Column("value", Words(64), nullable=False),
)

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
    _words("person_name"),
    _words("person_phone", 64),
    _words("person_email", 254),
    _prose("person_address"),
    _words("person_id_type", 40),
    _words("person_id_number", 64),
    _words("respondent_name"),
    _prose("respondent_address"),
    _words("respondent_phone", 64),
    _prose("content"),
    _prose("claims", "[]"),
    Column("amount", Big),
    Column("occurred_on", Words(10)),
    _words("county", 40),
    _words("problem", 40),
    _words("subject", 40),
    Column("anonymous", Boolean, nullable=False),
    Column("publish_consent", Boolean),
    Column("mediation_consent", Boolean),
    _words("call_id", 64),
    _words("merged_into", 12),
    _words("lease_holder", 64),
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
    _words("declined", 80),  # names of fields that the person did not want to tell, with commas
    Index("items_in_order", "received_at", "number"),
    Index("items_open", "state", "received_at", "number"),
    Index("items_counted", "state", "channel"),
    Index("items_by_phone", "person_phone"),
    _given("items_by_email", "person_email"),
    _given("items_by_identity", "person_id_number"),
    Index(
        "items_by_respondent",
        *("received_at", "respondent_name", "number", "merged_into"),
        sqlite_where=GIVEN["respondent_name"],
        postgresql_where=GIVEN["respondent_name"],
    ),
    Index(
        "items_waiting",
        "received_at",
        "number",
        sqlite_where=WAITING["sqlite"],
        postgresql_where=WAITING["postgresql"],
    ),
)

timeline = Table(
    "timeline",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("at", Big, nullable=False),
    Column("what", Words(32), nullable=False),
    _words("who", 64),
    _prose("text"),
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
    _words("who", 64),
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
    _words("who", 64),
    Column("event", Words(32), nullable=False),
    Column("state_before", Words(16), nullable=False),
    Column("state_after", Words(16), nullable=False),
    _words("lease_holder", 64),
    Column("lease_until", Big),
    _words("county", 40),
    _prose("milestones", "{}"),
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
    _prose("text"),
    Column("seen_at", Big),
    Index("mentions_unseen", "account", "number", sqlite_where=UNSEEN, postgresql_where=UNSEEN),
)

attachments = Table(
    "attachments",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("number", Words(12), nullable=False),
    Column("sha256", Words(64), nullable=False),
    _words("name"),
    _words("media_type", 100),
    _words("role", 16),
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
    _prose("basis"),
    _prose("trace", "[]"),
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
    _words("who", 64),
    _prose("reason"),
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
    _words("who", 64),
    Column("ground", Integer),
    _prose("basis"),
    _words("county", 40),
    _prose("text"),
    _prose("told"),  # what the person is told of it in words
    Index("decisions_of_item", "number", "id"),
)

externals = Table(
    "externals",
    meta,
    Column("number", Words(12), primary_key=True),
    Column("source", Words(40), primary_key=True),
    Column("external_no", Words(64), nullable=False),
    Column("at", Big, nullable=False),
    _words("who", 64),
    Index("externals_by_no", "external_no"),
)

serials = Table(
    "serials",
    meta,
    Column("day", Words(10), primary_key=True),
    Column("last", Integer, nullable=False),
)

outbox = Table(
    "outbox",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("topic", Words(40), nullable=False),
    Column("number", Words(12), nullable=False),
    Column("payload", Prose, nullable=False),
    Column("made_at", Big, nullable=False),
)

deliveries = Table(
    "deliveries",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("key", Words(160), nullable=False, unique=True),
    Column("way", Words(40), nullable=False),
    Column("number", Words(12), nullable=False),
    _words("address", 254),  # its keyed hash; an older gateway kept it, and the content, in the open
    _prose("content", "{}"),
    Column("sealed", LargeBinary),
    _words("reference"),
    Column("state", Words(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("made_at", Big, nullable=False),
    Column("due_at", Big, nullable=False),
    Column("lease_until", Big),
    Column("sent_at", Big),
    _prose("error"),
    _words("notice", 24),  # which notice it is; "" for what goes to programs and partners
    _prose("proof"),  # what shows that it was handed over
    Index("deliveries_due", "state", "due_at"),
    Index("deliveries_of", "number"),
    Index("deliveries_to", "address", "made_at"),
    Index("deliveries_reference", "reference"),
    Index("deliveries_open", "id", sqlite_where=UNSEALED, postgresql_where=UNSEALED),
    Index("notices_open", "number", sqlite_where=NOTICE_OPEN, postgresql_where=NOTICE_OPEN),
)

due_notices = Table(
    "due_notices",
    meta,
    Column("number", Words(12), primary_key=True),
    Column("clock", Words(40), primary_key=True),
    Column("on", Words(10), primary_key=True),
    Column("stage", Words(10), primary_key=True),
)

referrals = Table(
    "referrals",
    meta,
    Column("id", Words(20), primary_key=True),
    Column("number", Words(12), nullable=False),
    Column("partner", Words(32), nullable=False),
    Column("direction", Words(3), nullable=False),
    Column("key", Words(160), nullable=False),
    Column("made_at", Big, nullable=False),
    Column("due", Words(10), nullable=False),
    Column("state", Words(16), nullable=False),
    _words("their_number", 64),
    _words("call_id", 64),
    _prose("slip", "{}"),
    _prose("text"),
    Column("answered_at", Big),
    Column("ended_at", Big),
    Column("satisfied", Boolean),
    Index("referrals_by_key", "partner", "key", unique=True),
    Index("referrals_by_time", "made_at", "id"),
    Index("referrals_of", "number"),
    Index("referrals_owed", "state", "due"),
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

calls = Table(
    "calls",
    meta,
    Column("id", Words(64), primary_key=True),
    Column("direction", Words(8), nullable=False),
    _words("caller", 64),
    _words("dialled", 64),
    Column("line", Integer, nullable=False),
    Column("started_at", Big, nullable=False),
    Column("answered_at", Big),
    Column("queued_at", Big),
    Column("talked_at", Big),
    Column("ended_at", Big),
    _prose("path", "[]"),
    Column("wait_seconds", Float, nullable=False, server_default="0"),
    _words("agent", 64),
    Column("outcome", Words(16), nullable=False),
    _words("flow", 64),
    _words("recording"),
    Column("recording_state", Words(16), nullable=False),
    _words("number", 12),
    _words("back_of", 64),
    Index("calls_by_time", "started_at", "id"),
    Index("calls_by_caller", "caller", "started_at"),
    Index("calls_by_agent", "agent", "started_at", "id", "outcome"),
    Index("calls_by_outcome", "outcome", "started_at", "id"),
    Index("calls_by_dialled", "dialled", "started_at", "id"),
)

transfers = Table(
    "transfers",
    meta,
    Column("id", Words(80), primary_key=True),
    Column("call_id", Words(64), nullable=False),
    _words("seat", 20),
    Column("target", Words(32), nullable=False),
    Column("kind", Words(16), nullable=False),
    Column("state", Words(16), nullable=False),
    Column("outcome", Words(16), nullable=False),
    Column("direct", Boolean, nullable=False),
    Column("line", Integer, nullable=False),
    Column("asked_at", Big, nullable=False),
    Column("answered_at", Big),
    Column("joined_at", Big),
    Column("ended_at", Big),
    Index("transfers_by_call", "call_id"),
    Index("transfers_by_time", "asked_at", "target"),
)

drafts = Table(
    "drafts",
    meta,
    Column("call_id", Words(64), primary_key=True),
    Column("agent", Words(64), nullable=False),
    Column("version", Integer, nullable=False),
    _prose("text"),  # in the open, by an older gateway alone: sealed and emptied at the next start
    Column("sealed", LargeBinary),
    Column("at", Big, nullable=False),
    Index("drafts_of_agent", "agent", "at"),
)

faxes = Table(
    "faxes",
    meta,
    Column("id", Words(64), primary_key=True),
    _words("number", 12),
    _words("same_as", 64),
    _words("caller", 64),
    _words("station", 40),
    _words("dialled", 64),
    Column("line", Integer, nullable=False),
    _words("mode", 8),
    Column("rate", Integer, nullable=False),
    Column("ecm", Boolean, nullable=False),
    _words("resolution", 16),
    Column("status", Words(16), nullable=False),
    _prose("error"),
    Column("received", Integer, nullable=False),
    Column("expected", Integer),
    Column("started_at", Big, nullable=False),
    Column("ended_at", Big, nullable=False),
    Index("faxes_by_time", "started_at", "id"),
    Index("faxes_of", "number"),
)

fax_pages = Table(
    "fax_pages",
    meta,
    Column("fax", Words(64), primary_key=True),
    Column("page", Integer, primary_key=True),
    _words("number", 12),
    Column("place", Integer, nullable=False),
    Column("turned", Integer, nullable=False),
    Column("sha256", Words(64), nullable=False),
    Column("mark", Words(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("reading", Words(16), nullable=False),
    _prose("text"),
    _prose("words", "[]"),
    _prose("hints", "[]"),
    Index("fax_pages_of", "number", "place"),
    Index("fax_pages_by_mark", "mark"),
    Index("fax_pages_by_reading", "reading"),
)

call_backs = Table(
    "call_backs",
    meta,
    Column("id", Words(64), primary_key=True),
    Column("phone", Words(64), nullable=False),
    Column("call_id", Words(64), nullable=False),
    Column("arrived_at", Big, nullable=False),
    Column("booked_at", Big, nullable=False),
    Column("state", Words(16), nullable=False),
    _words("number", 12),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("dials", Integer, nullable=False, server_default="0"),
    Column("due_at", Big),
    Index("call_backs_owed", "state", "arrived_at"),
    Index("call_backs_of_item", "number", "booked_at"),
    Index("call_backs_by_time", "booked_at"),
)

once_marks = Table(
    "once_marks",
    meta,
    Column("name", Words(100), primary_key=True),
    Column("value", Prose, nullable=False),
)

gaps = Table(
    "gaps",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("began_at", Big, nullable=False),
    Column("ended_at", Big, nullable=False),
    Column("why", Prose, nullable=False),
)

agent_changes = Table(
    "agent_changes",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("at", Big, nullable=False),
    Column("agent", Words(64), nullable=False),
    Column("state", Words(16), nullable=False),
    _words("reason", 64),
    Index("agent_changes_by_time", "at"),
)

kept_figures = Table(
    "kept_figures",  # triggers drop rows: migrations/versions/0022; storage/kept_figures.py writes them
    meta,
    Column("since", Big, primary_key=True, autoincrement=False),
    Column("until", Big, primary_key=True, autoincrement=False),
    Column("counted_by", Words(64), nullable=False),
    Column("ticket", Words(32), nullable=False),
    Column("figures", Prose),
)

tokens = Table(
    "tokens",
    meta,
    Column("id", Big, primary_key=True, autoincrement=True),
    Column("hash", Words(64), nullable=False, unique=True),
    Column("name", Words(64), nullable=False),
    Column("role", Words(16), nullable=False),
    Column("made_at", Big, nullable=False),
    Column("expires_at", Big),
    Column("revoked_at", Big),
)

accounts = Table(
    "accounts",
    meta,
    Column("id", Words(64), primary_key=True),
    _words("name"),
    Column("role", Words(16), nullable=False),
    _words("password"),
    Column("made_at", Big, nullable=False),
    Column("changed_at", Big, nullable=False),
    Column("locked_at", Big),
    _words("totp", 400),
    Column("totp_step", Big, nullable=False, server_default="0"),
    _prose("recovery", "[]"),
)

sessions = Table(
    "sessions",
    meta,
    Column("hash", Words(64), primary_key=True),
    Column("account", Words(64), nullable=False),
    Column("csrf", Words(64), nullable=False),
    Column("made_at", Big, nullable=False),
    Column("seen_at", Big, nullable=False),
    Column("ends_at", Big, nullable=False),
    Index("sessions_of", "account"),
)

audit = Table(
    "audit",  # a trigger refuses every change: migrations/versions has it
    meta,
    Column("seq", Big, primary_key=True, autoincrement=False),
    Column("at", Big, nullable=False),
    _words("who", 64),
    _words("address", 64),
    Column("what", Words(64), nullable=False),
    _words("about"),
    _prose("detail", "{}"),
    Column("prev", Words(64), nullable=False),
    Column("hash", Words(64), nullable=False),
    *(Index(name, column, "seq") for name, column in (("audit_of", "about"), ("audit_by", "who"))),
    *(Index(name, column, "seq") for name, column in (("audit_at", "at"), ("audit_what", "what"))),
)
