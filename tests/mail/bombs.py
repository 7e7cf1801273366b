"""Mails made to take time or memory, each small for what it would cost a careless reader."""

from __future__ import annotations

import base64
import resource
import struct
import tracemalloc
from collections.abc import Callable

from gateway.mail.identity import key_of
from gateway.mail.message import read

HEAD = b"From: a@b.cn\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
CPU = 2  # seconds for one bomb, reading it and writing out its files
MEMORY = 100 * 1000 * 1000  # bytes beside the mail itself


def page(body: bytes) -> bytes:
    return HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + body


def encoded(kind: bytes, encoding: bytes, body: bytes) -> bytes:
    return (
        HEAD
        + b"Content-Type: "
        + kind
        + b"; name=x\r\nContent-Transfer-Encoding: "
        + encoding
        + b"\r\n\r\n"
        + body
    )


def pictures() -> bytes:
    picture = base64.encodebytes(b"\xff\xd8" + bytes(100_000))
    parts = [
        b"--b\r\nContent-Type: image/jpeg; name=%d.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n" % n
        + picture
        for n in range(43)
    ]
    tags = b"".join(b"<img src=cid:%d>" % n for n in range(43))
    return (
        MIXED
        + b"--b\r\nContent-Type: text/html\r\n\r\n<p>x</p>"
        + tags
        + b"\r\n"
        + b"".join(parts)
        + b"--b--\r\n"
    )


def nested(depth: int) -> bytes:
    inner = [
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(depth)
    ]
    return HEAD + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + b"".join(inner)


def wrapped(depth: int) -> bytes:
    raw = HEAD + b"\r\nhi"
    for _ in range(depth):
        raw = encoded(b"message/rfc822", b"base64", base64.encodebytes(raw))
    return raw


def tnef() -> bytes:
    data = b"\x78\x9f\x3e\x22\0\0" + struct.pack("<BHHIH", 1, 0x9003, 6, 0, 0) * 300_000
    return encoded(b"application/ms-tnef", b"base64", base64.encodebytes(data))


BOMBS: dict[str, Callable[[], bytes]] = {
    "deep-html": lambda: page(b"<div>" * 400_000 + b"hi"),
    "deep-bold": lambda: page(b"<b><i>" * 400_000),
    "deep-tables": lambda: page(b"<table><tr><td>" * 100_000),
    "open-svg": lambda: page(b"<svg>" * 400_000),
    "open-script": lambda: page(b"<script>" * 250_000),
    "angles": lambda: page(b"<" * 2_000_000),
    "comments": lambda: page(b"<!--" * 500_000),
    "ampersands": lambda: page(b"&" * 2_000_000),
    "references": lambda: page(b"&notit;&nbsp;" * 100_000),
    "attributes": lambda: page(b"<p " + b"".join(b"a%d " % n for n in range(200_000)) + b">x"),
    "open-quotes": lambda: page(b'<a href="' * 200_000),
    "paragraphs": lambda: page(b"<p>x</p>" * 200_000),
    "links": lambda: page(b"".join(b"<p><a href='http://x/%d'>l</a></p>" % n for n in range(2000))),
    "pictures": pictures,
    "nested": lambda: nested(5000),
    "one-boundary": lambda: MIXED + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 20_000,
    "messages": lambda: (HEAD + b"Content-Type: message/rfc822\r\n\r\n") * 3000,
    "wrapped-messages": lambda: wrapped(25),
    "many-parts": lambda: MIXED + b"--b\r\n\r\nx\r\n" * 1_000_000,
    "near-boundaries": lambda: MIXED + b"--bx\r\n" * 1_000_000,
    "many-fields": lambda: HEAD + b"X: y\r\n" * 1_000_000,
    "long-field": lambda: HEAD + b"X: " + b"y" * 20_000_000,
    "folded-field": lambda: HEAD + b"Subject: " + b"a\r\n b" * 200_000,
    "no-fields": lambda: HEAD + b"junk\r\n" * 40_000 + b"From: x\r\n\r\n",
    "words": lambda: HEAD + b"Subject: " + b"=?utf-8?b?5Lit?= " * 100_000 + b"\r\n\r\n",
    "half-words": lambda: b"Subject: " + b"=?" * 8000 + b"\r\n\r\n",
    "parameters": lambda: HEAD + b"Content-Type: text/plain; " + b'a="b";' * 10_000 + b"\r\n\r\n",
    "addresses": lambda: HEAD + b"To: " + b"a@b.c," * 100_000 + b"\r\n\r\n",
    "at-signs": lambda: HEAD + b"To: " + b"@" * 16_000 + b"\r\n\r\n",
    "quoted-printable": lambda: encoded(b"a/b", b"quoted-printable", b"=E4" * 8_000_000),
    "uuencoded": lambda: encoded(b"a/b", b"uuencode", b"begin 644 x\r\n" + b"#86)C\r\n" * 300_000),
    "paddings": lambda: encoded(b"a/b", b"base64", b"QQ=" * 5_000_000),
    "big-text": lambda: HEAD + b"\r\n" + "汉字".encode("gbk") * 5_000_000,
    "big-file": lambda: encoded(b"a/b", b"base64", base64.encodebytes(bytes(range(256)) * 100_000)),
    "any-bytes": lambda: HEAD + b"\r\n" + bytes(range(128, 256)) * 100_000,
    "tnef": tnef,
    "report": lambda: HEAD + b"Content-Type: message/delivery-status\r\n\r\n" + b"\r\n \r\n" * 20_000,
}


TRACED = 5  # times as long as an ordinary reading takes one whose memory is counted


def burn() -> None:
    """Read each; the process dies when one takes too much time, and raises when it takes memory. The time is
    that of a reading by itself: counting memory makes it several times as long."""
    for name, make in BOMBS.items():
        raw = make()
        _allow(CPU)
        _read(raw)
        _allow(CPU * TRACED)
        tracemalloc.start(1)
        _read(raw)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        if peak > MEMORY:
            raise MemoryError(f"{name}: {peak} bytes")
        print(name, flush=True)


def _allow(seconds: int) -> None:
    """So much processor time from now on; the kernel counts whole seconds."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds + 1, resource.RLIM_INFINITY))


def _read(raw: bytes) -> None:
    key_of(raw)
    for file in read(raw).attached:
        for _ in file.pieces():
            pass
