"""A caller's line for load: sends silence and keys on time, and sees only which prompt a packet belongs to.

Far cheaper than gateway.caller's hearing phone: packets are fetched every other tick, since the kernel has
stamped their arrival. All times are nanoseconds of the system clock, as those stamps are.
"""

from __future__ import annotations

import random
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.sip_phone.packet import KEYS
from gateway.sip_phone.sdp import Media

FRAME = 160  # samples in 20 ms
HOLD = 5  # ticks for which a key is held: longer than the 80 ms that Asterisk takes as a key's least
SO_TIMESTAMPNS = 35  # Linux; the socket module does not name it
KEY_TYPE = 101
_HEAD = struct.Struct("!BBHII")
_KEY = struct.Struct("!BBH")
_STAMP = struct.Struct("@qq")
_ALAW, _ULAW = 8, 0
_SILENCE = b"\xd5" * FRAME
_SECOND = 1_000_000_000
_PATIENCE = 6 * _SECOND


@dataclass(frozen=True, slots=True)
class Press:
    """A key, and how many seconds after the first packet of the prompt before it goes down."""

    key: str
    after: float


@dataclass(slots=True)
class Heard:
    """What one call measured. `delays`: from each key's release to the first packet of the next prompt,
    in nanoseconds, with the sign of the prompt into which the key fell."""

    dialled: int = 0
    first: int = 0  # first packet of the first prompt
    delays: list[tuple[bool, int]] = field(default_factory=list)
    late: str = ""


class Line:
    """One call's sound. `tick` is called every 20 ms from `connect` on, until `close`."""

    def __init__(self, host: str, plan: Sequence[Press], done: Callable[[], None]) -> None:
        self.heard = Heard(time.time_ns())
        self._plan = plan
        self._next = 0
        self._done = done
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((host, 0))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._port = int(self._socket.getsockname()[1])
        self._connected = False
        self._wanted = True  # the sign of the prompt that is waited for
        self._since = 0
        self._press_at = 0
        self._key_tick = -1
        self._key_up = 0
        self._odd = False
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(31)
        self._ssrc = random.getrandbits(32)

    def offer(self, host: str) -> Media:
        """What we tell the other end of our sound."""
        return Media(host, self._port, ("alaw",), KEY_TYPE)

    def connect(self, to: Media) -> None:
        """Sound goes to `to` from now on."""
        if not self._connected:
            self._socket.connect((to.host, to.port))
            self._connected = True
            self._since = time.time_ns()

    def close(self) -> None:
        self._connected = False
        self._socket.close()

    def tick(self) -> None:
        """Fetch what came, and send what is due: 20 ms of silence or of a key."""
        if not self._connected:
            return
        self._odd = not self._odd
        if self._odd:
            self._fetch()
        now = time.time_ns()
        if self._press_at and now >= self._press_at:
            self._press_at, self._key_tick = 0, 0
        if self._key_tick >= 0:
            self._send_key()
        else:
            self._send(_ALAW, _SILENCE)
            self._timestamp += FRAME
            if not self._press_at and now - self._since > _PATIENCE:
                self._give_up()

    def _give_up(self) -> None:
        if not self.heard.late:
            self.heard.late = f"nothing after {self._next} keys"
            self._done()

    def _send_key(self) -> None:
        tick = self._key_tick
        end = tick >= HOLD
        if tick == HOLD:
            self._key_up = self._since = time.time_ns()
        press = self._plan[self._next]
        event = _KEY.pack(KEYS.index(press.key), 0x8A if end else 0x0A, min(tick + 1, HOLD) * FRAME)
        self._send(KEY_TYPE | (0x80 if tick == 0 else 0), event)
        self._key_tick += 1
        if self._key_tick == HOLD + 3:
            self._key_tick = -1
            self._timestamp += FRAME * (HOLD + 3)
            self._next += 1

    def _send(self, kind: int, payload: bytes) -> None:
        self._sequence += 1
        head = _HEAD.pack(0x80, kind, self._sequence & 0xFFFF, self._timestamp & 0xFFFFFFFF, self._ssrc)
        try:
            self._socket.send(head + payload)
        except OSError:  # lost, as on any line
            return

    def _fetch(self) -> None:
        receive = self._socket.recvmsg
        while True:
            try:
                data, extra, _, _ = receive(512, 64)
            except OSError:
                return
            if len(data) > 12 and data[1] & 0x7F in (_ALAW, _ULAW) and bool(data[12] & 0x80) is self._wanted:
                self._take(_arrival(extra))

    def _take(self, arrival: int) -> None:
        """A packet of the prompt that is waited for; only the first of them counts."""
        if not self.heard.first:
            self.heard.first = arrival
        elif self._key_up:
            self.heard.delays.append((not self._wanted, arrival - self._key_up))
            self._key_up = 0
        else:
            return
        self._wanted = not self._wanted
        at = len(self.heard.delays)
        if at < len(self._plan):
            self._press_at = arrival + int(self._plan[at].after * _SECOND)
        else:
            self._done()


def _arrival(extra: Sequence[tuple[int, int, bytes]]) -> int:
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = _STAMP.unpack_from(data)
            return int(seconds) * _SECOND + int(nanoseconds)
    return time.time_ns()
