"""A transfer: what an agent asks, what the PBX tells, and what is done about it. Pure, one table.

The caller waits in music while agent and target (a partner, or another seat) talk in private; then all
three are in one room, and either of the two may leave. Whatever is lost on the way, the dialplan alone
gives the caller back to the agent, or to the head of the queue; this table follows it and commands
only what somebody asked for. Read by gateway/calls/transfers.py; docs/using/transfers.md is drawn from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gateway.core.call.journal import EntryType, JournalEntry


class TransferState(StrEnum):
    """Where a transfer is. From HANDED_OVER on the agent is out of it, or has the caller alone again."""

    ASKED = "asked"  # commanded, nothing seen of it yet
    RINGING = "ringing"  # the target is being dialled
    CONSULT = "consult"  # agent and target talk, the caller hears music
    JOINING = "joining"  # the three are being joined
    LEAVING = "leaving"  # the same, and the agent leaves as soon as they are
    JOINED = "joined"  # three-way
    HANDED_OVER = "handed_over"  # caller and target talk
    BACK = "back"  # caller and agent talk; the transfer is over
    REQUEUED = "requeued"  # the agent is lost, the caller waits at the head of the queue
    OVER = "over"  # the call has ended


class Fact(StrEnum):
    """What the PBX tells. Each may come twice, late, or before another that it followed."""

    RINGS = "rings"
    ANSWERED = "answered"
    REFUSED = "refused"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_LINE = "no_line"
    FAILED = "failed"
    CANCELLED = "cancelled"
    JOINED = "joined"
    TARGET_GONE = "target_gone"
    AGENT_GONE = "agent_gone"
    CALLER_GONE = "caller_gone"
    HOLD_OVER = "hold_over"
    REQUEUED = "requeued"


class Ask(StrEnum):
    """What the agent may ask for once the transfer goes on."""

    MERGE = "merge"
    BACK = "back"
    LEAVE = "leave"


class Command(StrEnum):
    """What is asked of the PBX."""

    JOIN = "join"  # agent, target and caller into one room
    REJOIN = "rejoin"  # end the dialling or the private talk: caller and agent together
    DROP = "drop"  # hang up the target
    LET_GO = "let_go"  # hang up the agent's leg


class TransferOutcome(StrEnum):
    """How it ended, for the ledger and the desk."""

    OPEN = "open"
    HANDED_OVER = "handed_over"  # the target took the caller over
    TALKED = "talked"  # three-way, then back to the agent
    CONSULTED = "consulted"  # talked in private only
    REFUSED = "refused"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_LINE = "no_line"  # no line was free to dial on
    FAILED = "failed"
    CANCELLED = "cancelled"
    HOLD_OVER = "hold_over"  # the caller had waited for as long as he may
    AGENT_LOST = "agent_lost"
    CALLER_GONE = "caller_gone"


class TargetKind(StrEnum):
    PARTNER = "partner"
    SEAT = "seat"


_S, _O, _C = TransferState, TransferOutcome, Command
DIALLING = (_S.ASKED, _S.RINGING)
PRIVATE = (_S.CONSULT, _S.JOINING, _S.LEAVING)
LIVE = (*DIALLING, *PRIVATE, _S.JOINED)
ENDED = (_S.BACK, _S.REQUEUED, _S.OVER)


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table: where to, what is commanded, and the outcome if that is decided now."""

    state: TransferState
    commands: tuple[Command, ...] = ()
    outcome: TransferOutcome = TransferOutcome.OPEN


