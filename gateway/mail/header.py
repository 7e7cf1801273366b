"""Header fields of mails as they come: folded, raw 8-bit, cut in the middle of a character, or junk.

Works on bytes up to the last step, because a raw GBK subject is lost once somebody has decoded it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from gateway.core.item import written
from gateway.mail.charset import clean, decode, one_line

HEAD_LIMIT = 256 * 1024  # bytes of one header block; what follows counts as body
FIELD_LIMIT = 16 * 1024  # bytes of one field
FIELDS = 1000
ADDRESSES = 200
TEXT_LIMIT = 2000  # characters of one field as text

_END = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:[ \t]*(.*)", re.S)
# A line that is no field is bad folding when one of these still follows, else the body begins there.
_MUST_COME = re.compile(
    rb"^(?:content-[a-z-]{1,30}|mime-version|from|to|subject|date|message-id):", re.I | re.M
)
_WORD = re.compile(rb"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)


@dataclass(frozen=True, slots=True)
class Address:
    """Who, as a name for people and an address for machines; either may be empty."""

    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of one header block in their order: lower-case name, unfolded bytes."""

    fields: tuple[tuple[str, bytes], ...] = ()

    def raw(self, name: str) -> bytes:
        """The first field of that name, b"" when there is none."""
        return next((value for field, value in self.fields if field == name), b"")

    def all(self, name: str) -> list[bytes]:
        return [value for field, value in self.fields if field == name]

    def text(self, name: str) -> str:
        """The first field of that name for people to read."""
        return decode_words(self.raw(name))

    def unlabelled(self, name: str) -> bool:
        """Does the field hold raw bytes whose charset is told nowhere? Raw UTF-8 needs no label."""
        value = self.raw(name)
        try:
            value.decode("utf-8")
        except UnicodeError:
            return True
        return False

    def has(self, name: str) -> bool:
        return any(field == name for field, _ in self.fields)


