"""The flows' driver on a real call: obeys a walk's commands over FastAGI, and decides nothing.

For the queue and for partners the channel goes back to the dialplan, which waits and dials on its
own; it comes back at /resume with how that ended, to this gateway or to its successor: all that is
needed stands in the channel's variables.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.core import telephone
from gateway.core.flow.commands import (
    AskStaff,
    AskTime,
    BookCallBack,
    Booked,
    Clock,
    Command,
    DialPartner,
    EndCall,
    Event,
    Found,
    JoinQueue,
    KeepAnswers,
    Kept,
    Keys,
    Left,
    LookUp,
    PartnerLeft,
    PartnerOutcome,
    Play,
    QueueLeft,
    RateCall,
    ReadKeys,
    Staff,
    TakeMessage,
    Taken,
)
from gateway.core.flow.file import FlowSet
from gateway.core.flow.partner import Partner
from gateway.core.flow.step import KEYS, CallerFacts
from gateway.core.flow.walk import Ended, Walk
from gateway.core.item.contact import Kind
from gateway.errors import FlowError
from gateway.pbx.agi import AgiFailed, AgiSession, ChannelGone, RecordEnd
from gateway.pbx.dialogue import Dialogue, keys_of
from gateway.pbx.sound_length import SHORTEST, sound_seconds
from gateway.settings.durable_files import takes_writes

log = logging.getLogger(__name__)

SURVEY = "survey"
"""The flow that asks whoever answers a follow-up call."""
LOST = 3.0  # seconds that a message may be shorter than the time it took: the tone before it, delays


class Desk(Protocol):
    """What a walk needs of the house. The switchboard has it."""

    def flows(self) -> FlowSet:
        """The flows in force."""

    def flows_of(self, version: int) -> FlowSet:
        """A version that a call began with. Raises FlowError."""

    def entry(self, dialled: str) -> str:
        """The flow that a call to this number begins with."""

    def clock(self) -> Clock: ...

    def staff(self) -> Staff: ...

    def seconds(self, call: str) -> float:
        """Seconds since this call was answered."""

    def drives(self, call: str, caller: str, dialled: str, line: int, on: bool) -> None:
        """The flow has this call now, or no longer."""

    def walks(self, call: str, walk: Walk) -> None:
        """The walk that this call is on from now; its path and kind are read from it."""

    def message(self, call: str, file: str) -> None:
        """A message is being recorded into this file, below the messages' folder."""

    def served(self, call: str) -> None:
        """The caller got what he wanted from the menu."""

    def rated(self, call: str, grade: int) -> None:
        """The caller rates the call, from 1 to 5."""

    async def look_up(self, call: str, number: str, code: str, phone: str) -> Found: ...

    async def book(self, call: str, phone: str) -> Booked: ...

    async def answered(self, call: str, answers: Mapping[str, str]) -> bool:
        """Keep what somebody answered to the questions of the survey; False when they could not be kept."""


@dataclass(slots=True)
class _Turn:
    """One stay of a call with the gateway."""

    session: AgiSession
    call: str
    walk: Walk
    outcome: str = ""
    takes: int = 0


class _Over(Exception):
    """The channel has been given back to the dialplan, or has gone."""


