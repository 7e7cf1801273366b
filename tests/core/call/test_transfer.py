"""The transfer's table, walked over every order of events against a model of the dialplan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.transfer import (
    DIALLING,
    ENDED,
    LIVE,
    TABLE,
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

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
NEW = Transfer("1.1:1", "1.1", "8001", "12345", TargetKind.PARTNER, AT, leg="T", agent_leg="A")
AUTHOR = {
    Fact.ANSWERED: "target",
    Fact.TARGET_GONE: "target",
    Fact.HOLD_OVER: "caller",
    Fact.REQUEUED: "caller",
    Fact.CALLER_GONE: "caller",
}
"""Whose leg notes it; the agent's does all the rest."""
EVENTS: tuple[Fact | Ask, ...] = (*Fact, *Ask)


@dataclass(frozen=True)
class World:
    """Where the legs are, as asterisk_conf/extensions.conf moves them; what is on its way.

    caller: talk, hold, room, queue, gone. agent: talk, consult, room, gone.
    target: none, ringing, private, room, gone. `facts` are notes not read yet; `commands`
    are not obeyed yet.
    """

    caller: str = "hold"
    agent: str = "consult"
    target: str = "none"
    transfer: Transfer = NEW
    facts: tuple[Fact, ...] = ()
    commands: tuple[Command, ...] = ()
    asks: int = 2

    def note(self, *facts: Fact) -> World:
        return replace(self, facts=(*self.facts, *facts))

    # ---------------------------------------------------- what people and phones do

    def target_rings(self) -> World:
        return replace(self, target="ringing").note(Fact.RINGS)

    def target_answers(self) -> World:
        return replace(self, target="private").note(Fact.ANSWERED)

    def target_refuses(self, fact: Fact) -> World:
        return replace(self, target="gone").note(fact).rejoined()

    def target_hangs_up(self) -> World:
        if self.target == "private":
            return replace(self, target="gone").note(Fact.TARGET_GONE).rejoined()
        after = replace(self, target="gone").note(Fact.TARGET_GONE)
        return after if after.agent == "room" else after.caller_ends()

    def rejoined(self) -> World:
        """[rejoin]: caller and agent into the room."""
        return replace(self, caller="room", agent="room") if self.caller == "hold" else self

    def caller_ends(self) -> World:
        if self.caller == "gone":
            return self
        staff = "gone" if self.agent in ("consult", "room") else self.agent
        target = "gone" if self.target != "none" else "none"
        return replace(self, caller="gone", agent=staff, target=target).note(Fact.CALLER_GONE)

    def agent_hangs_up(self) -> World:
        after = replace(self, agent="gone").note(Fact.AGENT_GONE)
        if self.agent == "consult":
            after = replace(after, caller="queue", target="gone" if self.target != "none" else "none")
            return after.note(Fact.REQUEUED)
        return after if self.target == "room" else after.caller_ends()

    def hold_ends(self) -> World:
        after = self.note(Fact.HOLD_OVER, Fact.CANCELLED)
        return replace(after, target="gone" if self.target != "none" else "none").rejoined()

    # ---------------------------------------------------- what the gateway does

    def read(self) -> Iterator[World]:
        """A note reaches the gateway: each leg's own in order, those of several in any."""
        heard: set[str] = set()
        for index, fact in enumerate(self.facts):
            author = AUTHOR.get(fact, "agent")
            if author in heard:
                continue
            heard.add(author)
            after, commands = advance(self.transfer, fact, AT)
            rest = (*self.facts[:index], *self.facts[index + 1 :])
            yield replace(self, transfer=after, facts=rest, commands=(*self.commands, *commands))

    def ask(self, ask: Ask) -> World:
        after, commands = advance(self.transfer, ask, AT)
        return replace(self, transfer=after, commands=(*self.commands, *commands), asks=self.asks - 1)

    def obey(self) -> World:
        """The next command reaches the PBX; what names a dead leg moves nobody."""
        command, rest = self.commands[0], replace(self, commands=self.commands[1:])
        match command:
            case Command.JOIN if self.agent == "consult" and self.target == "private":
                return replace(rest, caller="room", agent="room", target="room").note(Fact.JOINED)
            case Command.JOIN:
                live = rest.transfer.state in (TransferState.JOINING, TransferState.LEAVING)
                state = TransferState.CONSULT if live else rest.transfer.state
                return replace(rest, transfer=replace(rest.transfer, state=state))
            case Command.REJOIN if self.agent == "consult":
                gone = "gone" if self.target != "none" else "none"
                return replace(rest, target=gone).note(Fact.CANCELLED).rejoined()
            case Command.DROP if self.target in ("private", "room"):
                return rest.target_hangs_up()
            case Command.LET_GO if self.agent == "room":
                return rest.agent_hangs_up()
        return rest

    def next(self) -> Iterator[World]:
        """Everything that may happen now."""
        yield from self.read()
        if self.commands:
            yield self.obey()
        if self.asks:
            yield from (self.ask(ask) for ask in Ask if self.transfer.allows(ask))
        if self.caller in ("hold", "room"):
            yield self.caller_ends()
        if self.agent in ("consult", "room") and self.caller != "gone":
            yield self.agent_hangs_up()
        if self.agent == "consult" and self.caller == "hold":
            yield self.hold_ends()
            if self.target == "none":
                yield self.target_rings()
                yield self.target_refuses(Fact.NO_LINE)
            if self.target == "ringing":
                yield self.target_answers()
                for fact in (Fact.BUSY, Fact.NO_ANSWER, Fact.REFUSED, Fact.FAILED):
                    yield self.target_refuses(fact)
        if self.target == "private" or (self.target == "room" and self.caller == "room"):
            yield self.target_hangs_up()


