"""Switchboard and storage as the web side sees them: lines, seats, who waits, how the parts are.

Only a view: made anew for each request, nothing is stored here. Built by gateway/wiring/site.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from gateway.calls.events import EventListener
from gateway.calls.switchboard import Switchboard
from gateway.calls.views import (
    AgentView,
    BoardCounts,
    ItemCount,
    LineState,
    LineView,
    PartHealth,
    WaitingView,
)
from gateway.core.call.seat import Seat
from gateway.core.call.state import CallState, Phase
from gateway.core.call.transfer import Ask, Transfer
from gateway.core.flow.partner import Partner
from gateway.core.item.item import ItemState
from gateway.core.roles import Account, Role
from gateway.pbx.asterisk import AsteriskPbx
from gateway.pbx.port import ListenMode
from gateway.pbx.readiness import Readiness
from gateway.settings.schema import Config
from gateway.storage import Storage


class LiveBoard:
    """The `Board` of web/ports.py."""

    def __init__(
        self, config: Config, switchboard: Switchboard, pbx: AsteriskPbx, readiness: Readiness
    ) -> None:
        self._readiness = readiness
        self._config = config
        self._switchboard = switchboard
        self._pbx = pbx

    def lines(self) -> list[LineView]:
        """Every line, from 1; a partner's second line is not told apart."""
        by_line = {state.record.line: state for state in self._switchboard.live()}
        return [self._line(n, by_line.get(n)) for n in range(1, self._config.centre.lines + 1)]

    def _line(self, number: int, state: CallState | None) -> LineView:
        if state is None or state.over:
            return LineView(number, LineState.FREE)
        record = state.record
        return LineView(
            number, LineState(state.phase.value), record.id, record.caller or record.dialled, state.since
        )

    def agents(self) -> list[AgentView]:
        return [_agent(seat) for seat in self._switchboard.seats()]

    def waiting(self) -> list[WaitingView]:
        return [
            WaitingView(state.id, state.record.caller, state.record.queued_at or state.record.started_at)
            for state in self._switchboard.live()
            if state.phase is Phase.QUEUE
        ]

    async def set_agent(
        self, agent_id: str, state: str, reason: str = "", browser: bool | None = None
    ) -> None:
        await self._switchboard.set_agent(agent_id, state, reason, browser)

    def agent_of(self, call: str) -> str:
        return self._switchboard.agent_of(call)

    def agent_at(self, seat: str) -> str:
        return self._config.agent_id_of_seat(seat)

    def transfer(self, call: str) -> Transfer | None:
        return self._switchboard.transfers.current(call)

    async def consult(self, call: str, target: str, *, direct: bool = False) -> Transfer:
        return await self._switchboard.consult(call, target, direct=direct)

    async def ask_transfer(self, call: str, ask: Ask) -> Transfer:
        return await self._switchboard.ask_transfer(call, ask)

    async def listen_to(self, call: str, seat: str, mode: ListenMode) -> None:
        await self._switchboard.listen_to(call, seat, mode)

    async def call_out(self, agent_id: str, phone: str, item: str) -> None:
        await self._switchboard.call_out(agent_id, phone, item)

    def partners(self) -> list[tuple[Partner, bool]]:
        clock = self._switchboard.clock()
        partners = self._switchboard.flows().partners
        return [(partners[name], partners[name].hours.open_at(clock)) for name in sorted(partners)]

    def health(self) -> Mapping[str, PartHealth]:
        if not self._switchboard.ready:
            return {"pbx": PartHealth(False, f"AMI {self._pbx.state}")}
        lacks = self._readiness.lacks
        return {"pbx": PartHealth(not lacks, "; ".join(str(lack) for lack in lacks))}

    def counts(self) -> BoardCounts:
        counts = self._switchboard.counts
        return BoardCounts(dict(counts.calls), counts.gaps)

    def listen(self, listener: EventListener) -> Callable[[], None]:
        return self._switchboard.listen(listener)


def _agent(seat: Seat) -> AgentView:
    return AgentView(
        *(seat.agent, seat.name, seat.seat, seat.state, seat.why, seat.since, seat.call),
        *(seat.browser, seat.reachable),
    )


class TokenLedger:
    """The `Tokens` of web/http/auth.py."""

    def __init__(self, storage: Storage) -> None:
        self._tokens = storage.tokens

    async def account(self, token: str) -> Account | None:
        info = await self._tokens.check(token, datetime.now(UTC))
        return Account(info.name, Role(info.role), unit=info.unit) if info else None


class StoreView:
    """The `Store` of web/ports.py."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def ping(self) -> None:
        await self._storage.ping()

    async def counts(self) -> list[ItemCount]:
        counts = await self._storage.items.counts()
        return [ItemCount(ItemState(state), channel, count) for state, channel, count in counts]
