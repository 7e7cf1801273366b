"""Live transfers: takes requests of agents and notes of the dialplan; the table is in core/call/transfer.

The switchboard tells it every note of a call and asks for the transfers when the call is over. What
goes on now can be rebuilt from the notes alone, so a gateway that was away goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.state import CallState, Phase
from gateway.core.call.transfer import (
    Ask,
    Command,
    Fact,
    TargetKind,
    Transfer,
    TransferOutcome,
    TransferState,
    advance,
    fact_of,
)
from gateway.core.flow.partner import Partner
from gateway.core.item.contact import Kind
from gateway.errors import Conflict, PbxDown
from gateway.pbx.port import Consult, Pbx
from gateway.settings.schema import Config
from gateway.tasks import Work

log = logging.getLogger(__name__)

Own = Callable[[str, Work], object]
TransferListener = Callable[[Transfer], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an agent wants to speak with: a partner, or another agent's seat."""

    id: str
    kind: TargetKind
    dial: str
    ring: int = 20
    asks: bool = False


def partner_target(partner: Partner) -> Target:
    return Target(partner.id, TargetKind.PARTNER, partner.dial, partner.ring, partner.asks)


@dataclass(slots=True)
class _CallTransfers:
    """The transfers of one live call; the last may still go on. `noted` counts those that were seen."""

    all: list[Transfer] = field(default_factory=list)
    noted: int = 0