def check(world: World) -> None:
    """Nothing is on its way any more: the table must say what is."""
    state = world.transfer.state
    if world.caller == "gone":
        assert world.target in ("none", "gone")
        assert state in ENDED
    elif world.caller == "queue":
        assert state is TransferState.REQUEUED
    elif world.caller == "hold":
        assert world.agent == "consult"
        assert state in (*DIALLING, TransferState.CONSULT)
    else:
        three = (world.agent == "room", world.target == "room")
        wanted = {
            (True, True): TransferState.JOINED,
            (True, False): TransferState.BACK,
            (False, True): TransferState.HANDED_OVER,
        }
        assert three in wanted, "the caller is alone in the room"
        assert state is wanted[three]


def test_every_order_of_events_ends_where_the_legs_are() -> None:
    begin = World()
    seen, waiting, quiet = {begin}, [begin], 0
    while waiting:
        world = waiting.pop()
        if not world.facts and not world.commands:
            quiet += 1
            check(world)
        for after in world.next():
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    assert len(seen) > 3_000 and quiet > 100


@pytest.mark.parametrize("state", TransferState)
def test_every_event_is_taken_in_every_state(state: TransferState) -> None:
    for event in EVENTS:
        before = replace(NEW, state=state)
        after, commands = advance(before, event, AT)
        if (state, event) in TABLE:
            assert (after.state, commands) == (TABLE[state, event].state, TABLE[state, event].commands)
        else:
            assert commands == ()
            assert after in (before, replace(before, direct=True))


@pytest.mark.parametrize("state", ENDED)
def test_what_is_over_stays_over(state: TransferState) -> None:
    for event in EVENTS:
        before = replace(NEW, state=state, outcome=TransferOutcome.BUSY, ended_at=AT)
        assert advance(before, event, AT + timedelta(minutes=1)) == (before, ())


def test_a_caller_who_goes_always_takes_the_target_along() -> None:
    for state in (*LIVE, TransferState.HANDED_OVER):
        after, commands = advance(replace(NEW, state=state), Fact.CALLER_GONE, AT)
        assert after.state is TransferState.OVER and Command.DROP in commands and after.ended_at == AT


def test_one_key_joins_and_leaves_by_itself() -> None:
    asked = replace(NEW, direct=True)
    rings, _ = advance(asked, Fact.RINGS, AT)
    answered, commands = advance(rings, Fact.ANSWERED, AT)
    assert answered.state is TransferState.LEAVING and commands == (Command.JOIN,)
    joined, commands = advance(answered, Fact.JOINED, AT)
    assert commands == (Command.LET_GO,)
    left, _ = advance(joined, Fact.AGENT_GONE, AT)
    assert left.state is TransferState.HANDED_OVER and left.outcome is TransferOutcome.HANDED_OVER


def test_leaving_while_it_rings_makes_it_a_one_key_transfer() -> None:
    ringing = replace(NEW, state=TransferState.RINGING)
    after, commands = advance(ringing, Ask.LEAVE, AT)
    assert after.direct and commands == ()


def test_the_same_fact_twice_changes_nothing() -> None:
    for state in TransferState:
        for fact in Fact:
            once, _ = advance(replace(NEW, state=state), fact, AT)
            twice, commands = advance(once, fact, AT)
            if twice != once:  # only an end may be told once more, by another leg
                assert once.state is TransferState.HANDED_OVER or twice.over, (state, fact)
            assert Command.JOIN not in commands and Command.LET_GO not in commands


NOTES = [
    (EntryType.CONSULT, ("12345", "2", "A"), Fact.RINGS),
    (EntryType.TARGET_ON, ("12345", "T"), Fact.ANSWERED),
    (EntryType.TARGET_OFF, ("12345", "T", "16"), Fact.TARGET_GONE),
    (EntryType.TARGET_OFF, ("12345", "other", "16"), None),
    (EntryType.CONSULT_END, ("12345", "BUSY"), Fact.BUSY),
    (EntryType.CONSULT_END, ("12345", "NOANSWER"), Fact.NO_ANSWER),
    (EntryType.CONSULT_END, ("12345", "CHANUNAVAIL"), Fact.FAILED),
    (EntryType.CONSULT_END, ("12345", "REFUSED"), Fact.REFUSED),
    (EntryType.CONSULT_END, ("110", "BUSY"), None),
    (EntryType.AGENT_OFF, ("8001", "16", "A"), Fact.AGENT_GONE),
    (EntryType.AGENT_OFF, ("8001", "16", "B"), None),
    (EntryType.AGENT_OFF, ("8001", "16", "A", "1"), None),
    (EntryType.JOINED, (), Fact.JOINED),
    (EntryType.REQUEUED, (), Fact.REQUEUED),
    (EntryType.ENDED, ("16", "", ""), Fact.CALLER_GONE),
    (EntryType.QUEUED, (), None),
]


@pytest.mark.parametrize("what, rest, fact", NOTES)
def test_what_a_note_means(what: EntryType, rest: tuple[str, ...], fact: Fact | None) -> None:
    assert fact_of(JournalEntry(AT, what, "1.1", rest), NEW) is fact
