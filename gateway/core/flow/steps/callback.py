"""callback: agree on a number and book a call-back.

The number he calls from is read to him; silence confirms it, another key asks for a new one.
Whether the call-back keeps a place in the queue is the driver's knowledge, told by Booked.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass

from gateway.core import telephone
from gateway.core.flow import speech
from gateway.core.flow.commands import BookCallBack, Booked, Command, Event, Keys, Play, ReadKeys, StepRun
from gateway.core.flow.step import CLIPS, KEY, Call, Exit, Step, setting, whole
from gateway.core.flow.steps.ask_digits import read

_PHONE = re.compile(r"1[3-9]\d{9}|0\d{9,11}|[2-8]\d{6,7}|[48]00\d{7}")
LONGEST = 16
"""Keys of a number: a mobile one behind 0086 and a 0."""


@dataclass(frozen=True, slots=True)
class Callback:
    number_is: tuple[str, ...] = setting(CLIPS, "Spoken before the caller's number.", ("callback_number_is",))
    confirm: tuple[str, ...] = setting(
        CLIPS, "Spoken after it: which key for another number.", ("callback_confirm",)
    )
    other_key: str = setting(KEY, "Key for another number.", "2")
    ask: tuple[str, ...] = setting(CLIPS, "Asks for the number.", ("callback_ask_number",))
    bad: tuple[str, ...] = setting(CLIPS, "Spoken when it is no number.", ("callback_wrong_number",))
    booked: tuple[str, ...] = setting(CLIPS, "Spoken when it is booked.", ("callback_booked",))
    tries: int = setting(whole(1, 5), "How often a number is asked for.", 3)


def is_phone(text: str) -> bool:
    """A number that can be called: mobile, landline with or without area code, 400 and 800."""
    return _PHONE.fullmatch(text) is not None


def run(callback: Callback, call: Call) -> StepRun:
    phone = call.facts.phone
    if not is_phone(phone) or (yield from _wants_other(callback, call, phone)):
        phone = yield from _asked(callback, call)
    if not phone:
        return "no_number"
    event = yield BookCallBack("" if phone == call.facts.phone else phone)
    place = event.place if isinstance(event, Booked) else 0
    call.note(f"booked, place {place}" if place else "booked")
    place_prompts = ("callback_place_before", *speech.ordinal(place), "callback_place_after") if place else ()
    yield Play(callback.booked + place_prompts)
    return "booked"


def _wants_other(callback: Callback, call: Call, phone: str) -> Generator[Command, Event, bool]:
    skip = call.take_late_end()
    key, call.typed = call.typed[:1], call.typed[1:]
    if not key:
        event = yield ReadKeys(callback.number_is + speech.digits(phone) + callback.confirm, skip=skip)
        key = event.digits[:1] if isinstance(event, Keys) else ""
    return key == callback.other_key


def _asked(callback: Callback, call: Call) -> Generator[Command, Event, str]:
    """A number from the keypad; "" when none comes."""
    clips = callback.ask
    for _ in range(callback.tries):
        phone = telephone.plain((yield from read(call, clips, LONGEST)))
        if is_phone(phone):
            return phone
        clips = callback.bad + callback.ask
    return call.facts.phone if is_phone(call.facts.phone) else ""


STEP = Step(
    "callback",
    "预约回电",
    "Agree on a number and promise a call.",
    Callback,
    run,
    (
        Exit("booked", "已预约", "The call-back is booked.", settled=True),
        Exit("no_number", "无号码", "The number is withheld and none was keyed in.", idle=True),
    ),
    prompts=(
        "callback_place_before",
        "callback_place_after",
        *speech.DIGIT_CLIPS,
        *(clip for clip in speech.NUMBER_CLIPS if clip != "num_2_of"),
    ),
    person=True,
    waits=True,
    colour="#b45f06",
)