class Transfers:
    """`own` runs work that nobody waits for, under a task's name; `changed` hears of every change."""

    def __init__(self, config: Config, pbx: Pbx, own: Own, changed: TransferListener) -> None:
        self._config = config
        self._pbx = pbx
        self._own = own
        self._changed = changed
        self._by_call: dict[str, _CallTransfers] = {}

    def current(self, call: str) -> Transfer | None:
        """The last transfer of a live call, if there was one."""
        history = self._by_call.get(call)
        return history.all[-1] if history and history.all else None

    def all(self, call: str) -> tuple[Transfer, ...]:
        """The transfers of a live call so far."""
        history = self._by_call.get(call)
        return tuple(history.all) if history else ()

    def asked(self, target: str) -> bool:
        """Is this target dialled for, or in, the private talk of any live call?"""
        last = (history.all[-1] for history in self._by_call.values() if history.all)
        return any(transfer.target == target and transfer.live for transfer in last)

    def lines(self, call: str) -> int:
        """Lines that the target's leg takes: 0 or 1."""
        last = self.current(call)
        return 1 if last and last.line and not last.over else 0

    def close(self, call: str, at: datetime) -> tuple[Transfer, ...]:
        """The call is over: all its transfers, ended."""
        history = self._by_call.pop(call, None)
        if history is None:
            return ()
        return tuple(t if t.over else advance(t, Fact.CALLER_GONE, at)[0] for t in history.all)

    # ------------------------------------------------------------ what is asked

    async def consult(
        self, state: CallState, target: Target, at: datetime, *, direct: bool = False
    ) -> Transfer:
        """Dial a target in private while the caller hears music.

        `direct`: put the caller through as soon as it answers. Raises Conflict, PbxDown.
        """
        last = self.current(state.id)
        if last is not None and last.live:
            raise Conflict(f"转接正在进行 / a transfer to {last.target} is going on")
        if not (state.agent_leg and state.caller_leg) or state.phase is not Phase.TALK:
            raise Conflict("没有正在通话的坐席 / no agent talks on this call")
        history = self._by_call.setdefault(state.id, _CallTransfers())
        before = len(history.all)
        transfer = self._new(state, target.id, target.kind, at, direct=direct)
        history.all.append(transfer)
        self._changed(transfer)
        consult = Consult(
            *(state.caller_leg, state.agent_leg, target.id, target.dial),
            seat=target.kind is TargetKind.SEAT,
            ring=target.ring,
            hold=self._config.queue.longest_hold,
            summary=_summary(state.kind) if target.asks else (),
        )
        try:
            moved = await self._pbx.consult(consult)
        except PbxDown:
            self._forget(history, before)
            raise
        if not moved:
            self._forget(history, before)
            raise Conflict("通话已变化，请再试 / the call has changed, try again")
        return self.current(state.id) or transfer

    def _forget(self, history: _CallTransfers, before: int) -> None:
        """A consult that never began: nobody was moved."""
        if len(history.all) > before and history.all[before].state is TransferState.ASKED:
            failed = history.all.pop(before)
            self._changed(replace(failed, state=TransferState.BACK, outcome=TransferOutcome.FAILED))

    async def ask(self, state: CallState, ask: Ask, at: datetime) -> Transfer:
        """Merge, go back, or leave. Raises Conflict when that cannot be now, PbxDown."""
        last = self.current(state.id)
        if last is None or not last.allows(ask):
            moment = last.state.value if last else "none"
            raise Conflict(f"当前不能这样操作 / not possible now: the transfer is {moment}")
        after, commands = advance(last, ask, at)
        self._put(state.id, after)
        for command in commands:
            if not await self._obey(after, command) and command is Command.JOIN:
                self._unjoin(state.id, after.id)
                raise Conflict("对方已挂机 / the other side has hung up")
        return self.current(state.id) or after

    def _unjoin(self, call: str, transfer_id: str) -> None:
        last = self.current(call)
        if last and last.id == transfer_id and last.state in (TransferState.JOINING, TransferState.LEAVING):
            self._put(call, replace(last, state=TransferState.CONSULT))

    # ------------------------------------------------------------ what is noted

    def noted(self, state: CallState, note: JournalEntry) -> None:
        """Take a note that changed the state of its call."""
        history = self._by_call.get(state.id)
        if note.what is EntryType.CONSULT:
            history = self._begin(state, note)
        if history is None or not history.all:
            return
        last = history.all[-1]
        if note.what is EntryType.TARGET_ON and note.arg(0) == last.target:
            last = replace(last, leg=note.arg(1))
        fact = fact_of(note, last)
        if fact is None:
            return
        after, commands = advance(last, fact, note.at)
        self._put(state.id, after)
        if after.state is TransferState.HANDED_OVER and last.state is TransferState.JOINED:
            self._hand_over(state, after, note.at)
        for command in commands:
            self._own("transfer", partial(self._obey_late, state.id, after, command))

    def _begin(self, state: CallState, note: JournalEntry) -> _CallTransfers:
        """A target is being dialled: the transfer asked for, or one that this gateway did not see."""
        history = self._by_call.setdefault(state.id, _CallTransfers())
        target, line = note.arg(0), note.arg(1)
        seat = self._config.agent(target) is not None
        if (
            not history.all
            or history.all[-1].state is not TransferState.ASKED
            or history.all[-1].target != target
        ):
            kind = TargetKind.SEAT if seat else TargetKind.PARTNER
            history.all.append(self._new(state, target, kind, note.at))
        history.noted += 1
        history.all[-1] = replace(
            history.all[-1],
            id=f"{state.id}:{history.noted}",
            line=int(line) if line.isdecimal() else 0,
            agent_leg=note.arg(2) or state.agent_leg,
        )
        return history

    def _new(
        self, state: CallState, target: str, kind: TargetKind, at: datetime, *, direct: bool = False
    ) -> Transfer:
        history = self._by_call.get(state.id)
        number = (history.noted if history else 0) + 1
        return Transfer(
            *(f"{state.id}:{number}", state.id, state.seat, target, kind, at),
            direct=direct,
            agent_leg=state.agent_leg,
        )

    def _hand_over(self, state: CallState, transfer: Transfer, at: datetime) -> None:
        """The agent has left the three; a colleague has the caller now and may transfer him again."""
        if transfer.kind is TargetKind.PARTNER:
            return
        agent = self._config.agent(transfer.target)
        state.seat = agent.seat if agent else ""
        state.agent_leg = transfer.leg
        state.phase, state.since = Phase.TALK, at

    # ------------------------------------------------------------ commands to the PBX

    def _put(self, call: str, transfer: Transfer) -> None:
        history = self._by_call[call]
        if history.all[-1] == transfer:
            return
        history.all[-1] = transfer
        self._changed(transfer)

    async def _obey(self, transfer: Transfer, command: Command) -> bool:
        match command:
            case Command.JOIN:
                return await self._pbx.join(transfer.agent_leg, transfer.leg)
            case Command.REJOIN:
                return await self._pbx.rejoin(transfer.agent_leg)
            case Command.DROP:
                return not transfer.leg or await self._pbx.hang_up(transfer.leg)
            case Command.LET_GO:
                return await self._pbx.hang_up(transfer.agent_leg)

    async def _obey_late(self, call: str, transfer: Transfer, command: Command) -> None:
        """Nobody waits for the result: what cannot be done now shows in the next note."""
        try:
            obeyed = await self._obey(transfer, command)
        except PbxDown as error:
            log.warning("transfer %s: %s not done: %s", transfer.id, command, error)
            obeyed = False
        if not obeyed and command is Command.JOIN and call in self._by_call:
            self._unjoin(call, transfer.id)


def _summary(kind: Kind) -> tuple[str, ...]:
    """The prompts a target hears before it takes the call: no more than what the matter is about."""
    about = (f"partner_about_{kind.value}",) if kind.value in _SPOKEN else ()
    return ("partner_accept", *about, "partner_keys")


_SPOKEN = ("complaint", "report", "question")
