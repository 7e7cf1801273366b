"""SIP messages as values: read from a datagram, written to one. Pure (RFC 3261, sections 7 and 25).

Header values are text in which any byte survives (UTF-8 with surrogate escapes), so that a caller
name in GBK goes out and comes in as it is. Garbage raises BadMessage and nothing else.
Used by everything in this package that signals; it knows neither sockets nor calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote

VERSION = "SIP/2.0"
Headers = tuple[tuple[str, str], ...]
Target = tuple[str, int]

_TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"
_REQUEST_LINE = re.compile(rf"({_TOKEN}) (\S+) SIP/2\.0")
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?", re.DOTALL)
_HEADER = re.compile(rf"({_TOKEN})[ \t]*:[ \t]*(.*)", re.DOTALL)
_CSEQ = re.compile(rf"(\d{{1,10}})[ \t]+({_TOKEN})")
_NAME_ADDR = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*))\s*<([^>]*)>(.*)', re.DOTALL)
_PLAIN_ADDR = re.compile(r"\s*([^;<>\s]+)\s*(.*)", re.DOTALL)
_SIP_URI = re.compile(r"sips?:(?:([^@]*)@)?([^:;?@\s]+)(?::(\d{1,5}))?(?:[;?].*)?", re.DOTALL | re.IGNORECASE)
_FULL_NAME = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "s": "subject",
    "k": "supported",
    "e": "content-encoding",
}
_USER_SAFE = "-_.!~*'()&=+$,;?/"


class BadMessage(ValueError):
    """What came is not SIP, or not enough of it. The datagram is dropped."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Header names keep the case they came in; look them up with `header`."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to a request; 1xx is provisional, everything else final."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""

    @property
    def final(self) -> bool:
        return self.status >= 200


Message = Request | Response


@dataclass(frozen=True, slots=True)
class Address:
    """A From, To, Contact or Route value taken apart. `rest` holds the parameters behind it."""

    display: str
    uri: str
    rest: str

    @property
    def tag(self) -> str:
        return parameter(self.rest, "tag")

    @property
    def user(self) -> str:
        match = _SIP_URI.fullmatch(self.uri)
        return (match[1] or "") if match else ""


def parse(data: bytes) -> Message:
    """One datagram as a message with all headers that every message must have. Raises BadMessage."""
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not blank:
        raise BadMessage("no blank line behind the headers")
    lines = re.sub(rb"\r\n[ \t]+", b" ", head).decode("utf-8", "surrogateescape").split("\r\n")
    headers = tuple(_header_line(line) for line in lines[1:])
    message = _first_line(lines[0], headers, body)
    _demand(message)
    return replace(message, body=_body(message, body))


def _header_line(line: str) -> tuple[str, str]:
    match = _HEADER.fullmatch(line)
    if not match:
        raise BadMessage(f"no header: {line[:60]!r}")
    return match[1], match[2].rstrip(" \t")


def _first_line(line: str, headers: Headers, body: bytes) -> Message:
    if match := _STATUS_LINE.fullmatch(line):
        return Response(int(match[1]), match[2] or "", headers, body)
    if match := _REQUEST_LINE.fullmatch(line):
        return Request(match[1], match[2], headers, body)
    raise BadMessage(f"no SIP: {line[:60]!r}")


def _demand(message: Message) -> None:
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if not header(message, name):
            raise BadMessage(f"no {name}")
    address(header(message, "From"))
    address(header(message, "To"))
    _, method = cseq(message)
    if isinstance(message, Request) and method != message.method:
        raise BadMessage(f"{message.method} with a CSeq of {method}")


def _body(message: Message, body: bytes) -> bytes:
    length = header(message, "Content-Length")
    if not length:
        return body
    if not re.fullmatch(r"[0-9]{1,6}", length) or int(length) > len(body):
        raise BadMessage(f"Content-Length {length[:20]!r}, {len(body)} bytes there")
    return body[: int(length)]


