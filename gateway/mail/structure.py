"""The parts of a mail as a tree of places in its bytes. Nothing is copied and nothing is decoded.

Own, because the standard library's parser holds each line as an object, takes time that grows with
depth times length, and loses the body when a boundary is wrong. Read top down, an outer boundary
ends an inner part whose own end is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.mail import transfer
from gateway.mail.header import Headers, parameters, split_head

DEPTH = 20  # multiparts and messages within each other; deeper ones stay whole, as a file
PARTS = 1000
CANDIDATES = 50_000  # lines that begin like a boundary
NESTED = ("message/rfc822", "message/global")
_TYPE = re.compile(r"[a-z0-9][\w.+-]{0,60}/[a-z0-9][\w.+-]{0,60}")
_FIRST = re.compile(rb"(?:\A|\n)--([^\r\n]{1,200}?)[ \t]*\r?\n(?=content-)", re.I)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its headers and where its body lies in `raw`; `parts` of a multipart or message."""

    headers: Headers
    raw: bytes = field(repr=False)
    start: int
    end: int
    kind: str
    params: dict[str, str]
    disposition: str = ""
    name: str = ""
    parts: tuple[Part, ...] = ()

    def walk(self) -> Iterator[Part]:
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def encoding(self) -> str:
        return self.headers.raw("content-transfer-encoding").decode("ascii", "replace").strip("\"' ").lower()

    def pieces(self) -> Iterator[bytes]:
        """The body decoded, in pieces of some 256 KB."""
        return transfer.pieces(self.raw, self.start, self.end, self.encoding)

    def body(self, limit: int) -> bytes:
        """The first `limit` bytes of the decoded body."""
        return transfer.first(self.pieces(), limit)


@dataclass(slots=True)
class Reading:
    """One reading of one mail: what its limits left out and what was broken."""

    count: int = 0
    left_out: int = 0
    broken: bool = False


def parse(raw: bytes, reading: Reading | None = None) -> Part:
    """The whole mail. Never raises; `reading` collects what was wrong."""
    reading = reading if reading is not None else Reading()
    return _message(raw, 0, len(raw), 0, reading)


def _message(raw: bytes, start: int, end: int, depth: int, reading: Reading) -> Part:
    headers, body = split_head(raw, start, end)
    return _part(headers, raw, body, end, depth, reading)


def _part(headers: Headers, raw: bytes, start: int, end: int, depth: int, reading: Reading) -> Part:
    reading.count += 1
    kind, params = parameters(headers.raw("content-type"))
    if not _TYPE.fullmatch(kind):
        kind = "text/html" if kind in ("html", "text/html,") else "text/plain"
    disposition, given = parameters(headers.raw("content-disposition"))
    name = given.get("filename") or params.get("name", "")
    part = Part(headers, raw, start, end, kind, params, disposition, name)
    if depth >= DEPTH:
        return part
    inner: tuple[Part, ...] = ()
    if kind.startswith("multipart/"):
        inner = _multipart(part, depth, reading)
    elif kind in NESTED:
        inner = _nested(part, depth, reading)
    return Part(headers, raw, start, end, kind, params, disposition, name, inner) if inner else part


def _nested(part: Part, depth: int, reading: Reading) -> tuple[Part, ...]:
    if part.encoding in transfer.PLAIN:
        return (_message(part.raw, part.start, part.end, depth + 1, reading),)
    inner = b"".join(part.pieces())  # against the rules, and done
    return (_message(inner, 0, len(inner), depth + 1, reading),)


def _multipart(part: Part, depth: int, reading: Reading) -> tuple[Part, ...]:
    raw, children = part.raw, []
    boundary = part.params.get("boundary", "").encode("utf-8", "surrogateescape")
    places = _places(raw, part.start, part.end, boundary) if boundary else []
    if not places:
        reading.broken = True
        guess = _FIRST.search(raw[part.start : part.start + 64 * 1024])
        if not guess:
            return ()
        places = _places(raw, part.start, part.end, guess[1])
    for index, (_, after, closing) in enumerate(places):
        if closing:
            continue
        if reading.count >= PARTS:
            reading.left_out += 1
            continue
        end = places[index + 1][0] if index + 1 < len(places) else part.end
        if after < end or part.kind != "multipart/mixed":
            children.append(_message(raw, after, end, depth + 1, reading))
    return tuple(children)


def _places(raw: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int, bool]]:
    """Of every boundary line: where the part before it ends, where the next begins, is it the last?"""
    mark = b"--" + boundary.rstrip()
    places: list[tuple[int, int, bool]] = []
    at = raw.find(mark, start, end)
    for _ in range(CANDIDATES):
        if at < 0 or len(places) > 2 * PARTS:
            break
        line_end = raw.find(b"\n", at, end)
        after = line_end + 1 if line_end >= 0 else end
        rest = raw[at + len(mark) : min(after, at + len(mark) + 100)].strip()
        if (at == start or raw[at - 1] == 0x0A) and rest in (b"", b"--"):
            before = at - 1 if at > start else at
            if before > start and raw[before - 1] == 0x0D:
                before -= 1
            places.append((max(before, start), after, rest == b"--"))
        at = raw.find(mark, max(after, at + 1), end) if after < end else -1
    return places
