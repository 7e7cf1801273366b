"""One mail read: who, what about, the text, the files, and what was wrong with it.

`read` takes any bytes and never raises: what cannot be read comes back as `unreadable` with a
reason, and the original is kept by whoever called.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gateway.mail import embedded, html, spam, tnef, transfer
from gateway.mail.automatic import why_automatic, writer
from gateway.mail.bounce import Bounce, read_bounce
from gateway.mail.charset import charset_in_page, clean, codec_of, decode
from gateway.mail.file_names import file_name
from gateway.mail.header import Address, Headers, addresses, message_ids
from gateway.mail.structure import NESTED, Part, Reading, parse

log = logging.getLogger(__name__)

TEXT_BYTES = 2 * 1024 * 1024  # of one text part, without the files written out in it
PAGE_BYTES = 64 * 1024 * 1024  # of one HTML part, with them
TEXT = 50_000  # characters of the mail's text that go into the item
FILES = 100
TNEF_BYTES = 64 * 1024 * 1024
_WRAPPED = ("application/ms-tnef", "application/vnd.ms-tnef")
_ENCRYPTED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_REPORTS = ("message/delivery-status", "message/global-delivery-status", "text/rfc822-headers")
_NO_TEXT = (b"%PDF-", b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"Rar!", b"RIFF", b"ID3")


@dataclass(frozen=True, slots=True)
class Attached:
    """One file: a name that is safe to show, its declared type, and its bytes in pieces."""

    name: str
    media_type: str
    pieces: Callable[[], Iterator[bytes]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A mail in our terms. Texts hold no control characters; addresses have a lower-case domain.

    `html` is a harmless copy when the mail has no text of its own. `notes` tell in Chinese what a
    reader should know; `unreadable` says why little or nothing could be read, else "".
    `automatic` says why no person wrote it, else "". `writer` is whom an answer goes to: the sender, or
    the person in Reply-To. `spam` names the field in which a filter marked it, else "".
    """

    headers: Headers = field(default_factory=Headers, repr=False)
    subject: str = ""
    sender: Address = field(default_factory=Address)
    writer: Address = field(default_factory=Address)
    recipients: tuple[str, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    text: str = ""
    html: str = ""
    attached: tuple[Attached, ...] = ()
    notes: tuple[str, ...] = ()
    unreadable: str = ""
    automatic: str = ""
    spam: str = ""
    bounce: Bounce | None = None


def read(raw: bytes, envelope_from: str | None = None) -> Message:
    """Any bytes as a message. Never raises, and takes time in proportion to their length."""
    try:
        return _Reader(raw, envelope_from).read()
    except Exception:  # a fault of ours must not cost a mail: it is taken in with its original
        log.exception("a mail of %d bytes could not be read", len(raw))
        return Message(unreadable="读取程序出错")


@dataclass(slots=True)
class _Found:
    """What was collected so far. `forms` is true for the parts of a multipart/alternative: the same text
    in several forms."""

    forms: bool = False
    texts: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    attached: list[Attached] = field(default_factory=list)
    characters: int = 0
    lost: int = 0


class _Reader:
    def __init__(self, raw: bytes, envelope_from: str | None) -> None:
        if b"\n" not in raw and b"\r" in raw:
            raw = raw.replace(b"\r", b"\n")
        self._raw = raw
        self._envelope_from = envelope_from
        self._reading = Reading()
        self._notes: list[str] = []
        self._guessed: set[str] = set()
        self._nested = 0
        self._encrypted = False
        self._dropped = 0
        self._lost = 0
        self._characters = 0

    def read(self) -> Message:
        root = parse(self._raw, self._reading)
        headers = root.headers
        parts = _Found()
        self._collect(root, parts)
        text, page = self._text_of(parts)
        sender = next(iter(addresses(headers.raw("from"))), Address())
        automatic = why_automatic(headers, self._envelope_from)
        bounce = read_bounce(root, sender.address)
        subject = headers.text("subject")[:300]
        self._sum_up(len(text), headers)
        return Message(
            headers=headers,
            subject=subject,
            sender=sender,
            writer=writer(headers),
            recipients=tuple(self._recipients(headers)),
            message_id=next(message_ids(headers.raw("message-id")), ""),
            references=tuple(self._references(headers)),
            text=text[:TEXT],
            html=page,
            attached=tuple(parts.attached),
            notes=tuple(self._notes),
            unreadable=self._why_unreadable(subject, text, parts),
            automatic=automatic,
            spam=spam.marked_by(headers),
            bounce=bounce,
        )

    # ------------------------------------------------------------ parts

    def _collect(self, part: Part, parts: _Found) -> None:
        if part.kind == "multipart/encrypted" or part.kind in _ENCRYPTED:
            self._encrypted = True
        if part.kind in NESTED and part.parts:
            self._forwarded(part, parts)
        elif part.kind == "multipart/alternative" and part.parts:
            self._alternative(part, parts)
        elif part.parts:
            for inner in part.parts:
                self._collect(inner, parts)
        elif part.kind in _WRAPPED or part.name.lower() == "winmail.dat":
            self._unwrap(part, parts)
        elif part.kind in _REPORTS:
            parts.texts.append(self._words(part))
        elif self._is_text(part, parts):
            if part.kind == "text/html":
                parts.pages.append(self._page(part, parts))
            else:
                parts.texts.append(self._words(part))
        elif part.kind not in _SIGNATURES and not self._is_hollow(part):
            self._attach(parts, part.name, part.kind, part.pieces)

    def _alternative(self, part: Part, parts: _Found) -> None:
        """One content in several forms: plain text unless it only says that there is an HTML form."""
        each = _Found(forms=True, attached=parts.attached)
        for inner in part.parts:
            self._collect(inner, each)
        plain = "\n".join(each.texts).strip()
        if plain and each.pages:
            shown = html.text(html.shown("\n".join(each.pages)))
            if len(shown) > 4 * len(plain) + 200:
                plain = ""
        if plain:
            parts.texts.append(plain)
        else:
            parts.pages += each.pages

    def _forwarded(self, part: Part, parts: _Found) -> None:
        """A mail within the mail: kept whole as a file, its head in a few lines, its text, its files."""
        root = part.parts[0]
        subject = root.headers.text("subject")[:300]
        if not self._nested:  # the outermost holds those within it
            name = part.name or (f"{subject[:60]}.eml" if subject else "")
            self._attach(parts, name, part.kind, part.pieces)
        sender = next(iter(addresses(root.headers.raw("from"))), Address())
        inner = _Found(attached=parts.attached)
        self._nested += 1
        self._collect(root, inner)
        self._nested -= 1
        pages = (html.text(html.shown(page)) for page in inner.pages)
        text = "\n\n".join(text_part.strip() for text_part in (*inner.texts, *pages) if text_part.strip())
        head = f"---- 转发的邮件 ----\n发件人：{sender.name} <{sender.address}>\n"
        head += f"日期：{root.headers.text('date')[:60]}\n主题：{subject}"
        parts.texts.append(f"{head}\n\n{text}")

    def _unwrap(self, part: Part, parts: _Found) -> None:
        wrapped = tnef.read(part.body(TNEF_BYTES))
        if wrapped is None or not (wrapped.text or wrapped.html or wrapped.files):
            self._notes.append("附件 winmail.dat 未能拆开，已按原样保存")
            self._attach(parts, part.name or "winmail.dat", part.kind, part.pieces)
            return
        if not wrapped.whole:
            self._notes.append("附件 winmail.dat 不完整")
            self._attach(parts, part.name or "winmail.dat", part.kind, part.pieces)
        if wrapped.text.strip() not in "\n".join(parts.texts):
            parts.texts.append(wrapped.text)
        elif wrapped.html and not parts.texts:
            parts.pages.append(wrapped.html)
        for file in wrapped.files:
            self._attach(parts, file.name, "application/octet-stream", _once(file.data))

    def _attach(
        self, parts: _Found, name: str, media_type: str, pieces: Callable[[], Iterator[bytes]]
    ) -> None:
        if len(parts.attached) >= FILES:
            self._dropped += 1
            return
        shown = file_name(name, media_type, len(parts.attached) + 1)
        if not transfer.first(pieces(), 1):
            self._notes.append(f"附件“{shown}”是空文件（0字节）")
            return
        parts.attached.append(Attached(shown, media_type[:100], pieces))

    def _is_text(self, part: Part, parts: _Found) -> bool:
        """Is this part read as text? With a name it is where it opens the mail, or is one of its forms:
        some mailers name the text itself. Named text further on is a file."""
        if part.disposition == "attachment":
            return False
        if part.kind not in ("text/plain", "text/html", "text/enriched"):
            return part.kind.startswith("multipart/") and not part.name
        opens = parts.forms or not (parts.texts or parts.pages or parts.attached)
        return not part.name or (opens and _is_written(part.body(1024)))

    def _is_hollow(self, part: Part) -> bool:
        return part.end <= part.start and not part.name and part.disposition != "attachment"

    def _words(self, part: Part) -> str:
        return self._decoded(part.body(TEXT_BYTES), part.params.get("charset", ""))

    def _page(self, part: Part, parts: _Found) -> str:
        """A part in HTML; the files that are written out in it are kept beside it."""
        page, files = embedded.take_out(part.body(PAGE_BYTES), FILES)
        for file in files:
            self._attach(parts, "", file.media_type, _once(file.data))
        declared = part.params.get("charset", "")
        if codec_of(declared) in ("", "ascii"):
            declared = charset_in_page(page) or declared
        return self._decoded(page[:TEXT_BYTES], declared)

    def _decoded(self, body: bytes, declared: str) -> str:
        decoded = decode(body, declared)
        self._lost += decoded.lost
        self._characters += len(decoded.text)
        if decoded.guessed:
            self._guessed.add(decoded.guessed)
        return clean(decoded.text)

    # ------------------------------------------------------------ the whole

    def _text_of(self, parts: _Found) -> tuple[str, str]:
        """The text, and the harmless HTML when that is the only form."""
        text = "\n\n".join(text_part.strip() for text_part in parts.texts if text_part.strip())
        page = ""
        if parts.pages:
            source = html.shown("\n".join(parts.pages))
            page = html.clean(source)
            shown = clean(html.text(source))
            if not page and shown:
                self._notes.append("HTML 正文过于复杂，仅保留文字")
            text = f"{text}\n\n{shown}".strip()
            page = page if shown else ""
        return text, page

    def _recipients(self, headers: Headers) -> Iterator[str]:
        for name in ("delivered-to", "x-original-to", "envelope-to", "to", "cc"):
            for value in headers.all(name)[:10]:
                yield from (recipient.address for recipient in addresses(value) if recipient.address)

    def _references(self, headers: Headers) -> Iterator[str]:
        for name in ("in-reply-to", "references"):
            yield from list(message_ids(headers.raw(name)))[-50:]

    def _sum_up(self, length: int, headers: Headers) -> None:
        if self._reading.broken:
            self._notes.append("邮件结构有误，已尽量读取")
        if self._reading.left_out or self._dropped:
            self._notes.append(f"另有{self._reading.left_out + self._dropped}个部分超出数量限制，见原始邮件")
        if length > TEXT:
            self._notes.append("正文过长，其余见原始邮件")
        if self._guessed or any(headers.unlabelled(name) for name in ("subject", "from")):
            names = "、".join(sorted(self._guessed))
            self._notes.append(
                f"文字编码未注明或有误，系推定{f'（{names}）' if names else ''}，请核对原始邮件"
            )
        if self._lost:
            self._notes.append(f"有{self._lost}处文字无法辨认")

    def _why_unreadable(self, subject: str, text: str, parts: _Found) -> str:
        if self._encrypted:
            return "邮件已加密或整体签名"
        if self._lost > 3 and self._lost * 10 > self._characters:
            return "文字编码无法辨认"
        if not text and not parts.attached:
            if not subject:
                return "没有可读的内容"
            if len(self._raw) > 4096 and self._characters > 512:
                return "没有读出正文"
        return ""


def _is_written(beginning: bytes) -> bool:
    """May these bytes be text? A part that says so can hold anything."""
    return bool(beginning.strip()) and b"\0" not in beginning and not beginning.startswith(_NO_TEXT)


def _once(data: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: transfer.pieces(data, 0, len(data), "")
