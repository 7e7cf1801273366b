"""multipart/form-data as a row of events: a part begins, its bytes, its end. Reads nothing, writes nothing.

Built on python-multipart's push parser with counters of our own: that one takes a cut-off body for a
whole one, cuts what is too long without a word, and does not know `filename*`. Fed by uploads.py.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError

from gateway.errors import Refused, TooLarge

MOST_PARTS = 200
LONGEST_HEADER = 4096
LONGEST_NAME = 120
_BOUNDARY = re.compile(r"""(?:^|;)\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)""", re.I)
_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*(?:"((?:\\"|[^"])*)"|([^;"]*))')
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Began:
    """A part begins. `file` is None for a field, else the name that was given, "" when none was."""

    name: str
    file: str | None


@dataclass(frozen=True, slots=True)
class Data:
    """Some of the part's bytes."""

    piece: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The part is whole."""


Event = Began | Data | Ended


class MultipartReader:
    """One body. `feed` the pieces in their order, then `close`."""

    def __init__(self, content_type: str) -> None:
        """Raises Refused when the header names no boundary."""
        match = _BOUNDARY.search(content_type.partition(";")[2])
        if not match:
            raise Refused("multipart 缺少 boundary / the multipart type names no boundary")
        self._events: list[Event] = []
        self._parts = 0
        self._whole = False
        self._header = bytearray()
        self._value = bytearray()
        self._disposition: bytes | None = None
        self._parser = MultipartParser(
            (match[1] or match[2]).encode("latin-1", "replace"),
            {
                "on_part_begin": self._part_begins,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": lambda data, start, end: self._events.append(Data(data[start:end])),
                "on_part_end": lambda: self._events.append(Ended()),
                "on_end": self._ends,
            },
            max_header_count=16,
            max_header_size=LONGEST_HEADER,
        )

    def feed(self, piece: bytes) -> list[Event]:
        """What the piece completes. Raises Refused when it is no multipart, TooLarge for too many parts."""
        self._events = []
        if self._whole:
            return []  # an epilogue says nothing
        try:
            consumed = self._parser.write(piece)
        except FormParserError as error:
            raise Refused(f"multipart 格式有误 / the multipart body is broken: {error}") from error
        if consumed != len(piece) and not self._whole:
            raise Refused("multipart 格式有误 / the multipart body is broken")
        return self._events

    def close(self) -> None:
        """The body is over. Raises Refused when its last boundary never came."""
        if not self._whole:
            raise Refused("上传不完整 / the body ends before its last boundary")

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise TooLarge(f"最多 {MOST_PARTS} 个字段 / at most {MOST_PARTS} fields")
        self._header.clear()
        self._value.clear()
        self._disposition = None

    def _header_ends(self) -> None:
        name = bytes(self._header).strip().lower()
        if name == b"content-disposition":
            if self._disposition is not None:
                raise Refused("Content-Disposition 重复 / a part has two Content-Disposition headers")
            self._disposition = bytes(self._value)
        elif name == b"content-transfer-encoding" and bytes(self._value).strip().lower() in (
            b"base64",
            b"quoted-printable",
        ):
            raise Refused("不支持 Content-Transfer-Encoding / parts are sent as they are, not encoded")
        self._header.clear()
        self._value.clear()

    def _headers_end(self) -> None:
        if self._disposition is None:
            raise Refused("缺少 Content-Disposition / a part has no Content-Disposition")
        self._events.append(part_of(self._disposition))

    def _ends(self) -> None:
        self._whole = True


def part_of(disposition: bytes) -> Began:
    """What a part says it is. Raises Refused when it is no part of a form."""
    text = _decoded(disposition)
    kind, mark, rest = text.partition(";")
    if kind.strip().lower() != "form-data":
        raise Refused("应为 form-data / a part is no form-data")
    given: dict[str, str] = {}
    for match in _PARAMETER.finditer(mark + rest):
        value = match[2].replace('\\"', '"') if match[2] is not None else match[3].strip()
        if given.setdefault(match[1].lower(), value) != value:
            raise Refused(f"{match[1]} 重复 / stands twice in one Content-Disposition")
    if "name" not in given:
        raise Refused("表单字段缺少 name / a part has no name")
    file = _extended(given["filename*"]) if "filename*" in given else given.get("filename")
    return Began(_escaped(given["name"]), None if file is None else file_name(_escaped(file)))


def file_name(given: str) -> str:
    """A name to show, never one to store under: no folders, no unseen characters, not too long."""
    last = re.split(r"[/\\]", given)[-1]
    seen = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c) not in _UNSEEN)
    seen = seen.strip(" .")
    if len(seen) <= LONGEST_NAME:
        return seen
    stem, dot, ending = seen.rpartition(".")
    if not dot or len(ending) > 8:
        return seen[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def _decoded(raw: bytes) -> str:
    """UTF-8 as browsers write it; older Chinese programs write GB18030."""
    for charset in ("utf-8", "gb18030"):
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _extended(value: str) -> str:
    """The value of `filename*` (RFC 5987): charset'language'percent-encoded."""
    charset, _, rest = value.partition("'")
    text = unquote_to_bytes(rest.partition("'")[2])
    try:
        return text.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError, ValueError):
        return _decoded(text)


def _escaped(text: str) -> str:
    """What browsers write for quotes and line ends in names."""
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
