"""A flow walked without a telephone: a script of keys and conditions in, a transcript out.

It obeys the same commands as the FastAGI driver, in pretended time. `gateway flow simulate`, the
flow test cases and the tests use it. It decides nothing that a flow should decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum

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
from gateway.core.flow.step import CallerFacts
from gateway.core.flow.walk import Ended, PathEntry, Walk
from gateway.core.item.contact import Kind

CHINA = timezone(timedelta(hours=8))
A_WORKDAY = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)
HANG_UP = "hangup"
REACTION = 1.0  # seconds from the end of the speech to the caller's key


class Outcome(StrEnum):
    """How a simulated call ended, seen from the caller."""

    TALK = "talk"  # an agent answered
    MESSAGE = "message"  # a message is saved
    CALL_BACK = "call_back"  # a call-back is booked
    PARTNER = "partner"  # talked to a partner hotline
    ANSWERED = "answered"  # answered the questions of the survey
    ENDED = "ended"  # the flow hung up and nothing of the above happened
    HUNG_UP = "hung_up"  # the caller hung up


@dataclass(frozen=True, slots=True)
class Conditions:
    """The world of a simulated call. `items` maps number + code + phone digits to what a lookup finds."""

    now: datetime = A_WORKDAY
    workday: bool = True
    after_hours: bool = False
    no_agent: bool = False
    queue_full: bool = False
    long_wait: bool = False
    phone: str = "13835700000"
    message_seconds: float = 12.0
    disk_full: bool = False
    rates: bool = False
    partner: PartnerOutcome = PartnerOutcome.TALKED
    locked: bool = False
    items: Mapping[str, Found] = field(
        default_factory=lambda: {
            "261123000017482913": Found("in_work", "2026-12-02"),
            "2611230000171234": Found("in_work", state_only=True),
            "26112300001712340000": Found("in_work", "2026-12-02"),
        }
    )


@dataclass(frozen=True, slots=True)
class Said:
    """The hotline spoke: clips, from `at` on."""

    at: float
    clips: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed keys; "" when he pressed nothing in time."""

    at: float
    keys: str


@dataclass(frozen=True, slots=True)
class Happened:
    """Something else: the queue, a message, a partner. `zh` and `en` are for a person."""

    at: float
    zh: str
    en: str


