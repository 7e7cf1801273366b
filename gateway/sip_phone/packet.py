"""RTP packets and the keys inside them, as bytes and as values. Pure (RFC 3550, RFC 4733)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
_HEAD = struct.Struct("!BBHII")
_KEY = struct.Struct("!BBH")
_END, _VOLUME = 0x80, 10  # the end mark of a key; its level in -dBm0


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet without its padding, extension and sources."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One packet of a key being pressed. `duration` is in samples, `end` marks the key's release."""

    key: str
    end: bool
    duration: int


def parse(data: bytes) -> Packet | None:
    """The packet in a datagram, None when it is no RTP."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, ssrc = _HEAD.unpack_from(data)
    start, end = 12 + 4 * (first & 0x0F), len(data)
    if first & 0x10:  # a header extension
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & 0x20:  # padding; its last byte says how much
        end -= data[-1]
    if start > end:
        return None
    return Packet(second & 0x7F, second >= 0x80, sequence, timestamp, ssrc, data[start:end])


def compose(
    payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes
) -> bytes:
    """One datagram; counters wrap round by themselves."""
    second = payload_type | (0x80 if marker else 0)
    return _HEAD.pack(0x80, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def compose_report(ssrc: int) -> bytes:
    """An RTCP receiver report about nobody (RFC 3550, 6.4.2): a sign of life and nothing else."""
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc)


def parse_key(payload: bytes) -> KeyEvent | None:
    """The key in a telephone-event payload, None for anything that is not a key."""
    if len(payload) < 4 or payload[0] >= len(KEYS):
        return None
    event, flags, duration = _KEY.unpack_from(payload)
    return KeyEvent(KEYS[event], bool(flags & _END), duration)


def compose_key(key: KeyEvent) -> bytes:
    """The telephone-event payload of a key."""
    return _KEY.pack(KEYS.index(key.key), (_END if key.end else 0) | _VOLUME, min(key.duration, 0xFFFF))
