"""Files that are written out within an HTML page (data: URIs), most often pictures pasted into a mail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from gateway.mail import transfer

_HEAD = rb"data:([a-z]{1,20}/[\w.+-]{1,80})((?:;[\w.+-]{1,40}(?:=[\w.+\"%-]{0,80})?){0,6}),"
_QUOTED = re.compile(rb"(?<=([\"']))" + _HEAD + rb"([^\"'<>]*)", re.I)
_BARE = re.compile(rb"(?<=[=(])" + _HEAD + rb"([^\s\"'<>)]*)", re.I)


@dataclass(frozen=True, slots=True)
class Embedded:
    """One file: its declared type and its bytes."""

    media_type: str
    data: bytes


def take_out(page: bytes, most: int) -> tuple[bytes, list[Embedded]]:
    """The page without its data: URIs, and the first `most` files of them that hold anything."""
    embedded: list[Embedded] = []

    def keep(media_type: bytes, parameters: bytes, content: bytes) -> bytes:
        data = _decoded(parameters, content)
        if data and len(embedded) < most:
            embedded.append(Embedded(media_type.decode("ascii").lower(), data))
        return b""

    page = _QUOTED.sub(lambda m: keep(m[2], m[3], m[4]), page)
    page = _BARE.sub(lambda m: keep(m[1], m[2], m[3]), page)
    return page, embedded


def _decoded(parameters: bytes, content: bytes) -> bytes:
    plain = unquote_to_bytes(content)
    if not parameters.lower().endswith(b";base64"):
        return plain
    return b"".join(transfer.pieces(plain, 0, len(plain), "base64"))