Line = Said | Pressed | Happened


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a simulated call was like."""

    outcome: Outcome
    lines: tuple[Line, ...]
    path: tuple[PathEntry, ...]
    kind: Kind | None
    seconds: float

    @property
    def clips(self) -> tuple[str, ...]:
        """Everything that was heard, in order."""
        return tuple(clip for line in self.lines if isinstance(line, Said) for clip in line.clips)


def simulate(
    flows: FlowSet,
    entry: str,
    keys: Sequence[str] = (),
    world: Conditions | None = None,
    length: Callable[[str], float] = lambda clip: 2.0,
) -> Transcript:
    """Walk one call. Each of `keys` answers one question: digits, "" for silence, "hangup".

    When they are used up the caller is silent. `length` gives a clip's seconds.
    Raises FlowError for an unknown entry.
    """
    world = world or Conditions()
    if world.after_hours:
        flows = _closed(flows)
    return _Simulation(Walk(flows, entry, CallerFacts(world.phone)), keys, world, length).run()


def _closed(flows: FlowSet) -> FlowSet:
    """The same flows with every step as it is when the centre is closed."""
    changed = {}
    for name, flow in flows.flows.items():
        steps = {
            key: replace(spec, settings=spec.step.after_hours(spec.settings))
            for key, spec in flow.steps.items()
        }
        changed[name] = replace(flow, steps=steps)
    return FlowSet(flows.version, changed, flows.partners)


class _HungUp(Exception):
    """The caller hung up at a question."""


class _Simulation:
    """One simulated call."""

    def __init__(
        self, walk: Walk, keys: Sequence[str], world: Conditions, length: Callable[[str], float]
    ) -> None:
        self.walk = walk
        self.keys = list(keys)
        self.world = world
        self.length = length
        self.lines: list[Line] = []
        self.at = 0.0
        self.outcome = Outcome.ENDED
        self.kept_place = False

    def run(self) -> Transcript:
        command = self.walk.start(0.0)
        try:
            while not isinstance(command, Ended | EndCall):
                event = self._answer(command)
                if self.walk.over:
                    break
                command = self.walk.send(event, self.at)
        except _HungUp:
            self._tell("来电人挂机", "the caller hangs up")
            self.walk.hang_up(self.at)
            if self.outcome is Outcome.ENDED:
                self.outcome = Outcome.HUNG_UP
        if isinstance(command, EndCall):
            self._tell("挂机", "the hotline hangs up")
        return Transcript(self.outcome, tuple(self.lines), self.walk.path, self.walk.kind, self.at)

    def _tell(self, zh: str, en: str) -> None:
        self.lines.append(Happened(self.at, zh, en))

    def _speak(self, clips: tuple[str, ...]) -> None:
        if clips:
            self.lines.append(Said(self.at, clips))
            for clip in clips:
                self.at += self.length(clip)

    def _answer(self, command: Command) -> Event:
        match command:
            case Play(clips):
                self._speak(clips)
                return Keys()
            case ReadKeys():
                return self._read(command)
            case AskTime():
                return Clock(self.world.now + timedelta(seconds=self.at), self.world.workday)
            case AskStaff():
                nobody = self.world.no_agent
                return Staff(0, 0, 0) if nobody else Staff(4, 0 if self.world.long_wait else 1, 0)
            case JoinQueue():
                return self._queue(command)
            case TakeMessage():
                return self._message(command)
            case BookCallBack(phone):
                return self._book(phone)
            case LookUp(number, code, phone):
                outcome = self.world.items.get(number + code + phone, Found())
                return Found(locked=True) if self.world.locked else outcome
            case DialPartner(partner):
                return self._partner(partner)
            case KeepAnswers(answers):
                return self._answers(answers)
            case RateCall(grade):
                self._tell(f"通话评价 {grade}", f"rates the call {grade}")
                return None
            case EndCall():
                return None

    def _next(self, count: int, end: str, skip: str = "") -> str:
        """What the caller does at a question; keys beyond `count` are left for the next."""
        script = self.keys.pop(0) if self.keys else ""
        if script == HANG_UP:
            raise _HungUp
        if skip and script == skip:
            return self._next(count, end)
        script = script.removeprefix(skip)
        rest = script[count:]
        script, closed, more = script[:count].partition(end) if end else (script[:count], "", "")
        rest = more + rest if closed else rest
        if rest:
            self.keys.insert(0, rest)
        return script

    def _read(self, read: ReadKeys) -> Keys:
        self._speak(read.clips)
        digits = self._next(read.count, read.end, read.skip)
        self.at += REACTION if digits else read.wait
        self.lines.append(Pressed(self.at, digits))
        return Keys(digits)

    def _queue(self, join: JoinQueue) -> Event:
        self._tell("进入排队", "waits in the queue")
        if self.world.no_agent:
            return self._left(Left.NOBODY, "无人值守", "nobody is signed in", 0)
        if self.world.queue_full:
            return self._left(Left.FULL, "排队已满", "the queue is full", 0)
        offered = {k for k in (join.callback_key, join.message_key) if k}
        key = self._next(1, "") if offered and self.keys and self.keys[0][:1] in (*offered, "h") else ""
        if key and key == join.callback_key:
            self.kept_place = True
            return self._left(Left.CALL_BACK, f"按 {key}：预约回电", f"presses {key}: call-back", 20)
        if key:
            return self._left(Left.MESSAGE, f"按 {key}：留言", f"presses {key}: message", join.message_after)
        if self.world.long_wait:
            return self._left(Left.TIMEOUT, "等候超时", "waited as long as allowed", join.longest)
        self.at += 3
        self._tell("坐席接听", "an agent answers")
        self.outcome = Outcome.TALK
        if join.rate and self.world.rates:
            return self._left(Left.TALKED, "坐席挂机", "the agent hangs up", 60)
        self.walk.hang_up(self.at, "talked")
        return None

    def _left(self, why: Left, zh: str, en: str, after: float) -> QueueLeft:
        self.at += after
        self._tell(zh, en)
        return QueueLeft(why)

    def _message(self, take: TakeMessage) -> Taken:
        seconds = min(self.world.message_seconds, take.longest)
        if not seconds:
            self.at += take.silence
            self._tell("（滴）没有留言", "(beep) nothing is said")
            return Taken(False)
        self.at += seconds
        if self.world.disk_full:
            self._tell("（滴）留言无法保存", "(beep) the message cannot be saved")
            return Taken(False, seconds)
        self._tell(f"（滴）留言 {seconds:.0f} 秒", f"(beep) a message of {seconds:.0f} s")
        self.outcome = Outcome.MESSAGE
        return Taken(True, seconds)

    def _book(self, phone: str) -> Booked:
        self.outcome = Outcome.CALL_BACK
        number = phone or self.world.phone
        self._tell(f"登记回电 {number}", f"a call to {number} is owed")
        return Booked(number, 1 if self.kept_place else 0)

    def _answers(self, answers: tuple[tuple[str, str], ...]) -> Kept:
        if self.world.disk_full:
            self._tell("回答无法保存", "the answers cannot be kept")
            return Kept(False)
        text = ", ".join(f"{asked}: {answer}" for asked, answer in answers)
        self._tell(f"保存回答 {text}", f"keeps the answers {text}")
        self.outcome = Outcome.ANSWERED
        return Kept(True)

    def _partner(self, partner: str) -> PartnerLeft:
        outcome = self.world.partner
        self.at += 5
        self._tell(f"转接 {partner}：{outcome}", f"dials {partner}: {outcome}")
        if outcome is PartnerOutcome.TALKED:
            self.outcome = Outcome.PARTNER
        return PartnerLeft(outcome)
