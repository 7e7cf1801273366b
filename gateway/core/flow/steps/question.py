"""question: ask one question that is answered by a key, and remember the answer for `keep_answers`.

What was answered stands nowhere but there: the path of the call has only that an answer was given.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

from gateway.core.flow.commands import Command, Event, Keys, ReadKeys, StepRun
from gateway.core.flow.key_types import ANSWERS, SOME_KEYS
from gateway.core.flow.step import CLIPS, FLAG, KEY, TEXT, Call, Exit, Step, seconds, setting, whole


@dataclass(frozen=True, slots=True)
class Question:
    asks: str = setting(TEXT, "What is asked: contacted, solved, handler, outcome, reason.")
    clips: tuple[str, ...] = setting(CLIPS, "The question, spoken.")
    answers: Mapping[str, str] = setting(ANSWERS, "Key: the answer that it stands for.")
    low: str = setting(SOME_KEYS, "Keys of low grades: questions with `if_low` are asked then.", "")
    if_low: bool = setting(FLAG, "Ask only after a low grade; else it is passed over.", False)
    person_key: str = setting(KEY, 'Key for speaking with a person instead; "" for none.', "0")
    again: str = setting(KEY, 'Key that repeats the question; "" for none.', "*")
    wait: float = setting(seconds(0, 30), "Seconds to wait for a key after the speech.", 6.0)
    tries: int = setting(whole(1, 5), "How often it is asked, after silence or another key.", 2)


def run(question: Question, call: Call) -> StepRun:
    if question.if_low and not call.asks_why:
        return "given"
    for _ in range(question.tries):
        key = yield from _key(question, call)
        if key == question.again and key:
            key = yield from _key(question, call)
        if key == question.person_key and key:
            return "person"
        if key in question.answers:
            call.answers[question.asks] = question.answers[key]
            call.asks_why = call.asks_why or key in question.low
            return "given"
    return "silence"


def _key(question: Question, call: Call) -> Generator[Command, Event, str]:
    """One key: what was typed ahead, or what comes after the clips."""
    skip = call.take_late_end()
    if call.typed:
        typed, call.typed = call.typed[0], call.typed[1:]
        return typed
    event = yield ReadKeys(question.clips, wait=question.wait, skip=skip)
    return event.digits[:1] if isinstance(event, Keys) else ""


def faults(question: Question) -> Iterator[tuple[str, str]]:
    for name in ("person_key", "again"):
        if (key := getattr(question, name)) and key in question.answers:
            yield "answers", f"key clash: `{key}` is an answer and `{name}`"
    if lost := [key for key in question.low if key not in question.answers]:
        yield "low", f"`{lost[0]}` is no key of an answer"


STEP = Step(
    "question",
    "提问",
    "Ask a question that is answered by one key.",
    Question,
    run,
    (
        Exit("given", "已回答", "It was answered, or is passed over."),
        Exit("silence", "没有回答", "No key came, or none that is an answer.", idle=True),
        Exit("person", "找人工", "Wants to speak with a person.", needs="person_key", or_else="silence"),
    ),
    faults=faults,
    waits=True,
    colour="#1f6fd1",
)
