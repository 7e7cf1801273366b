"""One SIP request as text, byte by byte as a test wants it: what `gateway call` would never send."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket

LIMIT = 10.0  # seconds for the final answer


def offer(payload: str = "8 0", profile: str = "RTP/AVP", more: str = "") -> str:
    """An SDP offer of one way of sound."""
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio 40000 {profile} {payload}\r\n{more}"
    )


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
        me, call, branch = sock.getsockname()[1], secrets.token_hex(8), secrets.token_hex(8)

        def text(method: str, number: int, to: str, body: str = "", mark: str = "") -> bytes:
            kind = "Content-Type: application/sdp\r\n" if body else ""
            return (
                f"{method} {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {host}:{me};branch=z9hG4bK{branch}{mark};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{caller}@127.0.0.1>;tag={call}\r\nTo: {to}\r\n"
                f"Call-ID: {call}\r\nCSeq: {number} {method}\r\nContact: <sip:x@{host}:{me}>\r\n"
                f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()

        await loop.sock_sendall(sock, text(method, 1, f"<{uri}>", body))
        async with asyncio.timeout(LIMIT):
            while (
                status := int((answer := (await loop.sock_recv(sock, 65535)).decode()).split(" ", 2)[1])
            ) < 200:
                continue
        if method == "INVITE":
            to = next(line[3:].strip() for line in answer.split("\r\n") if line.lower().startswith("to:"))
            await loop.sock_sendall(sock, text("ACK", 1, to, mark="" if status >= 300 else "a"))
            if status < 300:
                await loop.sock_sendall(sock, text("BYE", 2, to, mark="b"))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LIMIT):
                        await loop.sock_recv(sock, 65535)
        return status, answer
