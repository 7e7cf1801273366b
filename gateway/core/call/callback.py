"""Call-backs: how one try ends, and when it is repeated. Pure.

A try begins with a place in the queue. The agent who answers there is connected, then the customer is
dialled. It is over when the place is left without a dial, or when the call made for it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.record import Callback, CallbackState

LET_GO = timedelta(minutes=1)  # until the next try after an agent hung up before the two talked
LEFT = (timedelta(seconds=5), timedelta(minutes=5))  # first and longest pause after a place was lost


class TryEnd(StrEnum):
    """How a try ended."""

    TALKED = "talked"
    NOT_REACHED = "not_reached"  # no answer, busy, or the customer hung up in the greeting
    LET_GO = "let_go"  # the agent hung up before the customer answered
    CUT_OFF = "cut_off"  # the customer answered, and the agent hung up in the greeting
    NOT_DIALLED = "not_dialled"  # the place in the queue was lost


@dataclass(slots=True)
class Try:
    """What is known of one try. `call` is the call made for it; `status` Asterisk's DIALSTATUS, or
    AGENT_LEFT after an answer."""

    call: str
    asked_at: datetime
    placed: bool = False
    taken: bool = False  # we asked for the place back
    began: bool = False
    talked: bool = False
    left: bool = False  # the agent's side is over
    over: bool = False
    status: str = ""

    def apply(self, note: JournalEntry) -> None:
        """Apply one note of the call of this try."""
        match note.what:
            case EntryType.BACK_PLACED:  # the place may be a second one for the same call
                self.placed, self.taken, self.left, self.over = True, False, False, False
            case EntryType.BEGAN:
                self.began = True
            case EntryType.BACK_TALK:
                self.talked = True
            case EntryType.BACK_DONE:
                self.status = note.arg(1)
                if self.left and self.status == "ANSWER":  # else the dial is over before the agent's side
                    self.status = AGENT_LEFT
            case EntryType.BACK_LEFT:
                self.left = True
                self.over = self.over or (self.placed and not self.began)
            case EntryType.ENDED:
                self.over = True

    @property
    def end(self) -> TryEnd:
        """How it ended, once it is over."""
        if self.talked:
            return TryEnd.TALKED
        if not self.began:
            return TryEnd.NOT_DIALLED
        return AGENT_FIRST.get(self.status, TryEnd.NOT_REACHED)


AGENT_LEFT = "AGENT_LEFT"
AGENT_FIRST = {"CANCEL": TryEnd.LET_GO, AGENT_LEFT: TryEnd.CUT_OFF}
NEVER = ("REFUSED",)  # another try would end in the same way
_WHY = {
    "NOANSWER": "无人接听",
    "BUSY": "占线",
    "ANSWER": "对方接听后随即挂断",
    AGENT_LEFT: "对方已接听，坐席在问候语播放时挂断",
    "CONGESTION": "网络繁忙",
    "CHANUNAVAIL": "线路不可用",
    "LIMIT": "今日呼出次数已达上限",
    "TOO_OFTEN": "今日呼叫此号码的次数已达上限",
    "REFUSED": "此号码不在允许呼出的范围内",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from a try: the call-back as it is now, and the line on its item (what, text)."""

    callback: Callback
    what: str = ""
    text: str = ""


def after(callback: Callback, attempt: Try, now: datetime, again: Sequence[timedelta]) -> Outcome:
    """What follows from a try that is over. `again` are the pauses after each call that did not reach."""
    if attempt.began and callback.state is not CallbackState.DIALLING:
        callback = replace(callback, dials=callback.dials + 1)
    match attempt.end:
        case TryEnd.TALKED:
            return Outcome(
                replace(callback, state=CallbackState.DONE, due_at=None), "called_back", "已回电接通"
            )
        case TryEnd.NOT_REACHED:
            return _not_reached(callback, attempt, now, again)
        case TryEnd.CUT_OFF:  # who answered waits for a word: soon again, but not for ever
            return _not_reached(callback, attempt, now, (LET_GO,) * len(again))
        case TryEnd.LET_GO:
            text = "回电未接通：坐席在对方接听前挂断，一分钟后再拨"
            return Outcome(_pending(callback, now + LET_GO), "not_reached", text)
    return Outcome(_pending(callback, None))


def _not_reached(callback: Callback, attempt: Try, now: datetime, again: Sequence[timedelta]) -> Outcome:
    tried = replace(callback, attempts=callback.attempts + 1)
    why = _WHY.get(attempt.status, "呼叫中断")
    if tried.attempts > len(again) or attempt.status in NEVER:
        text = f"回电未接通：{why}；第{tried.attempts}次，不再自动拨打，请人工联系"
        return Outcome(replace(tried, state=CallbackState.FAILED, due_at=None), "call_back_failed", text)
    pause = again[tried.attempts - 1]
    text = f"回电未接通：{why}；第{tried.attempts}次，{_words(pause)}后再拨"
    return Outcome(_pending(tried, now + pause), "not_reached", text)


def _pending(callback: Callback, due: datetime | None) -> Callback:
    return replace(callback, state=CallbackState.PENDING, due_at=due)


def _words(pause: timedelta) -> str:
    minutes = round(pause.total_seconds() / 60)
    return f"{minutes // 60}小时" if minutes and minutes % 60 == 0 else f"{minutes}分钟"


def tries(notes: Iterable[JournalEntry], at: datetime) -> dict[str, Try]:
    """The tries that these notes tell of, by the call made for each."""
    attempts: dict[str, Try] = {}
    for note in notes:
        attempts.setdefault(note.call, Try(note.call, at)).apply(note)
    return attempts


@dataclass(frozen=True, slots=True)
class Pause:
    """A place in the queue was lost `times` times, last at `left_at`: it is not asked for again at once."""

    left_at: datetime
    times: int = 1

    @property
    def until(self) -> datetime:
        first, longest = LEFT
        return self.left_at + min(longest, first * int(2 ** min(self.times - 1, 20)))

    def again(self, at: datetime) -> Pause:
        return Pause(at, self.times + 1)

    def first(self) -> Pause:
        """After something changed that may help: only the shortest pause is kept."""
        return Pause(self.left_at, 1)
