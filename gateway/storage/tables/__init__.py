"""Every table, once: queries are written against it, migrations lead to it (a test compares them).

Times are Unix milliseconds (UTC), days ISO texts, amounts fen: the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from gateway.storage.tables.access import (
    accounts,
    audit,
    audit_segments,
    installation,
    sessions,
    tokens,
)
from gateway.storage.tables.calls import (
    agent_changes,
    call_backs,
    calls,
    drafts,
    gaps,
    kept_figures,
    once_marks,
    transfers,
)
from gateway.storage.tables.columns import (
    ADDED,
    CLOCKED,
    COMPLETED,
    GIVEN,
    HELD,
    NOTICE_OPEN,
    OUTGOING,
    TO_ASSIGN,
    UNSEALED,
    UNSEEN,
    WAITING,
    meta,
)
from gateway.storage.tables.faxes import (
    fax_pages,
    faxes,
)
from gateway.storage.tables.follow_ups import follow_ups
from gateway.storage.tables.items import (
    acts,
    attachments,
    contacts,
    decisions,
    dues,
    externals,
    identities,
    items,
    links,
    lookups,
    mentions,
    milestones,
    revisions,
    serials,
    timeline,
)
from gateway.storage.tables.orders import (
    order_codes,
    order_copies,
    order_events,
    order_reports,
    order_suspensions,
    orders,
)
from gateway.storage.tables.outgoing import (
    deliveries,
    due_notices,
    outbox,
    referrals,
)
from gateway.storage.tables.retention import discarded, holds
from gateway.storage.tables.supervision import duty_calls, order_rungs, published_figures
from gateway.storage.tables.units import unit_changes, units

__all__ = [
    "ADDED",
    "CLOCKED",
    "COMPLETED",
    "GIVEN",
    "HELD",
    "NOTICE_OPEN",
    "OUTGOING",
    "TO_ASSIGN",
    "UNSEALED",
    "UNSEEN",
    "WAITING",
    "accounts",
    "acts",
    "agent_changes",
    "attachments",
    "audit",
    "audit_segments",
    "call_backs",
    "calls",
    "contacts",
    "decisions",
    "deliveries",
    "discarded",
    "drafts",
    "due_notices",
    "dues",
    "duty_calls",
    "externals",
    "fax_pages",
    "faxes",
    "follow_ups",
    "gaps",
    "holds",
    "identities",
    "installation",
    "items",
    "kept_figures",
    "links",
    "lookups",
    "mentions",
    "meta",
    "milestones",
    "once_marks",
    "order_codes",
    "order_copies",
    "order_events",
    "order_reports",
    "order_rungs",
    "order_suspensions",
    "orders",
    "outbox",
    "published_figures",
    "referrals",
    "revisions",
    "serials",
    "sessions",
    "timeline",
    "tokens",
    "transfers",
    "unit_changes",
    "units",
]
