"""Content-Transfer-Encodings undone piece by piece, so that memory does not grow with the file."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator

PIECE = 256 * 1024
RUNS = 100  # encoded texts joined within one piece; more ends than that are junk
PLAIN = ("", "7bit", "8bit", "binary", "none", "8-bit", "7-bit")
_KEEP = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_DROP = bytes(set(range(256)) - set(_KEEP))


def pieces(raw: bytes, start: int, end: int, encoding: str) -> Iterator[bytes]:
    """The decoded bytes of raw[start:end]. What cannot be decoded is passed over, never raised."""
    if encoding in ("base64", "b64"):
        return _base64(raw, start, end)
    if encoding in ("quoted-printable", "quopri", "qp"):
        return _quoted(raw, start, end)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uuencoded(raw, start, end)
    return _plain(raw, start, end)


def first(parts: Iterable[bytes], limit: int) -> bytes:
    """Their first `limit` bytes."""
    out = bytearray()
    for piece in parts:
        out += piece[: limit - len(out)]
        if len(out) >= limit:
            break
    return bytes(out)


def _plain(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, PIECE):
        yield raw[at : min(at + PIECE, end)]


def _base64(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    rest = b""
    for piece in _plain(raw, start, end):
        # "=" ends a run; a second run may follow where two encoded texts were joined
        letters = rest + piece.translate(None, _DROP)
        *runs, rest = letters.split(b"=") if letters.count(b"=") <= RUNS else [letters.replace(b"=", b"")]
        for run in runs:
            if run:
                yield _letters(run)
        usable = len(rest) - len(rest) % 4
        yield binascii.a2b_base64(rest[:usable])
        rest = rest[usable:]
    if rest:
        yield _letters(rest)


def _letters(run: bytes) -> bytes:
    usable = len(run) - (len(run) % 4 == 1)  # one letter alone holds less than a byte
    return binascii.a2b_base64(run[:usable] + b"=" * (-usable % 4))


def _quoted(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    at = start
    while at < end:
        stop = min(at + PIECE, end)
        if stop < end:
            line = raw.rfind(b"\n", at, stop) + 1
            escape = raw.rfind(b"=", stop - 2, stop)
            stop = line or (escape if escape > at else stop)
        yield binascii.a2b_qp(raw[at:stop])
        at = stop


def _uuencoded(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    begun = False
    for line in raw[start:end].splitlines():
        if not begun:
            begun = line.startswith(b"begin ")
        elif line.strip() == b"end":
            return
        else:
            try:
                yield binascii.a2b_uu(line)
            except binascii.Error:
                continue