def compose(message: Message) -> bytes:
    """The datagram; Content-Length is added here."""
    if isinstance(message, Request):
        first = f"{message.method} {message.uri} {VERSION}"
    else:
        first = f"{VERSION} {message.status} {message.reason}"
    lines = [first, *(f"{name}: {value}" for name, value in message.headers)]
    lines.append(f"Content-Length: {len(message.body)}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + message.body


def _same_name(name: str) -> str:
    lower = name.lower()
    return _FULL_NAME.get(lower, lower)


def header(message: Message, name: str) -> str:
    """The first value of a header, "" when there is none. Compact names count as their long ones."""
    wanted = _same_name(name)
    return next((value for key, value in message.headers if _same_name(key) == wanted), "")


def values(message: Message, name: str) -> tuple[str, ...]:
    """Every value of a header that may be a list, also those that share one line."""
    wanted = _same_name(name)
    lines = [value for key, value in message.headers if _same_name(key) == wanted]
    return tuple(part for line in lines for part in split_list(line))


def split_list(line: str) -> list[str]:
    """The parts between commas; commas in quotes and in <> do not count."""
    parts, start, quoted, angle, skip = [], 0, False, False, False
    for at, char in enumerate(line):
        if skip:
            skip = False
        elif quoted:
            skip, quoted = char == "\\", char != '"'
        elif char == '"':
            quoted = True
        elif char in "<>":
            angle = char == "<"
        elif char == "," and not angle:
            parts.append(line[start:at].strip())
            start = at + 1
    parts.append(line[start:].strip())
    return [part for part in parts if part]


def cseq(message: Message) -> tuple[int, str]:
    """Number and method of CSeq. Raises BadMessage."""
    match = _CSEQ.fullmatch(header(message, "CSeq"))
    if not match or int(match[1]) >= 2**31:
        raise BadMessage("CSeq is no number and method")
    return int(match[1]), match[2]


def address(value: str) -> Address:
    """A name-addr or addr-spec with its parameters. Raises BadMessage."""
    if match := _NAME_ADDR.match(value):
        display = re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2].strip()
        return Address(display, match[3].strip(), match[4])
    if match := _PLAIN_ADDR.match(value):
        return Address("", match[1], match[2])
    raise BadMessage(f"no address: {value[:60]!r}")


def parameter(text: str, name: str) -> str:
    """The value of `;name=value`, "" when it is missing or has none."""
    match = re.search(rf";\s*{re.escape(name)}\s*=\s*(?:\"([^\"]*)\"|([^;,\s>]*))", text, re.IGNORECASE)
    return (match[1] if match[1] is not None else match[2]) if match else ""


def branch(message: Message) -> str:
    """The transaction's id: the branch of the topmost Via."""
    return parameter(header(message, "Via"), "branch")


def target_of(uri: str) -> Target:
    """Host and port that a SIP URI names; 5060 when it names no port. Raises BadMessage."""
    match = _SIP_URI.fullmatch(uri)
    if not match or not 0 < int(match[3] or 5060) < 65536:
        raise BadMessage(f"no SIP address: {uri[:60]!r}")
    return match[2], int(match[3] or 5060)


def from_value(user: str | bytes, host: str, tag: str, display: str | bytes | None = None) -> str:
    """A From value. Text is quoted and escaped as SIP wants it; bytes go out exactly as given."""
    name = _raw(user) if isinstance(user, bytes) else quote(user, safe=_USER_SAFE)
    uri = f"<sip:{name}@{host}>;tag={tag}" if name else f"<sip:{host}>;tag={tag}"
    if display is None:
        return uri
    shown = _raw(display) if isinstance(display, bytes) else re.sub(r'(["\\])', r"\\\1", display)
    return f'"{shown}" {uri}'


def _raw(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def answer(
    request: Request, status: int, reason: str, tag: str = "", more: Headers = (), body: bytes = b""
) -> Response:
    """A response to `request` with what must be copied from it; `tag` goes to To unless it has one."""
    kept = []
    for name, value in request.headers:
        kind = _same_name(name)
        if kind == "to" and tag and not address(value).tag:
            value = f"{value};tag={tag}"
        if kind in ("via", "from", "to", "call-id", "cseq") or (kind == "record-route" and status < 300):
            kept.append((name, value))
    return Response(status, reason, (*kept, *more), body)
