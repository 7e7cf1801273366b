"""What an agent or a supervisor does with a call: consult, transfer, listen, call out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.calls.flow_desk import FlowDesk
from gateway.calls.live import LiveCalls
from gateway.calls.seats import Seats
from gateway.calls.transfers import Target, Transfers, partner_target
from gateway.core import telephone
from gateway.core.call import dialling
from gateway.core.call.seat import SeatState
from gateway.core.call.state import CallState
from gateway.core.call.transfer import Ask, TargetKind, Transfer
from gateway.core.flow.partner import Partner
from gateway.errors import Conflict, NotFound
from gateway.pbx.port import ListenMode, Pbx
from gateway.settings.schema import Config

_BUSY = (SeatState.TALKING, SeatState.RINGING)


class AgentActions:
    """Checks whether an action is possible now, then asks the PBX for it."""

    def __init__(
        self,
        config: Config,
        pbx: Pbx,
        live: LiveCalls,
        seats: Seats,
        transfers: Transfers,
        desk: FlowDesk,
        now: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._pbx = pbx
        self._live = live
        self._seats = seats
        self._transfers = transfers
        self._desk = desk
        self._now = now

    def agent_of(self, call: str) -> str:
        """The agent who has this caller now; "" when nobody has. Raises NotFound."""
        return self._config.agent_id_of_seat(self._live.state(call).seat)

    async def consult(self, call: str, target: str, *, direct: bool = False) -> Transfer:
        """Let the call's agent speak with a partner or another agent, by id; the caller hears music.

        Raises NotFound, Conflict (closed, busy, no talk, another transfer), PbxDown.
        """
        state, live = self._live.state(call), self._live.get(call)
        if live and live.walk and live.walk.kind:
            state.kind = live.walk.kind
        return await self._transfers.consult(state, self._target(state, target), self._now(), direct=direct)

    async def ask_transfer(self, call: str, ask: Ask) -> Transfer:
        """Merge, go back or leave. Raises NotFound, Conflict, PbxDown."""
        return await self._transfers.ask(self._live.state(call), ask, self._now())

    async def listen_to(self, call: str, seat: str, mode: ListenMode) -> None:
        """Ring a seat and let it listen to a call's agent. Raises NotFound, Conflict, PbxDown."""
        state = self._live.state(call)
        if seat not in self._seats:
            raise NotFound(f"no seat {seat}")
        if not state.agent_leg or state.seat == seat:
            raise Conflict("没有可监听的通话 / there is no talk to listen to")
        if not await self._pbx.listen(seat, call, state.agent_leg, mode):
            raise Conflict("话机未注册 / this seat's phone cannot be reached")

    async def call_out(self, agent_id: str, phone: str, item: str) -> None:
        """Ring an agent's phone, and from there call somebody about an item.

        Raises NotFound, Conflict (no telephone number, no free line, the seat is busy), PbxDown.
        """
        agent = self._config.agent(agent_id)
        if agent is None:
            raise NotFound(f"no agent {agent_id}")
        number = self._number_to_dial(phone)
        seat = self._seats[agent.seat]
        if seat.state in _BUSY or not seat.reachable:
            raise Conflict("您的话机正忙或未注册 / your phone is busy or away")
        if self._config.centre.lines <= self._live.lines():
            raise Conflict("没有空闲线路 / no line is free")
        if not await self._pbx.call_out(agent.seat, number, item):
            raise Conflict("话机未注册 / this seat's phone cannot be reached")

    def _number_to_dial(self, phone: str) -> str:
        """Raises Conflict when it is no number, or one that must not be called."""
        number = telephone.to_dial(telephone.plain(phone))
        if not 3 <= len(number) <= 20:
            raise Conflict("没有可拨打的电话号码 / there is no number to call")
        if not dialling.allowed(number, self._config.outgoing.allow):
            raise Conflict("此号码不在允许呼出的范围内 / calls to this number are not allowed")
        return number

    def _target(self, call: CallState, target: str) -> Target:
        partner = self._desk.flows().partners.get(target)
        return self._partner_target(partner) if partner else self._seat_target(call, target)

    def _partner_target(self, partner: Partner) -> Target:
        if not partner.hours.open_at(self._desk.clock()):
            raise Conflict(f"{partner.zh}不在服务时间 / {partner.en} is closed now")
        return partner_target(partner)

    def _seat_target(self, call: CallState, target: str) -> Target:
        agent = self._config.agent(target)
        if agent is None:
            raise NotFound(f"no partner and no agent {target}")
        seat = self._seats[agent.seat]
        busy = seat.state in _BUSY or self._transfers.asked(agent.id)
        if agent.seat == call.seat or busy or not seat.reachable:
            raise Conflict("该坐席现在不能接听 / this agent cannot answer now")
        return Target(agent.id, TargetKind.SEAT, agent.seat, self._config.queue.ring_seconds)
