"""Counted figures of days that are over, kept so that a month need not be counted from its calls again.

Database triggers drop a day's row when anything changes that its figures are counted from, whoever changes it
(migration 0022). To keep figures takes three steps, since counting must not hold a transaction:

1. `start` leaves a row with a ticket and without figures; its caller reads the rows in the same transaction.
2. The caller counts.
3. `finish` writes the figures if the row still has the ticket, so if nothing has changed since step 1.

On PostgreSQL a writer that is not yet committed is invisible to step 1, and the row of step 1 to it. Each
writer therefore holds a shared lock of the UTC day, and `start` tries to get it alone: when it does not,
nothing is kept.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, delete, insert, select, text, update

from gateway.core import statistics
from gateway.core.item.contact import Channel
from gateway.core.statistics import WINDOW, AgentFigures, Figures, Period, Share
from gateway.storage.database import Transaction
from gateway.storage.rows import to_ms
from gateway.storage.tables import kept_figures

COUNTED_BY = hashlib.sha256(inspect.getsource(statistics).encode()).hexdigest()
"""The rules by which figures are counted: what was kept by other rules is counted again."""
DAY_MS = 86_400_000
# A day's figures are kept only while no transaction is changing rows of that day: those hold the lock shared
# (trigger of migration 0022). `try`: whoever changes rows never waits for figures.
LOCK = text(
    "select bool_and(pg_try_advisory_xact_lock(12315, day)) "
    "from generate_series(cast(:first as int), cast(:last as int)) as day"
)
KEPT = select(kept_figures.c.since, kept_figures.c.until, kept_figures.c.figures).where(
    kept_figures.c.since >= bindparam("first"),
    kept_figures.c.since < bindparam("last"),
    kept_figures.c.counted_by == COUNTED_BY,
    kept_figures.c.figures.is_not(None),
)
THIS = and_(kept_figures.c.since == bindparam("of"), kept_figures.c.until == bindparam("to"))
FORGET = delete(kept_figures).where(THIS)
FINISH = (
    update(kept_figures)
    .where(THIS, kept_figures.c.ticket == bindparam("its"))
    .values(figures=bindparam("counted"))
)


def kept(t: Transaction, periods: Sequence[Period]) -> dict[Period, Figures]:
    """The figures that are kept, of those of these periods that have some."""
    bounds = {"first": to_ms(periods[0].since), "last": to_ms(periods[-1].until)}
    by_bounds = {(row[0], row[1]): row[2] for row in t.execute(KEPT, bounds)}
    texts = ((period, by_bounds.get(_bounds(period))) for period in periods)
    return {period: _figures_of(kept_text) for period, kept_text in texts if kept_text is not None}


def start(t: Transaction, periods: Sequence[Period], ticket: str) -> bool:
    """Announce that figures of these periods are about to be counted; False when a writer is at work."""
    if t.dialect.name == "postgresql" and not t.execute(LOCK, _utc_days(periods)).scalar_one():
        return False
    bounds = [_bounds(period) for period in periods]
    t.execute(FORGET, [{"of": since, "to": until} for since, until in bounds]).close()
    values = [
        {"since": since, "until": until, "counted_by": COUNTED_BY, "ticket": ticket}
        for since, until in bounds
    ]
    t.execute(insert(kept_figures), values).close()
    return True


def finish(t: Transaction, ticket: str, counted: Mapping[Period, Figures]) -> None:
    """Keep figures, but for periods of which something has changed since `start`."""
    values = []
    for period, figures in counted.items():
        since, until = _bounds(period)
        values.append({"of": since, "to": until, "its": ticket, "counted": orjson.dumps(figures).decode()})
    t.execute(FINISH, values).close()


def _bounds(period: Period) -> tuple[int, int]:
    return to_ms(period.since), to_ms(period.until)


def _utc_days(periods: Sequence[Period]) -> dict[str, int]:
    """The UTC days whose rows the figures rest on."""
    first, last = to_ms(periods[0].since - WINDOW), to_ms(periods[-1].until) - 1
    return {"first": first // DAY_MS, "last": last // DAY_MS}


def _figures_of(kept_text: str) -> Figures:
    data: dict[str, Any] = orjson.loads(kept_text)
    data["written"] = tuple((Channel(channel), count) for channel, count in data["written"])
    data["agents"] = tuple(AgentFigures(**agent) for agent in data["agents"])
    data["half_hours"] = tuple(data["half_hours"])
    data["last_24h"] = Share(**data["last_24h"])
    data["lowest_24h"] = data["lowest_24h"] and Share(**data["lowest_24h"])
    return Figures(**data)
