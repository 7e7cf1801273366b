"""Commands that only speak and take one key, as lines of AGI.

A menu takes a key and speaks again, dozens of times a call, and the caller hears every delay. `answer` is
therefore called in the moment an answer is read and gives the line to send next: no task is woken in
between. Pure: no I/O. Used by ivr.py through AgiSession.converse.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from gateway.core.flow.commands import Command, Keys, Play, ReadKeys
from gateway.core.flow.step import KEYS
from gateway.core.flow.walk import Ended, Walk
from gateway.pbx.agi_link import Line
from gateway.pbx.agi_session import get_option_line, stream_file_line

_PRESSED = {key: Keys(key) for key in ("", *KEYS)}


class Dialogue:
    """One walk's spoken commands, one after another. `clock` less `zero` is the time in the call, in seconds.

    `command` is what the walk wants now: one that takes more than sound and a key after `begin` or `answer`
    gave None.
    """

    __slots__ = ("_clock", "_lines", "_place", "_sounds", "_walk", "_zero", "command")

    def __init__(self, walk: Walk, clock: Callable[[], float], zero: float, sounds: str) -> None:
        self._walk = walk
        self._clock = clock
        self._zero = zero
        self._sounds = sounds
        self._lines: tuple[Line, ...] = ()
        self._place = 0
        self.command: Command | Ended = Ended()

    def begin(self, command: Command | Ended) -> Line | None:
        """Take a command up: its first line; None when it is not one of ours."""
        self.command = command
        if type(command) is ReadKeys and command.count == 1 and command.clips:
            lines = _lines(self._sounds, command.clips, command.keys or KEYS, command.skip, command.wait)
        elif type(command) is Play and command.clips:
            lines = _lines(self._sounds, command.clips, command.keys, "", None)
        else:
            return None
        self._lines = lines
        self._place = 0
        return lines[0]

    def answer(self, key: str) -> Line | None:
        """The line after this key ("" for none): the next clip, or the first of the walk's next command."""
        self._place += 1
        if not key and self._place < len(self._lines):
            return self._lines[self._place]
        return self.begin(self._walk.send(_PRESSED.get(key) or Keys(key), self._clock() - self._zero))

    @property
    def clip(self) -> str:
        """The clip of the line that was sent last."""
        assert isinstance(self.command, Play | ReadKeys)
        return self.command.clips[self._place]

    @property
    def waits(self) -> ReadKeys | None:
        """The command, when the line that was sent last also waits for its key."""
        last = self._place == len(self._lines) - 1
        return self.command if last and isinstance(self.command, ReadKeys) else None


def keys_of(read: ReadKeys) -> str:
    """The keys that are waited for."""
    return _without(read.keys or KEYS, read.skip)


def _without(keys: str, skip: str) -> str:
    """What is not waited for, Asterisk drops."""
    return keys.replace(skip, "") if skip else keys


@lru_cache(maxsize=1024)  # the same menus come again in every call
def _lines(sounds: str, clips: tuple[str, ...], keys: str, skip: str, wait: float | None) -> tuple[Line, ...]:
    """A line per clip; with `wait` the last one waits so many seconds for a key behind its clip."""
    keys = _without(keys, skip)
    lines = [stream_file_line(f"{sounds}/{clip}", keys) for clip in clips]
    if wait is not None:
        lines[-1] = get_option_line(f"{sounds}/{clips[-1]}", keys, wait)
    return tuple(lines)
