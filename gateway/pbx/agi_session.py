"""A call as its handler sees it: the header, and a verb for each AGI command we use.

Every verb sends exactly one line and takes a time limit in seconds; asyncio needs no task
and no timer for it. A hang-up is ChannelGone from whichever verb meets it first. After it
variables can still be read, so `went_to_fax` tells a fax from a hang-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from panoramisk.fast_agi import Request

from gateway.pbx.agi_header import AgiHeader
from gateway.pbx.agi_link import COMMAND_BYTES, AgiFailed, AgiLink, AgiTimeout, ChannelGone, Gone, Line
from gateway.pbx.agi_reply import AgiReply

QUICK = 5.0  # seconds for a command that Asterisk answers without waiting for a person
FAX_TONES = 2  # extensions.conf, [hear-fax]
CLIP = 300.0  # seconds for a command that plays one clip


class RecordEnd(StrEnum):
    """Why a recording ended. TIMEOUT is the longest time or the silence: Asterisk does not say which."""

    KEY = "key"
    TIMEOUT = "timeout"
    HANGUP = "hangup"
    WRITE_FAILED = "write_failed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a recording ended; `key` is the key that ended it, `samples` its length at 8 kHz."""

    ended: RecordEnd
    key: str = ""
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Digits:
    """Keys collected. `timed_out` is True when the time, not # or the count, ended it."""

    digits: str
    timed_out: bool = False


@lru_cache(maxsize=1024)  # clips and key sets come again and again
def quote(argument: str) -> str:
    """One argument of an AGI line, in quotes. Raises ValueError for CR, LF and NUL."""
    _refuse_line_ends(argument)
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _refuse_line_ends(text: str) -> None:
    if "\n" in text or "\r" in text or "\0" in text:
        raise ValueError("CR, LF and NUL cannot stand in an AGI command")


def _raw(line: str) -> bytes:
    raw = line.encode() + b"\n"
    if len(raw) > COMMAND_BYTES + 1:
        raise ValueError(f"an AGI command of {len(raw)} bytes is longer than Asterisk reads")
    return raw


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def stream_file_line(clip: str, keys: str = "", limit: float = CLIP) -> Line:
    """Play a clip, which any of `keys` cuts short."""
    return Line(_raw(f"STREAM FILE {quote(clip)} {quote(keys)}"), limit)


def get_option_line(clip: str, keys: str, timeout: float, limit: float = CLIP) -> Line:
    """Play a clip, then wait `timeout` seconds for one of `keys`. A hang-up then counts as no key."""
    return Line(_raw(f"GET OPTION {quote(clip)} {quote(keys)} {_ms(timeout)}"), limit + timeout)


