"""One console command at a time over AMI, blocking: for `gateway doctor`, where Asterisk is not on this disk.

The gateway's own link is ami.Ami. Nothing is repeated and nothing is changed.
"""

from __future__ import annotations

import socket
from types import TracebackType

from gateway.errors import PbxDown
from gateway.pbx.ami_frames import AmiFrames, AmiGarbage, fields_of

LIMIT = 10.0  # seconds for the connection and for each answer


class AmiConsole:
    """A log-in on the manager interface. `with AmiConsole(...) as ask: ask("core show version")`."""

    def __init__(self, host: str, port: int, user: str, secret: str) -> None:
        """Raises PbxDown when nobody answers or the log-in is refused."""
        self._frames = AmiFrames()
        self._waiting: list[bytes] = []
        try:
            self._socket = socket.create_connection((host, port), LIMIT)
        except OSError as error:
            raise PbxDown(f"AMI {host}:{port}: {error.strerror or error}") from None
        answer = self._action(("Login", f"Username: {user}", f"Secret: {secret}", "Events: off"))
        if answer.get("Response") != "Success":
            self._socket.close()
            raise PbxDown(f"AMI {host}:{port} refused our log-in: is this Asterisk of another installation?")

    def __enter__(self) -> AmiConsole:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def __call__(self, command: str) -> str:
        """What Asterisk prints. Raises PbxDown."""
        return self._action(("Command", f"Command: {command}")).get("Output", "")

    def _action(self, lines: tuple[str, ...]) -> dict[str, str]:
        try:
            self._socket.sendall(("Action: " + "\r\n".join(lines) + "\r\n\r\n").encode())
            while "Response" not in (fields := fields_of(self._frame())):
                continue
        except (OSError, AmiGarbage) as error:
            raise PbxDown(f"AMI: {error}") from None
        return fields

    def _frame(self) -> bytes:
        while not self._waiting:
            data = self._socket.recv(65536)
            if not data:
                raise AmiGarbage("Asterisk closed the connection")
            self._waiting += self._frames.feed(data)
        return self._waiting.pop(0)
