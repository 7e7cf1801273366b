"""What Asterisk says on an AGI connection after the header: bytes in, replies out.

Pure and incremental: no sockets, no clock, any split of the bytes gives the same replies.
A reply is one line, a `520-` block up to its closing `520 ` line, or a variable whose value
holds line ends. `HANGUP` stands between replies and is no reply. Called by agi_link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE_BYTES = 65_536
BLOCK_LINES = 500


class AgiGarbage(ValueError):
    """The other side does not speak AGI, or says more than a sane peer would."""


@dataclass(frozen=True, slots=True)
class AgiReply:
    """One answer. `200 result=50 (dtmf) endpos=800` is code 200, result "50", data "dtmf", endpos 800.

    `text` is the line without its code; for 520 the whole usage text. `data` is what stood in
    the brackets, "" when there were none.
    """

    code: int
    result: str = ""
    data: str = ""
    text: str = ""

    @property
    def endpos(self) -> int | None:
        """Where a clip or a recording ended, in samples; None when it was not given."""
        match = _ENDPOS.search(self.text)
        return int(match[1]) if match else None

    @property
    def number(self) -> int | None:
        """The result as a number; None when it is not one."""
        try:
            return int(self.result)
        except ValueError:
            return None

    @property
    def key(self) -> str:
        """The key pressed, for commands whose result is a key's character code; "" for none."""
        return _KEYS.get(self.result.encode(), "")

    @property
    def timed_out(self) -> bool:
        return self.data == "timeout"


@dataclass(frozen=True, slots=True)
class AgiHangup:
    """The channel has gone away (or has been sent elsewhere) while AGI held it."""


AgiLine = AgiReply | AgiHangup

HANGUP = AgiHangup()
_PLAIN = re.compile(rb"200 result=(\d{1,3})(?: endpos=\d+)?\n")
_KEYS = {b"%d" % code: chr(code) for code in range(1, 128)}
_RESULT = re.compile(r"result=(\S*)(?: \((.*)\))?(?: (\w+=.*))?", re.DOTALL)
_OPEN_VALUE = re.compile(r"result=\S* \(")
_ENDPOS = re.compile(r" endpos=(-?\d+)$")
_CODE = re.compile(r"(\d{3})([ -])(.*)", re.DOTALL)


def text_of(raw: bytes) -> str:
    """Decode what may be UTF-8, GB18030 (old carriers, old phones) or neither. Never fails."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class AgiReplies:
    """Cuts a stream of bytes into replies. Lines that are no AGI are dropped and counted in `strays`."""

    __slots__ = ("_open", "_size", "_tail", "strays")

    def __init__(self) -> None:
        self._tail = b""
        self._open: list[bytes] = []  # lines of a reply that is not complete yet
        self._size = 0
        self.strays = 0

    def key(self, data: bytes) -> str | None:
        """The key of a plain answer ("" for none), which is most of what comes while a caller listens.

        None for everything else, a hang-up (-1) included: then `feed` it. It saves reading what nobody needs.
        """
        plain = None if self._tail or self._open else _PLAIN.fullmatch(data)
        return plain and _KEYS.get(plain[1], "")

    def feed(self, data: bytes) -> list[AgiLine]:
        """Take the next bytes, return what is complete. Raises AgiGarbage over the size limits."""
        if (
            not self._tail
            and not self._open
            and data[:11] == b"200 result="
            and data.find(b"\n") == len(data) - 1
        ):
            reply = _result(text_of(data[4:-1]))  # the usual case: one reply, one segment
            if reply is not None:
                return [reply]
        if data.count(b"\n") > BLOCK_LINES:
            raise AgiGarbage("more answers at once than questions")
        lines = (self._tail + data).split(b"\n")
        self._tail = lines.pop()
        if len(self._tail) > LINE_BYTES:
            raise AgiGarbage("a line without end")
        replies = (self._line(line) for line in lines)
        return [reply for reply in replies if reply is not None]

    def _line(self, line: bytes) -> AgiLine | None:
        if self._open:
            return self._continue(line)
        if line == b"HANGUP":
            return HANGUP
        if line[:4] == b"520-" or line[:4] == b"200 ":
            return self._begin(line)
        match = _CODE.fullmatch(text_of(line))
        if match is None:
            self.strays += 1
            if self.strays > BLOCK_LINES:
                raise AgiGarbage("lines that are no AGI")
            return None
        return AgiReply(int(match[1]), text=match[3])

    def _begin(self, line: bytes) -> AgiLine | None:
        if line[:4] == b"200 ":
            text = text_of(line[4:])
            reply = _result(text)
            if reply is not None:
                return reply
            if _OPEN_VALUE.match(text) is None:
                return AgiReply(200, text=text)
        self._open = [line]
        self._size = len(line)
        return None

    def _continue(self, line: bytes) -> AgiLine | None:
        self._open.append(line)
        self._size += len(line) + 1
        if len(self._open) > BLOCK_LINES or self._size > LINE_BYTES:
            raise AgiGarbage("a reply without end")
        if self._open[0][:4] == b"520-":
            return self._close(AgiReply(520, text=self._usage())) if line[:4] == b"520 " else None
        if not line.endswith(b")"):
            return None
        reply = _result(text_of(b"\n".join(self._open)[4:]))
        return None if reply is None else self._close(reply)

    def _close(self, reply: AgiReply) -> AgiReply:
        self._open = []
        return reply

    def _usage(self) -> str:
        return text_of(b"\n".join(line.removeprefix(b"520-") for line in self._open[:-1]))


def _result(text: str) -> AgiReply | None:
    """Read `result=…`; None when a bracket is still open or it is something else."""
    if " " not in text and text[:7] == "result=":
        return AgiReply(200, text[7:], "", text)
    match = _RESULT.fullmatch(text)
    if match is None:
        return None
    return AgiReply(200, match[1], match[2] or "", text)
