"""menu: speak the choices, wait for one key, go where it leads.

Silence, wrong keys and the key for hearing it again are each counted on their own, so a menu ends
after at most tries + wrong_tries + repeats rounds whatever is pressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from gateway.core.flow.commands import Keys, ReadKeys, StepRun
from gateway.core.flow.step import CLIPS, KEY, OPTIONS, Call, Exit, Option, Step, seconds, setting, whole


@dataclass(frozen=True, slots=True)
class Menu:
    clips: tuple[str, ...] = setting(CLIPS, "The choices, spoken.")
    keys: Mapping[str, Option] = setting(
        OPTIONS, "Key: step it leads to, or `{to: …, kind: …, label: …}` (kind: what the caller wants by it)."
    )
    first: tuple[str, ...] = setting(CLIPS, "Spoken before the choices, the first time only.", ())
    again: str = setting(KEY, 'Key that repeats the choices; "" for none.', "*")
    wait: float = setting(seconds(0, 30), "Seconds to wait for a key after the speech.", 5.0)
    tries: int = setting(whole(1, 5), "After so many silences the exit `silence` is taken.", 1)
    wrong_tries: int = setting(whole(1, 5), "After so many wrong keys the exit `wrong` is taken.", 2)
    repeats: int = setting(whole(0, 10), "How often the caller may ask for them again.", 5)
    nothing: tuple[str, ...] = setting(CLIPS, "Spoken after silence, before the next try.", ("menu_nothing",))
    bad: tuple[str, ...] = setting(CLIPS, "Spoken after a wrong key, before the next try.", ("menu_wrong",))


def run(menu: Menu, call: Call) -> StepRun:
    clips = menu.first + menu.clips
    silences = wrongs = repeats = 0
    while True:
        skip = call.take_late_end()
        if call.typed:  # ahead of us
            key, call.typed = call.typed[0], call.typed[1:]
        else:
            event = yield _question(clips, menu.wait, "" if skip in menu.keys else skip)
            key = event.digits[:1] if type(event) is Keys else ""
        if key in menu.keys:
            call.kind = menu.keys[key].kind or call.kind
            return key
        if key and key == menu.again and repeats < menu.repeats:
            repeats += 1
            clips = menu.clips
            continue
        silences, wrongs = silences + (not key), wrongs + bool(key)
        if silences >= menu.tries:
            return "silence"
        if wrongs >= menu.wrong_tries:
            return "wrong"
        clips = (menu.bad if key else menu.nothing) + menu.clips


@lru_cache(maxsize=1024)  # every call through a menu asks the same
def _question(clips: tuple[str, ...], wait: float, skip: str) -> ReadKeys:
    return ReadKeys(clips, wait=wait, skip=skip)


def options(menu: Menu) -> Mapping[str, Option]:
    return menu.keys


def faults(menu: Menu) -> Iterator[tuple[str, str]]:
    if menu.again and menu.again in menu.keys:
        yield "keys", f"key clash: `{menu.again}` leads to a step and repeats the menu (`again`)"


STEP = Step(
    "menu",
    "菜单",
    "Let the caller choose by one key.",
    Menu,
    run,
    (
        Exit("silence", "无按键", "No key came in time.", idle=True),
        Exit("wrong", "按键错误", "The last try was a wrong key.", or_else="silence"),
    ),
    options=options,
    faults=faults,
    waits=True,
    colour="#1f6fd1",
)