class AgiSession(Request):  # type: ignore[misc]  # panoramisk has no types
    """One call under our control. Made by AgiServer, valid until the handler returns."""

    def __init__(self, app: object, link: AgiLink, header: AgiHeader) -> None:
        super().__init__(app, header.raw, reader=None, writer=None)
        self.header = header
        self._link = link

    @property
    def gone(self) -> bool:
        """True once the channel or the connection has gone."""
        return self._link.gone is not Gone.NO

    async def command(self, line: str, limit: float = QUICK) -> AgiReply:
        """Send one line as it is and return its reply, a `result=-1` included.

        Raises ValueError for line ends and lines over 2,046 bytes, ChannelGone when the channel
        has gone, AgiFailed when Asterisk refuses the command (510, 520), AgiTimeout after `limit`.
        """
        _refuse_line_ends(line)
        return await self._ask(line, limit)

    async def send_command(self, command: str) -> AgiReply:
        """The library's name for `command`."""
        return await self.command(command)

    async def _read_result(self) -> AgiReply:
        raise NotImplementedError("replies are read by AgiLink")

    async def _ask(self, line: str, limit: float, *, after_hangup: bool = False) -> AgiReply:
        reply = await self._link.ask(Line(_raw(line), limit), after_hangup=after_hangup)
        return self._granted(reply)

    def _granted(self, reply: AgiReply) -> AgiReply:
        if reply.code != 200:
            self._refused(reply)
        return reply

    def _refused(self, reply: AgiReply) -> None:
        if reply.code == 511:
            raise ChannelGone("the channel is dead")
        raise AgiFailed(f"{reply.code} {reply.text}".strip())

    async def _play(self, line: Line) -> AgiReply:
        """A command whose -1 means a hang-up or a clip that is not there: find out which."""
        return await self._played(await self._link.ask(line), line.raw[:200].decode().rstrip())

    async def _played(self, reply: AgiReply, what: str) -> AgiReply:
        if self._granted(reply).result == "-1":
            await self._check_channel()
            raise AgiFailed(f"Asterisk could not do: {what}")
        return reply

    async def _check_channel(self) -> None:
        """After a -1: Asterisk says HANGUP before it answers another command. Ask for nothing, and see."""
        await self._ask("NOOP", QUICK)

    # ------------------------------------------------------------ verbs

    async def answer(self, limit: float = QUICK) -> None:
        """Answer the channel; nothing happens when it is up already."""
        await self._play(Line(b"ANSWER\n", limit))

    async def hangup(self, limit: float = QUICK) -> None:
        """Hang the channel up. The next command raises ChannelGone."""
        await self._ask("HANGUP", limit)

    async def stream_file(self, clip: str, keys: str = "", limit: float = CLIP) -> str:
        """Play a clip; the key of `keys` that cut it short, or "". AgiFailed when there is no such clip."""
        return (await self._play(stream_file_line(clip, keys, limit))).key

    async def converse(self, first: Line, following: Callable[[str], Line | None]) -> None:
        """Send lines of STREAM FILE and GET OPTION one after another, each as soon as the last was answered.

        `following` gets the key of each answer ("" for none) and gives the next line, None to end. It is
        called while the answer is being read and must not wait. Raises AgiFailed for a clip that is not
        there, of whose line `following` hears nothing.
        """
        line: Line | None = first
        while line is not None:
            reply = await self._link.converse(line, following)
            line = following((await self._played(reply, "play a clip")).key) if reply else None

    async def wait_for_digit(self, timeout: float) -> str:
        """Wait `timeout` seconds for any key; "" when none was pressed."""
        return (await self._play(Line(_raw(f"WAIT FOR DIGIT {_ms(timeout)}"), timeout + QUICK))).key

    async def get_data(self, clip: str, timeout: float, max_digits: int, limit: float = CLIP) -> Digits:
        """Play a clip and collect up to `max_digits` keys; # ends early, `timeout` is the wait per key."""
        line = _raw(f"GET DATA {quote(clip)} {_ms(timeout)} {max_digits:d}")
        reply = await self._play(Line(line, limit + timeout * max(1, max_digits)))
        return Digits(reply.result, reply.timed_out)

    async def record_file(
        self,
        path: str,
        fmt: str,
        keys: str = "#",
        longest: float = 180.0,
        *,
        beep: bool = True,
        silence: int = 0,
    ) -> Recorded:
        """Record into `path`.`fmt` until one of `keys`, `longest` seconds, or `silence` seconds of quiet.

        A hang-up is an outcome here, not an exception: what was said is in the file.
        """
        line = f"RECORD FILE {quote(path)} {quote(fmt)} {quote(keys)} {_ms(longest)}"
        line += (" BEEP" if beep else "") + (f" s={silence:d}" if silence > 0 else "")
        try:
            reply = await self._ask(line, longest + CLIP)
        except ChannelGone:
            return Recorded(RecordEnd.HANGUP)
        return await self._recorded(reply)

    async def _recorded(self, reply: AgiReply) -> Recorded:
        samples = reply.endpos or 0
        if reply.key:  # also a key pressed into the beep, which Asterisk calls an error
            return Recorded(RecordEnd.KEY, reply.key, samples)
        if reply.data == "writefile":
            return Recorded(RecordEnd.WRITE_FAILED)
        if reply.result != "-1":
            return Recorded(RecordEnd.TIMEOUT, "", samples)
        try:
            await self._check_channel()
        except ChannelGone:
            return Recorded(RecordEnd.HANGUP, "", samples)
        return Recorded(RecordEnd.ERROR, "", samples)

    async def set_variable(self, name: str, value: str, limit: float = QUICK) -> None:
        """Set a channel variable or write a dialplan function."""
        await self._ask(f"SET VARIABLE {quote(name)} {quote(value)}", limit)

    async def get_variable(self, name: str, limit: float = QUICK) -> str | None:
        """A channel variable or function; None when it is not set. Also answered after a hang-up."""
        reply = await self._ask(f"GET VARIABLE {quote(name)}", limit, after_hangup=True)
        return reply.data if reply.result == "1" else None

    async def get_full_variable(self, expression: str, limit: float = QUICK) -> str | None:
        """An expression such as ${CHANNEL(state)}, worked out on the channel. Also after a hang-up."""
        reply = await self._ask(f"GET FULL VARIABLE {quote(expression)}", limit, after_hangup=True)
        return reply.data if reply.result == "1" else None

    async def went_to_fax(self) -> bool:
        """After ChannelGone: was it the second calling tone of a fax that took the channel to [fax-heard]?"""
        if self._link.gone is not Gone.HANGUP:
            return False
        try:
            tones = await self.get_variable("TONE_DETECT(rx)", limit=1.0) or ""
            return tones.isdecimal() and int(tones) >= FAX_TONES
        except (ChannelGone, AgiTimeout):
            return False

    async def execute(self, app: str, *arguments: str, limit: float = CLIP) -> int:
        """Run a dialplan application, arguments joined by commas; its result.

        AgiFailed when there is no such application; ChannelGone when it ended with the channel.
        """
        line = f"EXEC {quote(app)} {quote(','.join(arguments))}"
        reply = await self._ask(line, limit)
        if reply.result == "-2":
            raise AgiFailed(f"no such application: {app}")
        if reply.result == "-1":
            await self._check_channel()
        return reply.number or 0
