"""Sound and keys of calls over UDP: one socket a call (Stream), one clock for many calls (Clock).

A stream sends a packet every 20 ms from the moment it knows where to, silence when nothing else is
to be said, and lays what it hears on a Track. Arrival times are the kernel's where it gives them, so
that a busy process does not make others look slow. Called by Call; it knows no signalling.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gateway.sip_phone.g711 import PAYLOAD_TYPES, RATE, SILENCE, Pcm, encode
from gateway.sip_phone.packet import KEYS, KeyEvent, compose, compose_key, compose_report, parse, parse_key
from gateway.sip_phone.track import Track

FRAME = RATE // 50  # samples in a packet: 20 ms
_SLOTS = 4  # streams start at different times within the 20 ms, as callers do
_MOST_BEHIND = 10  # ticks that are caught up after a stall; what is older is left out
_MOST_READ = 50  # packets: a second of sound
_SO_TIMESTAMPNS = 35  # Linux; the socket module does not name it
_NOTHING: Pcm = np.zeros(0, dtype=np.int16)
_CODECS = {number: name for name, number in PAYLOAD_TYPES.items()}


class Clock:
    """Ticks every stream once in 20 ms, evenly over hours. Runs only while it has streams."""

    def __init__(self) -> None:
        self._slots: list[dict[Stream, None]] = [{} for _ in range(_SLOTS)]
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._turn = 0

    def add(self, stream: Stream) -> None:
        if any(stream in slot for slot in self._slots):
            return
        min(self._slots, key=len)[stream] = None
        if self._handle is None:
            loop = asyncio.get_running_loop()
            self._due = loop.time()
            self._handle = loop.call_at(self._due, self._tick)

    def remove(self, stream: Stream) -> None:
        for slot in self._slots:
            slot.pop(stream, None)
        if self._handle is not None and not any(self._slots):
            self._handle.cancel()
            self._handle = None

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        period = 0.020 / _SLOTS
        now = loop.time()
        if now - self._due > _MOST_BEHIND * 0.020:
            self._due = now
        while self._due <= now:
            for stream in tuple(self._slots[self._turn]):
                stream.tick()
            self._turn = (self._turn + 1) % _SLOTS
            self._due += period
        self._handle = loop.call_at(self._due, self._tick) if any(self._slots) else None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key that was pressed: first packet and first packet of its release, perf_counter times."""

    key: str
    down: float
    up: float


@dataclass(slots=True)
class _Pressing:
    key: str
    hold: int  # ticks
    gap: int
    done: asyncio.Future[Pressed | None]
    lose_end: bool = False
    ticks: int = 0
    down: float = 0.0
    up: float = 0.0
    duration: int = 0


@dataclass(slots=True)
class _Speech:
    sound: Pcm
    done: asyncio.Future[bool]
    at: int = 0


