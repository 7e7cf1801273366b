"""Both ends that our adapters talk to: an AMI server and a FastAGI client, each scripted by its test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

HEADER = (
    b"agi_network: yes\nagi_network_script: %b\nagi_request: agi://127.0.0.1/%b\n"
    b"agi_channel: PJSIP/trunk-00000001\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: 1763900000.7\n"
    b"agi_version: 22.10.1\nagi_callerid: 13800138000\nagi_calleridname: %b\nagi_callingpres: 0\n"
    b"agi_dnid: 12315\nagi_rdnis: unknown\nagi_context: lines\nagi_extension: 12315\nagi_priority: 3\n"
    b"agi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 140357611607744\n%b\n"
)


def header(script: bytes = b"call", name: bytes = b"Wang", more: bytes = b"") -> bytes:
    return HEADER % (script, script, name, more)


class AgiPeer:
    """Asterisk's side of one FastAGI connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, block: bytes | None = None) -> AgiPeer:
        peer = cls(*await asyncio.open_connection("127.0.0.1", port))
        peer.say(header() if block is None else block)
        return peer

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def hear(self) -> str:
        """The next command, without its line end; "" when the other side has closed."""
        return (await self.reader.readline()).decode().rstrip("\n")

    async def answer(self, data: bytes) -> str:
        command = await self.hear()
        self.say(data)
        return command

    async def rest(self) -> bytes:
        """What still comes until the other side closes; a reset counts as a close."""
        try:
            return await self.reader.read()
        except ConnectionResetError:
            return b""

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


Answer = Callable[[dict[str, str]], bytes]


def frame(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def success(message: str = "", *more: str) -> Answer:
    return lambda action: frame(
        "Response: Success", f"ActionID: {action['ActionID']}", f"Message: {message}", *more
    )


def error(message: str) -> Answer:
    return lambda action: frame("Response: Error", f"ActionID: {action['ActionID']}", f"Message: {message}")


def listing(complete: str, *items: tuple[str, ...]) -> Answer:
    def answer(action: dict[str, str]) -> bytes:
        mark = f"ActionID: {action['ActionID']}"
        parts = [frame("Response: Success", mark, "EventList: start", "Message: Items will follow")]
        parts += [frame(item[0], mark, *item[1:]) for item in items]
        parts.append(frame(f"Event: {complete}", mark, "EventList: Complete", f"ListItems: {len(items)}"))
        return b"".join(parts)

    return answer


def silence(action: dict[str, str]) -> bytes:
    return b""


class AmiPeer:
    """Asterisk's side of the AMI. `answers` by action name; `actions` is everything that was ever asked."""

    def __init__(self) -> None:
        self.actions: list[dict[str, str]] = []
        self.connections = 0
        self.answers: dict[str, Answer] = {
            "Login": lambda a: (
                success("Authentication accepted")(a)
                + frame("Event: FullyBooted", "Privilege: system,all", "Status: Fully Booted")
            ),
            "CoreShowChannels": listing("CoreShowChannelsComplete"),
            "QueueStatus": listing("QueueStatusComplete"),
            "DeviceStateList": listing("DeviceStateListComplete"),
            "Ping": success(),
        }
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None
        self._news = asyncio.Condition()

    async def __aenter__(self) -> AmiPeer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        self.drop()

    def say(self, data: bytes) -> None:
        assert self._writer
        self._writer.write(data)

    def drop(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()

    def asked(self, name: str) -> int:
        return sum(action["Action"] == name for action in self.actions)

    async def wait_asked(self, name: str, times: int = 1) -> None:
        await self._wait(lambda: self.asked(name) >= times)

    async def wait_connections(self, times: int) -> None:
        await self._wait(lambda: self.connections >= times)

    async def _wait(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(seen)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.connections += 1
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                await self._tell()
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)
                self.actions.append(action)
                writer.write(self.answers.get(action["Action"], success())(action))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()