def _rows() -> Iterator[tuple[tuple[TransferState, Fact | Ask], Step]]:
    yield (_S.ASKED, Fact.RINGS), Step(_S.RINGING)
    for state in DIALLING:
        yield (state, Fact.ANSWERED), Step(_S.CONSULT)
        for fact in (Fact.REFUSED, Fact.BUSY, Fact.NO_ANSWER, Fact.NO_LINE, Fact.FAILED):
            yield (state, fact), Step(_S.BACK, (), _O(fact.value))
        yield (state, Fact.TARGET_GONE), Step(_S.BACK, (), _O.NO_ANSWER)
        yield (state, Fact.JOINED), Step(_S.JOINED)
        yield (state, Ask.BACK), Step(state, (_C.REJOIN,))
    for state in PRIVATE:
        for fact in (Fact.TARGET_GONE, Fact.CANCELLED):
            yield (state, fact), Step(_S.BACK, (), _O.CONSULTED)
        yield (state, Fact.REFUSED), Step(_S.BACK, (), _O.REFUSED)
    for state in (*DIALLING, *PRIVATE):
        yield (state, Fact.HOLD_OVER), Step(_S.BACK, (), _O.HOLD_OVER)
        yield (state, Fact.AGENT_GONE), Step(_S.REQUEUED, (_C.DROP,), _O.AGENT_LOST)
    for state in DIALLING:
        yield (state, Fact.CANCELLED), Step(_S.BACK, (), _O.CANCELLED)
    for state in LIVE:
        outcome = _O.TALKED if state is _S.JOINED else _O.CALLER_GONE
        yield (state, Fact.CALLER_GONE), Step(_S.OVER, (_C.DROP,), outcome)
        yield (state, Fact.REQUEUED), Step(_S.REQUEUED, (_C.DROP,), _O.AGENT_LOST)
    yield (_S.CONSULT, Fact.JOINED), Step(_S.JOINED)
    yield (_S.JOINING, Fact.JOINED), Step(_S.JOINED)
    yield (_S.LEAVING, Fact.JOINED), Step(_S.JOINED, (_C.LET_GO,))
    yield (_S.JOINED, Fact.TARGET_GONE), Step(_S.BACK, (), _O.TALKED)
    yield (_S.JOINED, Fact.AGENT_GONE), Step(_S.HANDED_OVER, (), _O.HANDED_OVER)
    yield (_S.HANDED_OVER, Fact.TARGET_GONE), Step(_S.OVER, (), _O.HANDED_OVER)
    yield (_S.HANDED_OVER, Fact.CALLER_GONE), Step(_S.OVER, (_C.DROP,), _O.HANDED_OVER)
    yield (_S.HANDED_OVER, Fact.REQUEUED), Step(_S.REQUEUED, (), _O.HANDED_OVER)
    yield (_S.CONSULT, Ask.MERGE), Step(_S.JOINING, (_C.JOIN,))
    yield (_S.JOINING, Ask.MERGE), Step(_S.JOINING)
    yield (_S.LEAVING, Ask.MERGE), Step(_S.JOINING)
    yield (_S.JOINED, Ask.MERGE), Step(_S.JOINED)
    yield (_S.CONSULT, Ask.BACK), Step(_S.CONSULT, (_C.REJOIN,))
    yield (_S.JOINING, Ask.BACK), Step(_S.JOINING, (_C.DROP,))
    yield (_S.LEAVING, Ask.BACK), Step(_S.JOINING, (_C.DROP,))
    yield (_S.JOINED, Ask.BACK), Step(_S.JOINED, (_C.DROP,))
    yield (_S.CONSULT, Ask.LEAVE), Step(_S.LEAVING, (_C.JOIN,))
    yield (_S.JOINING, Ask.LEAVE), Step(_S.LEAVING)
    yield (_S.LEAVING, Ask.LEAVE), Step(_S.LEAVING)
    yield (_S.JOINED, Ask.LEAVE), Step(_S.JOINED, (_C.LET_GO,))