class Stream:
    """One call's sound in both directions. Made by `open_stream`, ended by `close`."""

    def __init__(self, sock: socket.socket, clock: Clock, zero: float) -> None:
        self.track = Track(zero)
        self.keys: list[str] = []  # what the other end pressed
        self.sent = 0
        self._sock = sock
        self._clock = clock
        self._to: tuple[str, int] | None = None
        self._listened_to = False
        self._codec = "ulaw"
        self._key_type: int | None = None
        self._last_key: tuple[int, int] | None = None
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(31)
        self._ssrc = random.getrandbits(32)
        self._fresh = True
        self._muted = False
        self._pressing: deque[_Pressing] = deque()
        self._speech: deque[_Speech] = deque()
        self._tone = _NOTHING
        self._tone_at = 0
        asyncio.get_running_loop().add_reader(sock.fileno(), self._readable)

    @property
    def port(self) -> int:
        return int(self._sock.getsockname()[1])

    @property
    def codec(self) -> str:
        return self._codec

    def connect(self, to: tuple[str, int], codec: str, key_type: int | None, sending: bool) -> None:
        """Send to `to` from now on (not while `sending` is False: on hold) and hear nobody else."""
        self._to, self._codec, self._key_type, self._listened_to = to, codec, key_type, sending
        self._clock.add(self)

    def close(self) -> None:
        """Stop at once. Keys and speech that are not out yet come to nothing (None, False)."""
        self._clock.remove(self)
        for pressing in self._pressing:
            if not pressing.done.done():
                pressing.done.set_result(None)
        for speech in self._speech:
            if not speech.done.done():
                speech.done.set_result(False)
        self._pressing.clear()
        self._speech.clear()
        if self._sock.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._sock.fileno())
            self._sock.close()

    # --- sending

    def press(
        self, key: str, hold: float, gap: float, lose_end: bool = False
    ) -> asyncio.Future[Pressed | None]:
        """Queue a key: held for `hold` seconds, the next not before `gap` seconds after.

        `lose_end`: none of the packets that tell of its release arrive, as on a line that loses some.
        """
        if self._key_type is None:
            raise RuntimeError("the other end takes no keys (no telephone-event in its SDP)")
        if key not in KEYS:
            raise ValueError(f"{key!r} is no key; keys are {KEYS}")
        done: asyncio.Future[Pressed | None] = asyncio.get_running_loop().create_future()
        ticks = max(2, round(hold * 50)), max(3, round(gap * 50))
        self._pressing.append(_Pressing(key, *ticks, done, lose_end))
        return done

    def say(self, samples: Pcm) -> asyncio.Future[bool]:
        """Queue a sound; the future is done when its last packet is out."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        silence = np.zeros(-len(samples) % FRAME, dtype=np.int16)
        self._speech.append(_Speech(np.concatenate([samples, silence]), done))
        return done

    def tone(self, frequency: int, level: float) -> None:
        """Sound a tone whenever nothing else is said; 0 Hz: silence again. `level` is in dBov."""
        time_line = np.arange(RATE if frequency else 0) / RATE
        wave = 32767 * 10 ** (level / 20) * 2**0.5 * np.sin(2 * np.pi * frequency * time_line)
        self._tone = np.round(wave).astype(np.int16)

    def mute(self, on: bool) -> None:
        """Send nothing but keys, not even silence, as a telephone does that saves packets while muted."""
        self._muted = on

    def report(self) -> None:
        """Send one RTCP report, from and to the port above that of the sound."""
        if self._to is None:
            return
        host, port = self._sock.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((host, port + 1))
            sock.sendto(compose_report(self._ssrc), (self._to[0], self._to[1] + 1))

    def tick(self) -> None:
        """Send what is due now: 20 ms of a key, of speech, of the tone or of silence."""
        if not self._listened_to or (self._muted and not self._pressing):
            self._timestamp += FRAME
            self._fresh = True
            return
        if self._pressing and self._key_tick(self._pressing[0]):
            return
        self._send(PAYLOAD_TYPES[self._codec], self._fresh, self._timestamp, self._next_sound())
        self._fresh = False
        self._timestamp += FRAME

    def _key_tick(self, pressing: _Pressing) -> bool:
        """One tick of a key; False in the gap behind it, when sound goes on."""
        pressing.ticks += 1
        released = pressing.ticks - pressing.hold
        if released <= 0:
            pressing.duration += FRAME
        if released < 3:
            now = time.perf_counter()
            event = KeyEvent(pressing.key, released >= 0, pressing.duration)
            if released < 0 or not pressing.lose_end:
                self._send(self._key_type or 0, pressing.ticks == 1, self._timestamp, compose_key(event))
            pressing.down = pressing.down or now
            if released == 0:
                pressing.up = now
            return True
        if released == 3:
            self._timestamp += pressing.duration + 2 * FRAME
            self._fresh = True
            if not pressing.done.done():
                pressing.done.set_result(Pressed(pressing.key, pressing.down, pressing.up))
        if released >= pressing.gap:
            self._pressing.popleft()
        return False

    def _next_sound(self) -> bytes:
        while self._speech:
            speech = self._speech[0]
            frame = speech.sound[speech.at : speech.at + FRAME]
            speech.at += FRAME
            if len(frame):
                return encode(frame, self._codec)
            self._speech.popleft()
            if not speech.done.done():
                speech.done.set_result(True)
        if len(self._tone):
            self._tone_at = (self._tone_at + FRAME) % RATE
            return encode(self._tone[self._tone_at : self._tone_at + FRAME], self._codec)
        return SILENCE[self._codec] * FRAME

    def _send(self, payload_type: int, marker: bool, timestamp: int, payload: bytes) -> None:
        self._sequence += 1
        data = compose(payload_type, marker, self._sequence, timestamp, self._ssrc, payload)
        with contextlib.suppress(OSError):  # a packet that cannot go out now is lost, as on any line
            self._sock.sendto(data, self._to or ("", 0))
            self.sent += 1

    # --- hearing

    def _readable(self) -> None:
        """Take what has come, all of it after a stall, but never so much that others wait."""
        for _ in range(_MOST_READ):
            try:
                data, extra, _, source = self._sock.recvmsg(2048, 64)
            except OSError:
                return
            self._take(data, extra, source)

    def _take(self, data: bytes, extra: Iterable[tuple[int, int, bytes]], source: tuple[str, int]) -> None:
        packet = parse(data)
        if packet is None or (self._to is not None and source != self._to):
            return
        if packet.payload_type == self._key_type:
            self._take_key(packet.ssrc, packet.timestamp, packet.payload)
        elif packet.payload_type in _CODECS:
            self.track.add(packet, _CODECS[packet.payload_type], _arrival(extra))

    def _take_key(self, ssrc: int, timestamp: int, payload: bytes) -> None:
        event = parse_key(payload)
        if event and self._last_key != (ssrc, timestamp):
            self._last_key = (ssrc, timestamp)
            self.keys.append(event.key)


def _arrival(extra: Iterable[tuple[int, int, bytes]]) -> float:
    """When the datagram came in, as a perf_counter time: the kernel's stamp, else now."""
    now = time.perf_counter()
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= 16:
            seconds, nanoseconds = struct.unpack_from("@qq", data)
            age = time.time() - (seconds + nanoseconds / 1e9)
            return now - age if 0 <= age < 1 else now
    return now


def open_stream(host: str, ports: Iterable[int], clock: Clock, zero: float) -> Stream:
    """A stream on the first free of `ports` (0: any). Raises OSError when none is free."""
    fault: OSError = OSError(errno.EADDRINUSE, "no RTP port is free")
    for port in ports:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind((host, port))
        except OSError as error:
            sock.close()
            fault = error
            continue
        with contextlib.suppress(OSError):  # not Linux: arrival is when we read it
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        return Stream(sock, clock, zero)
    raise fault