def split_head(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The header block that begins at `start`, and where its body begins."""
    for blank in (b"\r\n", b"\n"):
        if raw.startswith(blank, start, end):
            return Headers(), start + len(blank)
    last = min(end, start + HEAD_LIMIT)
    match = _END.search(raw, start, last)
    while match and _goes_on(raw, start, match, last):
        match = _END.search(raw, match.end(), last)
    stop = match.start() + 1 if match else last
    fields, body = _fields(raw, start, stop)
    if body is None:
        body = match.end() if match else stop
    return Headers(tuple(fields)), body


def _goes_on(raw: bytes, start: int, blank: re.Match[bytes], last: int) -> bool:
    """Is this empty line within a folded field? Some mailers fold a long subject at a place where a line
    of its own remains empty. Then a folded line follows, and fields that the head needs and has not."""
    if raw[blank.end() : blank.end() + 1] not in (b" ", b"\t"):
        return False
    following = _END.search(raw, blank.end(), last)
    lines = raw[blank.end() : following.start() if following else last].split(b"\n")
    rest = [line.rstrip(b"\r") for line in lines if line[:1] not in (b" ", b"\t")]
    if not rest or not all(_FIELD.fullmatch(line) for line in rest):
        return False
    before = {match[0].lower() for match in _MUST_COME.finditer(raw, start, blank.start() + 1)}
    return any((must := _MUST_COME.match(line + b"\n")) and must[0].lower() not in before for line in rest)


def _fields(raw: bytes, start: int, stop: int) -> tuple[list[tuple[str, bytes]], int | None]:
    """The fields, and where the body begins when that is before `stop`."""
    fields: list[tuple[str, bytearray]] = []
    at, must_come = start, -1
    while at < stop and len(fields) < FIELDS:
        following = raw.find(b"\n", at, stop) + 1 or stop
        line = raw[at:following].rstrip(b"\r\n")
        if line[:1] in (b" ", b"\t") and fields:
            _extend(fields[-1][1], line)
        elif match := _FIELD.match(line):
            fields.append((match[1].decode("ascii").lower(), bytearray(match[2][:FIELD_LIMIT])))
        elif at == start and line.startswith((b"From ", b">From ")):
            pass  # a mailbox file's own mark
        elif not line and fields:
            pass  # an empty line within a folded field
        else:
            if must_come < 0:
                must_come = max((m.start() for m in _MUST_COME.finditer(raw, following, stop)), default=0)
            if not fields or must_come < following:
                return _whole(fields), at
            _extend(fields[-1][1], line)
        at = following
    return _whole(fields), None


def _extend(value: bytearray, line: bytes) -> None:
    value += line[: max(0, FIELD_LIMIT - len(value))]


def _whole(fields: list[tuple[str, bytearray]]) -> list[tuple[str, bytes]]:
    return [(name, bytes(value).strip()) for name, value in fields]


# ------------------------------------------------------------ text


def decode_words(value: bytes, limit: int = TEXT_LIMIT) -> str:
    """RFC 2047 words and raw bytes to one line of text.

    Neighbouring words of one charset are joined before they are decoded: many mailers cut a
    character in two.
    """
    out: list[str] = []
    charset, pending, at = "", bytearray(), 0

    def flush() -> None:
        if pending:
            out.append(decode(bytes(pending), charset).text)
            pending.clear()

    for word in _WORD.finditer(value):
        between = value[at : word.start()]
        named = word[1].decode("ascii", "replace").lower()
        if between.strip() or not pending:
            flush()
            out.append(decode(between).text)
        elif named != charset:
            flush()
        charset = named
        pending += _base64(word[3]) if word[2] in b"bB" else _quoted(word[3])
        at = word.end()
    flush()
    out.append(decode(value[at:]).text)
    return one_line("".join(out), limit)


def _base64(data: bytes) -> bytes:
    letters = data.translate(None, _NOT_BASE64)
    usable = len(letters) - (len(letters) % 4 == 1)
    return binascii.a2b_base64(letters[:usable] + b"=" * (-usable % 4))


def _quoted(data: bytes) -> bytes:
    return binascii.a2b_qp(data, header=True)


# ------------------------------------------------------------ parameters (RFC 2045, 2231)


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """The value before the first ";" in lower case, and the parameters as text."""
    first, *rest = _split(value, b";")
    plain: dict[str, bytes] = {}
    pieces: dict[str, list[tuple[int, bool, bytes]]] = {}
    for part in rest:
        name, equals, content = part.partition(b"=")
        key = name.strip().lower().decode("ascii", "replace")
        if not equals or not key:
            continue
        base, star, order = key.partition("*")
        if star:
            index = order.rstrip("*")
            place = int(index) if index.isdigit() and len(index) < 5 else 0
            pieces.setdefault(base, []).append((place, key.endswith("*"), _unquoted(content.strip())))
        else:
            plain.setdefault(base, _unquoted(content.strip()))
    texts = {name: decode_words(content) for name, content in plain.items()}
    texts |= {name: _joined(parts) for name, parts in pieces.items()}
    return one_line(first.decode("ascii", "replace"), 200).lower(), texts


def _joined(parts: list[tuple[int, bool, bytes]]) -> str:
    """RFC 2231: numbered pieces, the first of which may name the charset."""
    charset, whole = "", bytearray()
    for number, (_, extended, content) in enumerate(sorted(parts, key=lambda part: part[0])):
        if extended and number == 0 and content.count(b"'") >= 2:
            name, _, content = content.split(b"'", 2)
            charset = name.decode("ascii", "replace")
        whole += unquote_to_bytes(content) if extended else content
    return one_line(decode(bytes(whole), charset).text, TEXT_LIMIT)


def _unquoted(content: bytes) -> bytes:
    if not content.startswith(b'"'):
        return content
    inner = content[1:-1] if content.endswith(b'"') and len(content) > 1 else content[1:]
    # In raw GBK a backslash may be the second half of a character.
    return re.sub(rb'\\(["\\])', rb"\1", inner) if inner.isascii() else inner.replace(b'\\"', b'"')


def _split(value: bytes, mark: bytes) -> list[bytes]:
    """Split at `mark` outside quotes; in raw GBK a backslash may be half a character, no escape."""
    parts, at, quoted, index = [], 0, False, 0
    while index < len(value):
        byte = value[index : index + 1]
        if quoted and byte == b"\\" and not (index and value[index - 1] > 0x7F):
            index += 1
        elif byte == b'"':
            quoted = not quoted
        elif byte == mark and not quoted:
            parts.append(value[at:index])
            at = index + 1
        index += 1
    parts.append(value[at:])
    if quoted and len(parts) == 1 and mark in value:
        return value.split(mark)  # a quote that is never closed
    return parts


# ------------------------------------------------------------ addresses


def addresses(value: bytes) -> list[Address]:
    """Everybody named in a From, To or the like; what holds neither name nor address is left out."""
    result = []
    for part in _split(value, b",")[:ADDRESSES]:
        parsed = _address(part.strip())
        if parsed.name or parsed.address:
            result.append(parsed)
    return result


def _address(part: bytes) -> Address:
    before, angle, after = part.rpartition(b"<")
    if angle:
        return Address(_name(before), plain_address(decode(after.partition(b">")[0]).text))
    bare, comment, rest = part.partition(b"(")
    text = decode(bare).text
    return Address(_name(rest.rpartition(b")")[0]) if comment else "", plain_address(text))


def _name(part: bytes) -> str:
    return decode_words(_unquoted(part.strip()), 200).strip("\"' ")


def plain_address(text: str) -> str:
    """The one address in a text, its domain in lower case; "" when there is none."""
    return written.mail_address(clean(text[:1000]))


def message_ids(value: bytes) -> Iterator[str]:
    """Every <…> of a Message-ID, References or In-Reply-To field, without the brackets. A field that is
    one id without its brackets counts too."""
    bare = value.strip()
    if b"<" not in bare and re.fullmatch(rb"[^\s@]{1,500}@[^\s@]{1,500}", bare):
        yield bare.decode("ascii", "replace")
    for match in re.finditer(rb"<([^<>\s]{1,990})>", value):
        yield match[1].decode("ascii", "replace")
