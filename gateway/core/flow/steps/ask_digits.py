"""ask_digits: ask for a number by keypad and go on when it has the right length.

What was keyed in goes nowhere but to the path, and there only as its length: a flow that needs
the number itself uses `lookup` or `callback`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from gateway.core.flow.commands import Command, Event, Keys, ReadKeys, StepRun
from gateway.core.flow.step import CLIPS, KEY, Call, Exit, Step, seconds, setting, whole


@dataclass(frozen=True, slots=True)
class AskDigits:
    clips: tuple[str, ...] = setting(CLIPS, "The question, spoken.")
    shortest: int = setting(whole(1, 32), "Fewest digits that are taken.", 1)
    longest: int = setting(whole(1, 32), "Most digits; the input ends with the last.", 32)
    end: str = setting(KEY, 'Key that ends the input early; "" for none.', "#")
    wait: float = setting(seconds(0, 30), "Seconds to wait for the first digit.", 6.0)
    gap: float = setting(seconds(1, 15), "Seconds to wait between digits.", 4.0)
    tries: int = setting(whole(1, 5), "How often it is asked.", 2)
    bad: tuple[str, ...] = setting(CLIPS, "Spoken after an input that is too short.", ("menu_wrong",))


def read(
    call: Call, clips: tuple[str, ...], longest: int, end: str = "#", wait: float = 6.0, gap: float = 4.0
) -> Generator[Command, Event, str]:
    """Digits from the caller, those typed ahead first; "" for silence. Other steps ask with it too."""
    skip = call.take_late_end()
    ahead, call.typed = call.typed[:longest], call.typed[longest:]
    if end and end in ahead:
        ahead, _, rest = ahead.partition(end)
        call.typed = rest + call.typed
        return ahead
    digits = ahead
    if len(ahead) < longest:
        event = yield ReadKeys(
            () if ahead else clips, longest - len(ahead), wait, gap, end, skip="" if ahead else skip
        )
        digits += event.digits if isinstance(event, Keys) else ""
    if len(digits) == longest:
        call.late_end = end
    return digits


def run(ask: AskDigits, call: Call) -> StepRun:
    clips = ask.clips
    digits = ""
    for _ in range(ask.tries):
        digits = yield from read(call, clips, ask.longest, ask.end, ask.wait, ask.gap)
        if len(digits) >= ask.shortest and digits.isdecimal():
            call.note(f"{len(digits)} digits")
            return "given"
        clips = ask.bad + ask.clips
    return "wrong" if digits else "silence"


def faults(ask: AskDigits) -> Iterator[tuple[str, str]]:
    if ask.shortest > ask.longest:
        yield "shortest", f"shortest ({ask.shortest}) is more than longest ({ask.longest})"
    if ask.end.isdecimal():
        yield "end", f"key clash: `{ask.end}` is a digit and would end the input"


STEP = Step(
    "ask_digits",
    "输入号码",
    "Ask for a number by keypad.",
    AskDigits,
    run,
    (
        Exit("given", "已输入", "Enough digits were keyed in."),
        Exit("silence", "没有输入", "Nothing was keyed in.", idle=True),
        Exit("wrong", "位数不够", "The last input was too short.", or_else="silence"),
    ),
    faults=faults,
    waits=True,
    colour="#1f6fd1",
)
