"""What all tables share: metadata, kinds of columns, and the conditions of partial indexes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    text,
)

from gateway.storage.words import Prose, Words

meta = MetaData()
Big = BigInteger().with_variant(Integer, "sqlite")
# The states of core.item.states.QUEUED, spelled out: only then is an index over them alone made use of. The
# plus sign keeps SQLite, which knows nothing of how many rows there are, from another index and sorting.
WAITING = {
    "sqlite": text("+state IN ('in_work', 'received')"),
    "postgresql": text("state IN ('in_work', 'received')"),
}
# What may be assigned to a unit; it has to be sorted first.
TO_ASSIGN = {
    dialect: text(f"{plain}state IN ('accepted', 'in_work', 'received') AND kind <> 'unsorted'")
    for dialect, plain in (("sqlite", "+"), ("postgresql", ""))
}
# The states of core.order.states.OPEN: an item has one order in them at most.
ORDER_OPEN = text(
    "state IN ('assigned', 'signed', 'handling', 'extension_asked', 'reported', 'sent_back', 'done_again')"
)
# The same, spelled so that no index over states serves: SQLite would rather look through that for each state
# than go along an index over these alone.
ORDER_OPEN_ALONE = text(f"state || ''{ORDER_OPEN.text.removeprefix('state')}")
ORDER_DISPUTED = text(f"disputed_on <> '' AND {ORDER_OPEN_ALONE.text}")
ORDER_URGENT = text(f"urgency <> 'general' AND {ORDER_OPEN_ALONE.text}")
ORDER_SUPERVISED = text(f"supervised_at IS NOT NULL AND {ORDER_OPEN_ALONE.text}")
ORDER_PROBLEM = text("problem")
# Given back, and its item was not assigned anew.
GIVEN_BACK = text("state || '' = 'returned' AND NOT superseded")
ORDER_UNTOLD = text("state = 'closed' AND told_at IS NULL")
UNSEALED = text("sealed IS NULL")
# Notices that want somebody: a call or letter to do, or one that did not get through.
NOTICE_OPEN = text(
    "notice <> '' AND (state IN ('bounced', 'dead') OR (state = 'waiting' AND way IN ('letter', 'phone')))"
)
OUTGOING = text("direction = 'out'")
ADDED = text("added_at IS NOT NULL")
HELD = text("lease_holder <> ''")
CLOCKED = text("next_due < '9999-12-31'")  # lists.NO_CLOCK, spelled out for the index
COMPLETED = text("what = 'complete'")
UNSEEN = text("seen_at IS NULL")
# Conditions of indexes that most rows need not stand in, spelled as the queries spell them.
GIVEN = {name: text(f"{name} <> ''") for name in ("person_email", "person_id_number", "respondent_name")}


def given(index: str, *columns: str) -> Index:
    """An index over the rows in which the last of the columns is given."""
    where = GIVEN[columns[-1]]
    return Index(index, *columns, sqlite_where=where, postgresql_where=where)


def words(name: str, length: int = 200) -> Column[str]:
    return Column(name, Words(length), nullable=False, server_default="")


def prose(name: str, default: str = "") -> Column[str]:
    return Column(name, Prose, nullable=False, server_default=default)
