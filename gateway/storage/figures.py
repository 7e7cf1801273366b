"""FigureLog on the database: the rows of a period, narrow enough to be read once a second.

Nothing is counted here that core/statistics.py counts; what stands open is counted by the database, since it
is one number of very many items. kept_figures.py keeps the counted figures of days that are over.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import bindparam, func, select, text

from gateway.core.call.record import AgentChange, CallbackState, CallOutcome
from gateway.core.item.contact import Channel, Task
from gateway.core.item.states import QUEUED
from gateway.core.statistics import SOON, WINDOW, CallFacts, Figures, Period, Rows, Standing
from gateway.errors import StorageDown
from gateway.storage import item_lists, kept_figures, rows
from gateway.storage.database import Database, Transaction
from gateway.storage.phone import OWED
from gateway.storage.tables import WAITING, agent_changes, call_backs, calls, dues, items

At = TypeVar("At", CallFacts, AgentChange)
CALLS = (
    select(
        calls.c.started_at,
        calls.c.outcome,
        calls.c.direction,
        calls.c.queued_at,
        calls.c.talked_at,
        calls.c.wait_seconds,
        calls.c.agent,
        calls.c.back_of,
        calls.c.rating,
    )
    .where(
        calls.c.started_at >= bindparam("before"),
        calls.c.started_at < bindparam("until"),
        calls.c.ended_at.is_not(None),
    )
    .order_by(calls.c.started_at, calls.c.id)
)
CHANGES = (
    select(*(agent_changes.c[name] for name in ("at", "agent", "state", "reason", "gateway")))
    .where(agent_changes.c.at >= bindparam("before"), agent_changes.c.at < bindparam("until"))
    .order_by(agent_changes.c.at, agent_changes.c.id)
)
WRITTEN = (
    select(items.c.channel, func.count())
    .where(
        items.c.received_at >= bindparam("since"),
        items.c.received_at < bindparam("until"),
        items.c.channel != Channel.PHONE.value,
    )
    .group_by(items.c.channel)
)
BOOKED = select(func.count()).where(
    call_backs.c.booked_at >= bindparam("since"), call_backs.c.booked_at < bindparam("until")
)

PROMISED = select(func.count()).where(call_backs.c.state.in_([state.value for state in OWED]))
NOT_REACHED = (
    select(func.count())
    .select_from(call_backs.join(items, items.c.number == call_backs.c.number))
    .where(
        call_backs.c.state == CallbackState.FAILED.value,
        items.c.state.in_([state.value for state in sorted(QUEUED)]),
    )
)
GUESSED = select(func.count(dues.c.number.distinct())).where(text("dues.provisional"), text("dues.running"))


class FigureRows:
    """The `FigureLog` of gateway/core/ledgers.py."""

    def __init__(self, database: Database) -> None:
        self._database = database
        waiting = WAITING["sqlite" if database.sqlite else "postgresql"]
        self._waiting = (
            select(items.c.channel, items.c.task, func.count())
            .where(waiting)
            .group_by(items.c.channel, items.c.task)
        )

    async def rows(self, periods: Sequence[Period]) -> list[Rows]:
        """Of periods that follow one another: calls and changes are read once for all of them."""
        return await self._database.read(lambda t: _rows(t, periods))

    async def kept(self, periods: Sequence[Period]) -> dict[Period, Figures]:
        if not periods:
            return {}
        return await self._database.read(lambda t: kept_figures.kept(t, periods))

    async def rows_to_keep(self, periods: Sequence[Period]) -> tuple[str, list[Rows]]:
        ticket = uuid4().hex

        def started(t: Transaction) -> tuple[str, list[Rows]]:
            free = kept_figures.start(t, periods, ticket)
            return (ticket if free else ""), _rows(t, periods)

        try:
            return await self._database.write(started)
        except StorageDown:  # a full disk keeps nothing and can still be read
            return "", await self.rows(periods)

    async def keep(self, ticket: str, counted: Mapping[Period, Figures]) -> None:
        with suppress(StorageDown):  # it is counted again next time
            await self._database.write(lambda t: kept_figures.finish(t, ticket, counted))

    async def standing(self, today: date, now: datetime) -> Standing:
        return await self._database.read(lambda t: self.standing_in(t, today, now))

    def standing_in(self, t: Transaction, today: date, now: datetime) -> Standing:
        """The same, within a transaction."""
        waiting: Counter[Channel] = Counter()
        call_backs = int(t.execute(PROMISED).scalar_one()) + int(t.execute(NOT_REACHED).scalar_one())
        for channel, task, count in t.execute(self._waiting):
            waiting[Channel(channel)] += count
            if task == Task.GAVE_UP.value:
                call_backs += count
        return Standing(
            owed=call_backs,
            overdue=item_lists.overdue(t, today),
            due_soon=item_lists.due_between(t, today, today + SOON),
            provisional=int(t.execute(GUESSED).scalar_one()),
            waiting=tuple(sorted(waiting.items())),
            to_take=waiting.total() - item_lists.held_now(t, now),
        )


def _rows(t: Transaction, periods: Sequence[Period]) -> list[Rows]:
    around = _bounds(periods[0].since - WINDOW, periods[-1].until)
    calls = [_facts(row) for row in t.execute(CALLS, around)]
    changes = [AgentChange(rows.of_ms(row[0]), *row[1:]) for row in t.execute(CHANGES, around)]
    return [
        Rows(
            calls=_between(calls, period.since - WINDOW, period.until),
            changes=_between(changes, period.since - WINDOW, period.until),
            written=[(Channel(row[0]), int(row[1])) for row in t.execute(WRITTEN, _within(period))],
            booked=int(t.execute(BOOKED, _within(period)).scalar_one()),
        )
        for period in periods
    ]


def _facts(row: Any) -> CallFacts:
    at, outcome, direction, queued_at, talked_at, wait, agent, back_of, rating = row
    return CallFacts(
        *(rows.of_ms(at), _OUTCOMES[outcome], direction == "in", queued_at is not None),
        *(talked_at is not None, wait, agent, back_of != "", rating),
    )


def _between(facts: Sequence[At], since: datetime, until: datetime) -> Sequence[At]:
    """The part of what is in order of time."""
    return facts[bisect_left(facts, since, key=_at) : bisect_left(facts, until, key=_at)]


def _at(fact: CallFacts | AgentChange) -> datetime:
    return fact.at


def _bounds(before: datetime, until: datetime) -> dict[str, int]:
    return {"before": rows.to_ms(before), "until": rows.to_ms(until)}


def _within(period: Period) -> dict[str, int]:
    return {"since": rows.to_ms(period.since), "until": rows.to_ms(period.until)}


_OUTCOMES = {outcome.value: outcome for outcome in CallOutcome}
