"""What Asterisk says on the AMI: bytes in, frames out, a frame read into its fields.

Pure and incremental. A frame is a block of `Key: value` lines closed by a blank line; the
first line of a connection is a greeting. Called by ami_link.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.pbx.agi_reply import text_of

FRAME_BYTES = 5 * 1024 * 1024
GREETING_BYTES = 256
GREETING = b"Asterisk Call Manager/"
_END = b"\r\n\r\n"


class AmiGarbage(ValueError):
    """The other side does not speak AMI, or a frame is over the size limit."""


class AmiEvent:
    """One event. Field names are spelled as Asterisk spells them; a repeated field has its values
    joined by line ends. Its frame has two dozen lines, of which most callbacks want one or two."""

    __slots__ = ("_fields", "_frame", "name")

    def __init__(self, name: str, frame: bytes) -> None:
        self.name = name
        self._frame = frame
        self._fields: Mapping[str, str] | None = None

    @property
    def fields(self) -> Mapping[str, str]:
        """All of them."""
        if self._fields is None:
            self._fields = fields_of(self._frame)
        return self._fields

    def get(self, field: str) -> str:
        """The field's value, "" when the event has no such field."""
        if self._fields is None:
            key = b"\r\n%s: " % field.encode()
            _, separator, rest = self._frame.partition(key)
            if separator and key not in rest:
                return text_of(rest.partition(b"\r\n")[0])
        return self.fields.get(field, "")


class AmiFrames:
    """Cuts a stream of bytes into frames (without their blank line)."""

    __slots__ = ("_limit", "_tail", "version")

    def __init__(self, limit: int = FRAME_BYTES) -> None:
        self._limit = limit
        self._tail = bytearray()
        self.version = ""  # of the AMI, once the greeting was read

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes, return the frames that are complete. Raises AmiGarbage."""
        tail = self._tail
        if not self.version:
            tail += data
            if not self._greeted():
                return []
            data, tail = bytes(tail), bytearray()
        elif tail:
            start = max(0, len(tail) - 3)
            tail += data
            if tail.find(_END, start) < 0:
                self._keep(tail)
                return []
            data = bytes(tail)
        *frames, rest = data.split(_END)
        self._keep(bytearray(rest))
        return [frame.lstrip(b"\r\n") if frame[:1] in (b"\r", b"\n") else frame for frame in frames if frame]

    def _keep(self, tail: bytearray) -> None:
        if len(tail) > self._limit:
            raise AmiGarbage(f"a frame of more than {self._limit} bytes")
        self._tail = tail

    def _greeted(self) -> bool:
        tail = self._tail
        end = tail.find(b"\r\n")
        if not tail.startswith(GREETING[: len(tail)]) or (end < 0 and len(tail) > GREETING_BYTES):
            raise AmiGarbage("no AMI: it does not greet as Asterisk does")
        if end < 0:
            return False
        self.version = text_of(bytes(tail[len(GREETING) : end])).strip() or "?"
        del tail[: end + 2]
        return True


def event_name(frame: bytes) -> bytes:
    """The name of an event frame, b"" for any other frame. Cheap: nothing is decoded."""
    if frame[:7] != b"Event: ":
        return b""
    end = frame.find(b"\r\n", 7)
    return frame[7:] if end < 0 else frame[7:end]


def fields_of(frame: bytes) -> dict[str, str]:
    """Read a frame. Lines that are no `Key: value` are left out; see AmiEvent for repeated keys."""
    try:
        lines = frame.decode().split("\r\n")
    except UnicodeDecodeError:
        lines = [text_of(line) for line in frame.split(b"\r\n")]
    pairs = [line.split(": ", 1) for line in lines]
    try:
        fields = dict(pairs)
    except ValueError:  # a line without a value
        pairs = [pair for pair in map(_pair, lines) if pair]
        fields = dict(pairs)
    return fields if len(fields) == len(pairs) else _joined(pairs)


def _pair(line: str) -> list[str]:
    key, colon, value = line.partition(":")
    return [key, value.removeprefix(" ")] if colon else []


def _joined(pairs: list[list[str]]) -> dict[str, str]:
    fields: dict[str, list[str]] = {}
    for key, value in pairs:
        fields.setdefault(key, []).append(value)
    return {key: "\n".join(values) for key, values in fields.items()}
