"""winmail.dat: what Outlook wraps around text and files (TNEF, [MS-OXTNEF]).

Own, because the Python reader for it copies the rest of the file for every attribute, which a few
megabytes of small ones turn into hours, and reads Chinese names as Latin. Fields beyond text, HTML
and files are passed over; the compressed RTF body too (such mails nearly always carry plain text).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.mail.charset import clean, decode

SIGNATURE = b"\x78\x9f\x3e\x22"
ATTRIBUTES = 20_000
FILES = 200

_BODY, _TITLE, _DATA, _RENDERING = 0x800C, 0x8010, 0x800F, 0x9002
_PROPERTIES, _ATTACHMENT, _CODE_PAGE, _FILE_LEVEL = 0x9003, 0x9005, 0x9007, 2
_TEXT, _HTML, _LONG_NAME, _SHORT_NAME, _SHOWN_NAME, _CONTENT = 0x1000, 0x1013, 0x3707, 0x3704, 0x3001, 0x3701
_CODE_PAGE_PROPERTY = 0x3FDE
_FIXED = {0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = (0x1E, 0x1F, 0x0D, 0x102)
_PAGES = {936: "gbk", 54936: "gb18030", 950: "big5", 65001: "utf-8", 932: "shift_jis", 949: "euc-kr"}


@dataclass(frozen=True, slots=True)
class TnefFile:
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Tnef:
    """What was wrapped. `whole` is False when the wrapping breaks off."""

    text: str = ""
    html: str = ""
    files: tuple[TnefFile, ...] = ()
    whole: bool = True


@dataclass(slots=True)
class _File:
    name: bytes | str = b""
    long_name: bytes | str = b""
    data: bytes = b""


def read(data: bytes) -> Tnef | None:
    """The content of a winmail.dat; None when it is none. Never raises."""
    if not data.startswith(SIGNATURE) or len(data) < 6:
        return None
    reader = _Reader()
    try:
        for level, name, value in _attributes(memoryview(data)):
            reader.take(level, name, value)
        whole = True
    except (struct.error, IndexError, ValueError):
        whole = False
    return reader.result(whole)


def _attributes(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    at = 6
    for _ in range(ATTRIBUTES):
        if at + 9 > len(data):
            return
        level, name, _, length = struct.unpack_from("<BHHI", data, at)
        if at + 9 + length > len(data):
            raise ValueError("cut off")
        yield level, name, data[at + 9 : at + 9 + length]
        at += 9 + length + 2


class _Reader:
    def __init__(self) -> None:
        self.page = "gbk"
        self.text: bytes | str = b""
        self.html: bytes | str = b""
        self.files: list[_File] = []

    def take(self, level: int, name: int, value: memoryview) -> None:
        if name == _CODE_PAGE:
            self._set_page(struct.unpack_from("<I", value)[0])
        elif name == _BODY:
            self.text = bytes(value)
        elif name == _PROPERTIES:
            self._message(value)
        elif name == _RENDERING and len(self.files) < FILES:
            self.files.append(_File())
        elif level == _FILE_LEVEL and self.files:
            self._file(self.files[-1], name, value)

    def result(self, whole: bool) -> Tnef:
        files = tuple(TnefFile(self._said(f.long_name or f.name), f.data) for f in self.files if f.data)
        return Tnef(self._said(self.text), self._said(self.html), files, whole)

    def _set_page(self, page: int) -> None:
        self.page = _PAGES.get(page, f"windows-{page}")

    def _said(self, value: bytes | str) -> str:
        text = value if isinstance(value, str) else decode(value.rstrip(b"\0"), self.page).text
        return clean(text.rstrip("\0"))

    def _message(self, value: memoryview) -> None:
        for name, content in _properties(value):
            if name == _CODE_PAGE_PROPERTY and isinstance(content, int):
                self._set_page(content)
            elif name == _TEXT and not isinstance(content, int):
                self.text = content
            elif name == _HTML and not isinstance(content, int):
                self.html = content

    def _file(self, file: _File, name: int, value: memoryview) -> None:
        if name == _TITLE:
            file.name = bytes(value)
        elif name == _DATA:
            file.data = bytes(value)
        elif name == _ATTACHMENT:
            for number, content in _properties(value):
                if isinstance(content, int):
                    continue
                if number == _LONG_NAME:
                    file.long_name = content
                elif number in (_SHORT_NAME, _SHOWN_NAME) and not file.name:
                    file.name = content
                elif number == _CONTENT and not file.data and isinstance(content, bytes):
                    file.data = content[16:]  # an interface id stands before the object


def _properties(data: memoryview) -> Iterator[tuple[int, bytes | str | int]]:
    """MAPI properties: the number, and the first value as far as it is text, bytes or a whole number."""
    (count,) = struct.unpack_from("<I", data)
    at = 4
    for _ in range(min(count, ATTRIBUTES)):
        if at + 4 > len(data):
            return
        kind, name = struct.unpack_from("<HH", data, at)
        at += 4
        if name >= 0x8000:
            at = _after_name(data, at)
        many, kind = bool(kind & 0x1000), kind & 0xEFFF
        if kind in _FIXED:
            values, size = 1, _FIXED[kind]
            if many:
                (values,) = struct.unpack_from("<I", data, at)
                at += 4
            if kind == 0x03 and not many:
                yield name, int(struct.unpack_from("<I", data, at)[0])
            at += values * (size + -size % 4)
        elif kind in _VARIABLE:
            (values,) = struct.unpack_from("<I", data, at)
            at += 4
            for index in range(min(values, ATTRIBUTES)):
                (size,) = struct.unpack_from("<I", data, at)
                if at + 4 + size > len(data):
                    raise ValueError("cut off")
                if index == 0:
                    content = bytes(data[at + 4 : at + 4 + size])
                    yield name, content.decode("utf-16-le", "replace") if kind == 0x1F else content
                at += 4 + size + -size % 4
        else:
            raise ValueError("unknown type")


def _after_name(data: memoryview, at: int) -> int:
    """Behind the name of a named property: a set's id, then a number or a text."""
    (kind,) = struct.unpack_from("<I", data, at + 16)
    if kind == 0:
        return at + 24
    (size,) = struct.unpack_from("<I", data, at + 20)
    return int(at + 24 + size + -size % 4)
