"""No input of a stranger holds up the event loop, on whichever port: what others do there goes on.

Each case is worst-case input for one reader of the gateway, sent to the real listener while a heartbeat
on the same loop is watched.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.channels.email import imap
from gateway.channels.email.imap import ImapLink, MailboxDown
from tests.loop.heartbeat import heartbeat
from tests.loop.ports import PORTS, TOKENS, Mailbox, exchange
from tests.pbx.pbx_peers import header

MB = 1 << 20
FORM = "multipart/form-data; boundary=b"


def http(body: bytes, kind: str, path: str = "/api/v1/intake", more: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{more}"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def json(body: str) -> bytes:
    return http(body[:MB].encode(), "application/json")


def multipart(body: bytes) -> bytes:
    return http(body, FORM)


def part(name: str, text: str) -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'


def fields(count: int) -> bytes:
    return "".join(part(f"nam{n}", "") for n in range(count)).encode()


def opened(path: str, protocol: str) -> bytes:
    """The head with which a WebSocket is asked for."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n"
    ).encode()


def frame(data: bytes, kind: int = 1, last: bool = True) -> bytes:
    """A short frame of a client, with a mask of noughts."""
    return bytes([128 * last | kind, 128 | len(data), 0, 0, 0, 0]) + data


def smtp(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in ("EHLO a", *lines)).encode()


def lmtp(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in ("LHLO a", *lines)).encode()


def names(count: int) -> str:
    """An object with so many members that nobody knows, some nearly a name of ours."""
    return "{" + ",".join(f'"nam{n}":1' for n in range(count)) + "}"


CASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "json with unknown members": ("web", lambda: json(names(75_000))),
    "json with fewer unknown members": ("web", lambda: json(names(45_000))),
    "json with wrong entries": (
        "web",
        lambda: json('{"claims":[' + ",".join(["1"] * 49_000) + '],"amount":{' + '"a":{' * 40_000 + "}"),
    ),
    "json with members of long names": ("web", lambda: json("{" + f'"{"a" * 900_000}":1' + "}")),
    "json with a list of nothing": ("web", lambda: json('{"claims":[' + ",".join(["1"] * 500_000) + "]}")),
    "json with decimals": ("web", lambda: json('{"claims":[' + ",".join(["1.5"] * 250_000) + "]}")),
    "json with a long number": ("web", lambda: json('{"amount":' + "9" * 1_000_000 + "}")),
    "json with a long fraction": ("web", lambda: json('{"amount":0.' + "9" * 1_000_000 + "}")),
    "json with objects": ("web", lambda: json('{"claims":[' + ",".join(["{}"] * 340_000) + "]}")),
    "json in brackets": ("web", lambda: json("[" * MB)),
    "json of escapes": ("web", lambda: json('{"content":"' + "\\u4e2d" * 170_000 + '"}')),
    "json of blanks": ("web", lambda: json('{"content":"' + " " * 1_000_000 + '"}')),
    "json of an address": ("web", lambda: json('{"email":"' + "a." * 400_000 + '"}')),
    "a form of fields": (
        "web",
        lambda: multipart(fields(100_000)),
    ),
    "a page's form of fields": (
        "web",
        lambda: http(fields(100_000), FORM, "/report"),
    ),
    "a query page's form of fields": ("web", lambda: http(fields(100_000), FORM, "/track")),
    "an addition of fields": ("web", lambda: http(fields(100_000), FORM, "/track/evidence")),
    "a form of unknown fields": (
        "web",
        lambda: multipart(fields(190) + b"--b--"),
    ),
    "a form of one field": ("web", lambda: multipart((part("name", "") * 100_000).encode())),
    "a form of line ends": ("web", lambda: multipart((part("content", "\r\n--" * 250_000)).encode())),
    "a form of line ends in a file": (
        "web",
        lambda: multipart(
            b'--b\r\nContent-Disposition: form-data; name="evidence"; filename="a"\r\n\r\n'
            + b"\r\n--" * 2_000_000
        ),
    ),
    "a form of headers": ("web", lambda: multipart(b"--b\r\n" + b"a: b\r\n" * 200_000)),
    "a form of semicolons": (
        "web",
        lambda: multipart(b"--b\r\nContent-Disposition: form-data" + b"; a" * 300_000),
    ),
    "an encoded form": (
        "web",
        lambda: http(b"a=%41&" * 10_000, "application/x-www-form-urlencoded", "/track"),
    ),
    "http heads": ("web", lambda: b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 300_000),
    "http requests in a row": ("web", lambda: b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" * 30_000),
    "http chunks": (
        "web",
        lambda: (
            b"POST /api/v1/intake HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + b"1\r\n \r\n" * 400_000
            + b"0\r\n\r\n"
        ),
    ),
    "a query": (
        "web",
        lambda: (
            b"GET /api/v1/intake/1?" + b"a&" * 4000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        ),
    ),
    "frames to asterisk": ("web", lambda: opened("/ws", "sip") + frame(b"a") * 400_000),
    "pings to asterisk": ("web", lambda: opened("/ws", "sip") + frame(b"", 9) * 400_000),
    "one message of many frames": (
        "web",
        lambda: opened("/ws", "sip") + frame(b"a", 1, False) + frame(b"", 0, False) * 400_000,
    ),
    "frames to events": (
        "web",
        lambda: opened("/api/v1/events", f"bearer.{TOKENS['agent']}") + frame(b"a") * 400_000,
    ),
    "pings to events": (
        "web",
        lambda: opened("/api/v1/events", f"bearer.{TOKENS['agent']}") + frame(b"", 9) * 400_000,
    ),
    "smtp recipients": (
        "mail",
        lambda: smtp("MAIL FROM:<a@b.example>", *["RCPT TO:<12315@linfen.example>"] * 65_000, "QUIT"),
    ),
    "lmtp recipients that are answered one by one": (
        "mail",
        lambda: lmtp(
            *("MAIL FROM:<a@b.example>", *["RCPT TO:<12315@linfen.example>"] * 9_900, "DATA"),
            *("Subject: a", "", "a", ".", "QUIT"),
        ),
    ),
    "lmtp greetings": ("mail", lambda: lmtp(*["LHLO a"] * 200_000, "QUIT")),
    "smtp noop": ("mail", lambda: smtp(*["NOOP"] * 300_000, "QUIT")),
    "smtp greetings": ("mail", lambda: smtp(*["EHLO a"] * 200_000, "QUIT")),
    "smtp nonsense": ("mail", lambda: smtp(*["X"] * 500_000, "QUIT")),
    "smtp without a line end": ("mail", lambda: b"a" * 4 * MB),
    "smtp long addresses": (
        "mail",
        lambda: smtp(*["MAIL FROM:<" + '"' * 30_000 + "@a>", "RSET"] * 60, "QUIT"),
    ),
    "smtp dots": (
        "mail",
        lambda: (
            smtp("MAIL FROM:<a@b.example>", "RCPT TO:<12315@linfen.example>", "DATA")
            + b"\r\n.." * 5_000_000
            + b"\r\n.\r\nQUIT\r\n"
        ),
    ),
    "a mail of header lines": (
        "mail",
        lambda: (
            smtp("MAIL FROM:<a@b.example>", "RCPT TO:<12315@linfen.example>", "DATA")
            + b"Subject: =?utf-8?q?a?=\r\n" * 200_000
            + b"\r\n.\r\nQUIT\r\n"
        ),
    ),
    "agi without an end": ("agi", lambda: b"agi_network: yes\n" * 100_000),
    "agi line ends": ("agi", lambda: header() + b"\n" * 4 * MB),
    "agi hang-ups": ("agi", lambda: header() + b"HANGUP\n" * 500_000),
    "agi answers": ("agi", lambda: header() + b"200 result=0\n" * 300_000),
    "agi answers in pieces": ("agi", lambda: header() + b"520-a\n" * 600_000),
    "agi without a line end": ("agi", lambda: header() + b"a" * 4 * MB),
}


