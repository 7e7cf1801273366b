"""aioimaplib's client with limits: no server can block the event loop, however much it sends at once.

The library works through everything that has arrived in one go, one level of recursion and one copy
of the rest for each line, and keeps a line without an end for ever. Here its protocol gets pieces, with
control given back to the event loop between two of them; a line over LONGEST_LINE or too many lines in a
piece end the connection. Used by imap.py alone.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import aioimaplib

PIECE = 2 * 1024  # bytes of lines at once: fewer lines than Python may recurse
LITERAL_PIECE = 64 * 1024  # bytes of a literal at once
LONGEST_LINE = 4 << 20  # a folder with half a million mails answers a search with so much


class BoundedProtocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]  # aioimaplib has no types
    """Hands on what arrives in pieces."""

    _backlog = memoryview(b"")

    def data_received(self, data: bytes) -> None:
        self._backlog = memoryview(bytes(self._backlog) + data if self._backlog else data)
        self.transport.pause_reading()
        self._next_piece()

    def _next_piece(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        size = min(self._missing_of_literal(), LITERAL_PIECE) or PIECE
        piece, self._backlog = self._backlog[:size], self._backlog[size:]
        try:
            super().data_received(bytes(piece))
        except RecursionError:
            self.transport.abort()
            return
        if len(self.incomplete_line) > LONGEST_LINE:
            self.transport.abort()
        elif self._backlog:
            asyncio.get_running_loop().call_soon(self._next_piece)
        else:
            self.transport.resume_reading()

    def _missing_of_literal(self) -> int:
        """Bytes of a literal that have not been handed on; the lines behind it are no part of it."""
        command = self.current_command
        if command is None or not command.wait_literal_data():
            return 0
        return int(command._expected_size - len(command._resp_literal_data))


class BoundedImap(aioimaplib.IMAP4):  # type: ignore[misc]
    """A client whose connection is a BoundedProtocol."""

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: Callable[[Exception | None], None] | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        loop = loop or asyncio.get_running_loop()
        self.protocol = BoundedProtocol(loop, conn_lost_cb)
        self._client_task = loop.create_task(
            loop.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )
