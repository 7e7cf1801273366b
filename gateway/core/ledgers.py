"""Ports to the durable ledgers of the phone side. storage/ has them on a database.

Channels and the switchboard see these protocols only. Every method is durable when it returns
and raises StorageDown when the database is away; nothing is half-written then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.core.call.record import (
    AgentChange,
    Callback,
    CallbackState,
    CallOutcome,
    CallRecord,
    Gap,
)
from gateway.core.call.transfer import Transfer
from gateway.core.statistics import Figures, Period, Rows, Standing


@dataclass(frozen=True, slots=True)
class CallFilters:
    """Which calls: begun before `until`, of one agent, with one outcome."""

    until: datetime | None = None
    agent: str = ""
    outcome: CallOutcome | None = None


EVERY_CALL = CallFilters()


class CallLog(Protocol):
    """Every call that ever was. Rows are replaced as a whole, so a repeat changes nothing."""

    async def keep(self, calls: Sequence[CallRecord], transfers: Sequence[Transfer] = ()) -> None:
        """Insert or replace by id, all in one transaction; with the calls their transfers."""

    async def transfers(self, call_id: str) -> list[Transfer]:
        """The transfers of a call that is over, in order."""

    async def get(self, call_id: str) -> CallRecord | None: ...

    async def page(
        self,
        since: datetime | None,
        limit: int,
        before: str = "",
        numbers: Sequence[str] = (),
        filters: CallFilters = EVERY_CALL,
    ) -> list[CallRecord]:
        """Newest first; `before` is the id of the last call seen; `since` bounds started_at.

        With `numbers`, the spellings of one number: calls from it and to it alone.
        """

    async def open_calls(self) -> list[CallRecord]:
        """Calls without an end."""

    async def turned_away(self, since: datetime) -> int:
        """How many found every line busy."""


class CallbackLedger(Protocol):
    """Call-backs. A change happens once: the second of two equal changes answers None."""

    async def book(self, owed: Callback) -> Callback:
        """Keep it; the same id again gives what is kept."""

    async def change(
        self, owed: Callback, before: CallbackState, at: datetime, entry: tuple[str, str] | None = None
    ) -> Callback | None:
        """Compare and set state, counts and due time; what is kept, None when it was not in `before`.

        `entry` (what, text) becomes a line on its item, in the same transaction. FAILED makes it the item's
        task to call back.
        """

    async def link(self, owed_id: str, number: str) -> None:
        """Tie it to its item."""

    async def get(self, owed_id: str) -> Callback | None:
        """One, in whatever state it is."""

    async def owed(self, *states: CallbackState) -> list[Callback]:
        """In order of arrival; no states: pending, placed and dialling."""


class OnceLedger(Protocol):
    """How far files that Asterisk writes were taken over, by name: an offset or a mark."""

    async def mark(self, name: str) -> str:
        """What was last set, "" at first."""

    async def set_mark(self, name: str, value: str) -> None: ...


class GapLog(Protocol):
    async def add_gap(self, gap: Gap) -> None: ...

    async def gaps(self, since: datetime) -> list[Gap]: ...


class AgentLog(Protocol):
    """Changes of seats of this gateway, which it adds, and of all on the database."""

    async def add_changes(self, changes: Sequence[AgentChange]) -> None: ...

    async def changes(self, since: datetime, agent: str = "") -> list[AgentChange]: ...

    async def last(self, since: datetime) -> list[AgentChange]:
        """The last change of each agent that this gateway has added since."""


class FigureLog(Protocol):
    """What figures are counted from. Each answer is one view of the database."""

    async def rows(self, periods: Sequence[Period]) -> list[Rows]:
        """Of periods that follow one another, each with what it needs of the one before."""

    async def kept(self, periods: Sequence[Period]) -> dict[Period, Figures]:
        """Figures kept by `keep`, of those of these periods of whose rows none has changed since."""

    async def rows_to_keep(self, periods: Sequence[Period]) -> tuple[str, list[Rows]]:
        """Like `rows`, with a ticket for `keep`; "" when these cannot be kept now."""

    async def keep(self, ticket: str, counted: Mapping[Period, Figures]) -> None:
        """Keep what was counted from the rows of this ticket, but for periods that have changed since."""

    async def standing(self, today: date, now: datetime) -> Standing:
        """What stands open now; clocks are held against `today`, the centre's, leases against `now`."""