@pytest.mark.parametrize("path", ["/report", "/track", "/track/evidence"])
async def test_a_page_refuses_a_form_of_very_many_parts_before_it_is_read(tmp_path: Path, path: str) -> None:
    """By the first thousand of them, while the rest is still on its way."""
    payload = http(fields(100_000), FORM, path)
    async with PORTS["web"](tmp_path) as port, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(payload[: len(payload) // 20])  # the other parts never come
            assert int((await reader.readline()).split()[1]) in (400, 413, 415)
        finally:
            writer.close()


async def held_up(what: str, attempt: Callable[[], Awaitable[object]]) -> bool:
    """Was the loop held up too long in each of three tries? What the code does shows in all of them, what
    other processes take of the core does not."""
    for _ in range(3):
        async with heartbeat() as heart:
            await attempt()
            await heart.next()
        print(f"{what}: {heart.longest * 1000:.0f} ms of {heart.most * 1000:.0f}")
        if heart.longest < heart.most:
            return False
    return True


@pytest.mark.parametrize("case", CASES)
async def test_worst_case_input_does_not_hold_up_the_loop(tmp_path: Path, case: str) -> None:
    kind, make = CASES[case]
    async with PORTS[kind](tmp_path) as port:
        payload = await asyncio.to_thread(make)
        assert not await held_up(case, lambda: exchange(port, payload))


SEARCHED: dict[str, Callable[[], bytes]] = {
    "numbers": lambda: b"* SEARCH " + b" ".join(b"%d" % n for n in range(10**8, 10**8 + 400_000)) + b"\r\n",
    "lines": lambda: b"* 1 EXISTS\r\n" * 300_000,
    "fetched facts": lambda: (
        b'* 1 FETCH (UID 5 RFC822.SIZE 1 INTERNALDATE "01-Jan-2026 00:00:00 +0800")\r\n' * 50_000
    ),
    "a line without an end": lambda: b"* SEARCH " + b"1" * 8 * MB,
    "a literal without an end": lambda: b"* 1 FETCH (BODY[] {99999999}\r\n" + b"a" * 8 * MB,
    "short lines": lambda: b"a\r\n" * 500_000,
    "small literals": lambda: b"* 1 FETCH (BODY[] {1}\r\na)\r\n" * 100_000,
}


@pytest.mark.parametrize("answer", SEARCHED)
async def test_a_mailbox_that_says_too_much_does_not_hold_up_the_loop(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "ANSWER", 5.0)
    said = await asyncio.to_thread(SEARCHED[answer])

    async def search() -> None:
        with Mailbox(said) as mailbox:
            link = await ImapLink.open("127.0.0.1", mailbox.port, False, "a", "b", "INBOX")
            with contextlib.suppress(MailboxDown):
                await link.search(0, None)
            link.close()

    assert not await held_up(f"imap {answer}", search)