TABLE: Mapping[tuple[TransferState, Fact | Ask], Step] = dict(_rows())
"""Everything that means something; a fact that is not here changes nothing, an ask that is not is refused."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer of one call. `id` is the call's, then the number of the transfer within it.

    `target` is a partner's id or an agent's; `line` the line its leg takes, 0 for a seat; `leg` and
    `agent_leg` name channels of the PBX. `direct`: the agent leaves as soon as the target answers.
    """

    id: str
    call: str
    seat: str
    target: str
    kind: TargetKind
    asked_at: datetime
    state: TransferState = TransferState.ASKED
    outcome: TransferOutcome = TransferOutcome.OPEN
    direct: bool = False
    line: int = 0
    leg: str = ""
    agent_leg: str = ""
    answered_at: datetime | None = None
    joined_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def colleague(self) -> str:
        """The agent to whom the caller was given, or who spoke with him; "" of a partner, or of nobody."""
        had = self.joined_at is not None or self.outcome is TransferOutcome.HANDED_OVER
        return self.target if had and self.kind is TargetKind.SEAT else ""

    @property
    def live(self) -> bool:
        """Does it still bind the agent? Then no second transfer of the same call may begin."""
        return self.state in LIVE

    @property
    def over(self) -> bool:
        return self.state in ENDED

    def allows(self, ask: Ask) -> bool:
        return (self.state, ask) in TABLE or (ask is Ask.LEAVE and self.state in DIALLING)


def advance(transfer: Transfer, event: Fact | Ask, at: datetime) -> tuple[Transfer, tuple[Command, ...]]:
    """One step by the table. What is not in it changes nothing and commands nothing."""
    if event is Ask.LEAVE and transfer.state in DIALLING:
        return replace(transfer, direct=True), ()
    step = TABLE.get((transfer.state, event))
    if step is None:
        return transfer, ()
    outcome = step.outcome if step.outcome is not TransferOutcome.OPEN else transfer.outcome
    after = replace(transfer, state=step.state, outcome=outcome)
    if event is Fact.ANSWERED:
        after = replace(after, answered_at=at)
    elif event is Fact.JOINED and after.joined_at is None:
        after = replace(after, joined_at=at, answered_at=after.answered_at or at)
    if after.over and after.ended_at is None:
        after = replace(after, ended_at=at)
    if event is Fact.ANSWERED and after.direct and after.state is TransferState.CONSULT:
        return advance(after, Ask.LEAVE, at)
    return after, step.commands


def fact_of(note: JournalEntry, transfer: Transfer) -> Fact | None:
    """What a note of the dialplan means for this transfer; None when nothing."""
    match note.what:
        case EntryType.CONSULT_END:
            return _ENDS.get(note.arg(1), Fact.FAILED) if note.arg(0) == transfer.target else None
        case EntryType.TARGET_OFF:
            return Fact.TARGET_GONE if _of_leg(note.arg(1), transfer.leg) else None
        case EntryType.AGENT_OFF:
            along = note.arg(3) == "1"  # he did not leave: the caller did, and that is noted by itself
            his = note.arg(2) == transfer.agent_leg or not note.arg(2)
            return Fact.AGENT_GONE if his and not along else None
        case _:
            return _FACTS.get(note.what)


def _of_leg(noted: str, leg: str) -> bool:
    """Is the leg noted the one we know? One that was never seen to answer may be any."""
    return not leg or noted == leg


_FACTS = {
    EntryType.CONSULT: Fact.RINGS,
    EntryType.TARGET_ON: Fact.ANSWERED,
    EntryType.JOINED: Fact.JOINED,
    EntryType.HOLD_OVER: Fact.HOLD_OVER,
    EntryType.REQUEUED: Fact.REQUEUED,
    EntryType.ENDED: Fact.CALLER_GONE,
}
_ENDS = {
    "ANSWER": Fact.TARGET_GONE,
    "REFUSED": Fact.REFUSED,
    "BUSY": Fact.BUSY,
    "NOANSWER": Fact.NO_ANSWER,
    "NOLINE": Fact.NO_LINE,
    "CANCEL": Fact.CANCELLED,
}