class Ivr:
    """The handlers behind agi://…/call and …/resume. `sounds` and `messages` are folders."""

    def __init__(self, desk: Desk, sounds: Path, messages: Path, longest_message: int) -> None:
        self._desk = desk
        self._sounds = str(sounds)
        self._messages = messages
        self._longest = longest_message

    async def call(self, session: AgiSession) -> None:
        """A call begins."""
        walk = self._begin(session)
        await self._drive(session, walk, None)

    async def survey(self, session: AgiSession) -> None:
        """Somebody has answered a follow-up call of ours. The session is on his leg, the call is another."""
        try:
            walk = Walk(self._desk.flows(), SURVEY)
        except FlowError as error:
            log.error("nobody is asked: %s", error)
            return
        await self._drive(session, walk, None, session.header.query.get("call", ""))

    async def resume(self, session: AgiSession) -> None:
        """A call is back from the queue or a partner; how it was there is in the query."""
        query = session.header.query
        try:
            flows = self._desk.flows_of(int(query.get("version") or 0))
            kind = query.get("kind", "")
            walk = Walk(
                flows, query.get("at", ""), _facts(session), kind=Kind(kind) if kind in _KINDS else None
            )
        except (FlowError, ValueError) as error:
            log.error("call %s cannot go on where it was (%s); it goes to a person", _id(session), error)
            walk = self._begin(session)
            await self._drive(session, walk, None)
            return
        await self._drive(session, walk, how_it_was(query.get("left", "")))

    def _begin(self, session: AgiSession) -> Walk:
        entry = self._desk.entry(telephone.plain(session.header.dialled))
        return Walk(self._desk.flows(), entry, _facts(session))

    async def _drive(self, session: AgiSession, walk: Walk, back: Event, ours: str = "") -> None:
        """`ours` is the id of a call that we made, of which the session says nothing."""
        header = session.header
        call = ours or _id(session)
        line = header.query.get("line", "")
        turn = _Turn(session, call, walk)
        desk = self._desk
        told = ("", "") if ours else (header.callerid, header.dialled)
        caller, dialled = map(telephone.plain, told)
        desk.drives(call, caller, dialled, int(line) if line.isdecimal() else 0, True)
        desk.walks(call, walk)
        clock = asyncio.get_running_loop().time
        try:
            at = desk.seconds(call)
            zero = clock() - at
            command = walk.start(at) if back is None else walk.resume(back, at)
            dialogue = Dialogue(walk, clock, zero, self._sounds)
            while not isinstance(command := await self._converse(session, dialogue, command), Ended):
                command = walk.send(await self._obey(turn, command), clock() - zero)
        except _Over:
            pass
        except ChannelGone:
            walk.hang_up(desk.seconds(call), "fax" if await session.went_to_fax() else "hung_up")
        finally:
            desk.drives(call, caller, dialled, 0, False)

    # ------------------------------------------------------------ commands

    async def _obey(self, turn: _Turn, command: Command) -> Event:
        match command:
            case ReadKeys():
                return Keys(await self._read(turn.session, command))
            case Play():
                return Keys()  # nothing to speak
            case TakeMessage(longest, silence):
                return await self._take(turn, min(longest, self._longest), silence)
            case AskTime():
                return self._desk.clock()
            case AskStaff():
                return self._desk.staff()
            case LookUp():
                return await self._look_up(turn, command)
            case BookCallBack(phone):
                turn.outcome = "call_back"
                return await self._desk.book(turn.call, phone)
            case KeepAnswers(answers):
                return Kept(await self._desk.answered(turn.call, dict(answers)))
            case RateCall(grade):
                self._desk.rated(turn.call, grade)
                await turn.session.execute("Set", f"RATING={grade}")
                return None
            case JoinQueue():
                await self._to_queue(turn, command)
            case DialPartner(partner, ring):
                await self._to_partner(turn, partner, ring)
            case EndCall():
                await self._leave(turn, "bye")
        raise _Over

    async def _converse(
        self, session: AgiSession, dialogue: Dialogue, command: Command | Ended
    ) -> Command | Ended:
        """Obey what only speaks and takes a key; the first command that takes more."""
        line = dialogue.begin(command)
        while line is not None:
            try:
                await session.converse(line, dialogue.answer)
                break
            except AgiFailed:
                log.error("the sound of prompt %s cannot be played", dialogue.clip)
                waits = dialogue.waits
                line = dialogue.answer(await self._one_of(session, waits) if waits else "")
        return dialogue.command

    async def _read(self, session: AgiSession, read: ReadKeys) -> str:
        """Several keys, or one without a clip before it."""
        return await (self._read_many(session, read) if read.count > 1 else self._one_of(session, read))

    async def _one_of(self, session: AgiSession, read: ReadKeys) -> str:
        """The first key that is waited for."""
        keys = keys_of(read)
        loop = asyncio.get_running_loop()
        until = loop.time() + read.wait
        while (left := until - loop.time()) > 0:
            key = await session.wait_for_digit(left)
            if not key or key in keys:
                return key
        return ""

    async def _read_many(self, session: AgiSession, read: ReadKeys) -> str:
        typed = await self._speak(session, read)
        if read.end and typed == read.end:
            return ""
        while len(typed) < read.count:
            key = await (session.wait_for_digit(read.gap) if typed else self._one_of(session, read))
            if not key or key == read.end:
                break
            typed += key
        return typed

    async def _speak(self, session: AgiSession, read: ReadKeys) -> str:
        """Speak the clips; the key that cut them short. One that is missing is passed over."""
        for clip in read.clips:
            try:
                key = await session.stream_file(f"{self._sounds}/{clip}", keys_of(read))
            except AgiFailed:
                log.error("the sound of prompt %s cannot be played", clip)
                continue
            if key:
                return key
        return ""

    async def _take(self, turn: _Turn, longest: int, silence: int) -> Taken:
        turn.takes += 1
        name = f"{turn.call}-{round(self._desk.seconds(turn.call))}-{turn.takes}"
        file = self._messages / f"{name}.wav"
        self._desk.message(turn.call, file.name)
        loop = asyncio.get_running_loop()
        began = loop.time()
        done = await turn.session.record_file(
            str(file.with_suffix("")), "wav", KEYS, longest, silence=silence
        )
        took = loop.time() - began
        seconds = sound_seconds(file)
        refused = await self._refused(done.ended, took, seconds, silence if took < longest else 0)
        if done.ended is RecordEnd.HANGUP:
            what = f"saved {seconds:.0f} s" if seconds >= SHORTEST else "hung_up"
            turn.walk.hang_up(self._desk.seconds(turn.call), what)
            raise _Over
        if not refused and seconds >= SHORTEST:
            turn.outcome = "message"
        return Taken(saved=not refused and seconds > 0, seconds=seconds or (1.0 if refused else 0.0))

    async def _refused(self, ended: RecordEnd, took: float, seconds: float, silence: int) -> bool:
        """Did the disk refuse a message? Asterisk does not tell: it goes on when a write fails.

        A file that is shorter than the time it took tells it, except where the message ended by silence:
        there Asterisk cuts off all but the last second of up to `silence` seconds. In between the disk
        itself is asked.
        """
        if ended in (RecordEnd.WRITE_FAILED, RecordEnd.ERROR):
            return True
        lost = took - seconds
        if ended is RecordEnd.HANGUP or lost <= LOST:
            return False
        by_silence = ended is RecordEnd.TIMEOUT and silence > 0
        if not by_silence or lost > silence + LOST:
            return True
        return not await asyncio.to_thread(takes_writes, self._messages)

    async def _look_up(self, turn: _Turn, step: LookUp) -> Found:
        outcome = await self._desk.look_up(turn.call, step.number, step.code, step.phone)
        if outcome.state:
            turn.outcome = turn.outcome or "served"
            self._desk.served(turn.call)
        return outcome

    # ------------------------------------------------------------ leaving to the dialplan

    async def _to_queue(self, turn: _Turn, join: JoinQueue) -> None:
        await self._leave(
            turn,
            "wait-for-agent",
            CALL_BACK_KEY=join.callback_key,
            MESSAGE_KEY=join.message_key,
            MESSAGE_AFTER=str(join.message_after),
            WAIT=str(join.longest),
            RATE=str(int(join.rate)),
        )

    async def _to_partner(self, turn: _Turn, partner_id: str, ring: int) -> None:
        partner = self._desk.flows_of(turn.walk.version).partners[partner_id]
        await self._leave(
            turn, "partner", PARTNER=partner_id, PARTNER_DIAL=dial_string(partner), RING=str(ring)
        )

    async def _leave(self, turn: _Turn, context: str, **variables: str) -> None:
        """Say what is wanted next, in one command, and let go."""
        walk = turn.walk
        facts = {
            "NEXT": context,
            "FLOW_AT": walk.position,
            "FLOW_VERSION": str(walk.version),
            "KIND": walk.kind.value if walk.kind else "",
            "OUTCOME": turn.outcome,
        }
        pairs = ",".join(f"{name}={value}" for name, value in (facts | variables).items())
        await turn.session.execute("MSet", pairs)
        raise _Over


_KINDS = {kind.value for kind in Kind}
_LEFT = {left.value: left for left in Left}
_DIAL_STATUS = {
    "ANSWER": PartnerOutcome.TALKED,
    "BUSY": PartnerOutcome.BUSY,
    "NOANSWER": PartnerOutcome.NO_ANSWER,
    "CANCEL": PartnerOutcome.NO_ANSWER,
}


def how_it_was(left: str) -> Event:
    """LEFT of the dialplan: a word of `Left` after the queue, a DIALSTATUS after a partner."""
    if left in _LEFT:
        return QueueLeft(_LEFT[left])
    return PartnerLeft(_DIAL_STATUS.get(left, PartnerOutcome.FAILED))


def dial_string(partner: Partner) -> str:
    """What follows PJSIP/ for this partner: a number goes through the trunk, a SIP address goes there."""
    return f"trunk/{partner.dial}" if partner.dial.startswith("sip:") else f"{partner.dial}@trunk"


def _facts(session: AgiSession) -> CallerFacts:
    return CallerFacts(phone=telephone.plain(session.header.callerid))


def _id(session: AgiSession) -> str:
    return session.header.uniqueid
