"""One SIP request as text, byte by byte as a test wants it: what `gateway call` would never send."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

LIMIT = 10.0  # seconds for the final answer
SECURE = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"


def offer(payload: str = "8 0", profile: str = "RTP/AVP", more: str = "") -> str:
    """An SDP offer of one way of sound."""
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio 40000 {profile} {payload}\r\n{more}"
    )


@dataclass
class _Call:
    """The texts of one call's requests; `way` is its transport, `me` the address it comes from."""

    uri: str
    caller: str
    way: str
    me: str
    call: str = field(default_factory=lambda: secrets.token_hex(8))
    branch: str = field(default_factory=lambda: secrets.token_hex(8))

    def text(self, method: str, number: int, to: str, body: str = "", mark: str = "") -> bytes:
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} {self.uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self.way} {self.me};branch=z9hG4bK{self.branch}{mark};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{self.caller}@127.0.0.1>;tag={self.call}\r\nTo: {to}\r\n"
            f"Call-ID: {self.call}\r\nCSeq: {number} {method}\r\nContact: <sip:x@{self.me}>\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def first(self, method: str, body: str) -> bytes:
        return self.text(method, 1, f"<{self.uri}>", body)

    def after(self, status: int, answer: str) -> list[bytes]:
        """What follows a final answer to INVITE: a call that is answered is ended."""
        to = next(line[3:].strip() for line in answer.split("\r\n") if line.lower().startswith("to:"))
        acked = self.text("ACK", 1, to, mark="" if status >= 300 else "a")
        return [acked] if status >= 300 else [acked, self.text("BYE", 2, to, mark="b")]


async def ask(
    port: int,
    uri: str,
    method: str = "INVITE",
    *,
    caller: str = "13800138000",
    body: str = "",
    host: str = "127.0.0.1",
) -> tuple[int, str]:
    """Send one request over UDP: status and text of its final answer. A call that is answered is ended.

    `host` is the loopback address that it comes from.
    """
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        call = _Call(uri, caller, "UDP", f"{host}:{sock.getsockname()[1]}")
        await loop.sock_sendall(sock, call.first(method, body))
        async with asyncio.timeout(LIMIT):
            while (
                status := int((answer := (await loop.sock_recv(sock, 65535)).decode()).split(" ", 2)[1])
            ) < 200:
                continue
        if method == "INVITE":
            for text in call.after(status, answer):
                await loop.sock_sendall(sock, text)
            if status < 300:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LIMIT):
                        await loop.sock_recv(sock, 65535)
        return status, answer


async def ask_by_tls(
    port: int,
    uri: str,
    trusted: Path,
    *,
    caller: str = "13800138000",
    body: str = "",
    host: str = "127.0.0.1",
) -> tuple[int, str]:
    """Like `ask` with INVITE, over TLS to a server whose certificate is among `trusted`."""
    reader, writer = await asyncio.open_connection(
        *("127.0.0.1", port), ssl=ssl.create_default_context(cafile=str(trusted)), local_addr=(host, 0)
    )
    try:
        call = _Call(uri, caller, "TLS", f"{host}:{writer.get_extra_info('sockname')[1]}")
        writer.write(call.first("INVITE", body))
        async with asyncio.timeout(LIMIT):
            while (status := int((answer := await _message(reader)).split(" ", 2)[1])) < 200:
                continue
            writer.writelines(call.after(status, answer))
            if status < 300:
                await _message(reader)
        return status, answer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _message(reader: asyncio.StreamReader) -> str:
    """One SIP message of a stream."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(line for line in head.split("\r\n") if line.lower().startswith("content-length:"))
    return head + (await reader.readexactly(int(length.partition(":")[2]))).decode()
