"""multipart/form-data as browsers write it, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
File = tuple[str, bytes, str]


def form(fields: Iterable[tuple[str, str | bytes]], *files: File, field: str = "evidence") -> bytes:
    """Fields, then files (name, body, type) in one field."""
    out = bytearray()
    for name, value in fields:
        body = value if isinstance(value, bytes) else value.encode()
        out += _head(f'name="{name}"') + b"\r\n" + body + b"\r\n"
    for name, body, kind in files:
        shown = name.replace('"', "%22")
        out += _head(f'name="{field}"; filename="{shown}"')
        out += f"Content-Type: {kind}\r\n\r\n".encode() + body + b"\r\n"
    return bytes(out) + f"--{BOUNDARY}--\r\n".encode()


def _head(rest: str) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {rest}\r\n".encode()
