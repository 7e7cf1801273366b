"""What a caller is to do, item by item, read from `--keys 1,wait,prompt:menu_main,0`. Pure.

Items: keys (1, 2#, *), `wait` (until the prompt now playing has ended), `wait:3` (seconds),
`prompt:ID` (until that prompt is heard), `say:FILE`, `hangup`.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import OperatorError
from gateway.sip_phone.packet import KEYS


@dataclass(frozen=True, slots=True)
class Press:
    """Press these keys, one after another."""

    keys: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class HearOut:
    """Wait until the prompt now playing, or the next one, has ended."""


@dataclass(frozen=True, slots=True)
class HearPrompt:
    """Wait until this prompt is heard."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Say:
    """Speak this WAV file to its end."""

    file: Path


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Item = Press | Pause | HearOut | HearPrompt | Say | HangUp


def parse(text: str, prompts: Sequence[str]) -> tuple[Item, ...]:
    """The items between the commas; `prompts` are the ids there are. Raises OperatorError."""
    items: list[Item] = []
    faults: list[str] = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            items.append(_item(word, prompts))
        except ValueError as fault:
            faults.append(f"--keys {word}: {fault}")
    if faults:
        raise OperatorError(*faults)
    return tuple(items)


def _item(word: str, prompts: Sequence[str]) -> Item:
    name, colon, value = word.partition(":")
    match name, bool(colon):
        case "wait", False:
            return HearOut()
        case "wait", True:
            return Pause(_seconds(value))
        case "prompt", True:
            check_prompts([value], prompts)
            return HearPrompt(value)
        case "say", True:
            if not Path(value).is_file():
                raise ValueError("no such file")
            return Say(Path(value))
        case "hangup", False:
            return HangUp()
    if word and all(key in KEYS for key in word):
        return Press(word)
    raise ValueError(f"neither keys ({KEYS}) nor wait, wait:SECONDS, prompt:ID, say:FILE or hangup")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds) or not 0 < seconds <= 600:
        raise ValueError("more than 0 and at most 600 seconds")
    return seconds


def check_prompts(named: Iterable[str], prompts: Sequence[str]) -> None:
    """Raise ValueError for the first id that no sound has, with the nearest one."""
    for prompt in named:
        if prompt not in prompts:
            near = difflib.get_close_matches(prompt, prompts, 1)
            raise ValueError(
                f"no sound is called {prompt!r}" + (f"; did you mean {near[0]}?" if near else "")
            )
