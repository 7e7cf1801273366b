"""RTP packets, keys in them, and the two codings of sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip_phone import g711, packet
from gateway.sip_phone.packet import KeyEvent, Packet


def test_a_packet_comes_back() -> None:
    data = packet.compose(8, True, 65537, 2**32 + 5, 77, b"sound")
    assert packet.parse(data) == Packet(8, True, 1, 5, 77, b"sound")


def test_sources_extension_and_padding_are_left_out() -> None:
    head = bytes([0x80 | 0x20 | 0x10 | 1]) + packet.compose(0, False, 1, 2, 3, b"")[1:]
    data = head + b"SRC1" + b"\xbe\xde\x00\x01EXT1" + b"sound" + b"\x00\x00\x03"
    found = packet.parse(data)
    assert found is not None
    assert found.payload == b"sound"


@given(st.binary(max_size=80))
def test_no_bytes_break_it(data: bytes) -> None:
    found = packet.parse(data)
    if found:
        packet.parse_key(found.payload)


@pytest.mark.parametrize("key", packet.KEYS)
def test_keys(key: str) -> None:
    event = KeyEvent(key, True, 800)
    assert packet.parse_key(packet.compose_key(event)) == event


def test_what_is_no_key() -> None:
    assert packet.parse_key(b"\x10\x0a\x00\xa0") is None  # a hook flash
    assert packet.parse_key(b"\x01") is None


@pytest.mark.parametrize(("codec", "worst"), [("ulaw", 644), ("alaw", 512)])
def test_coding_keeps_the_sound(codec: str, worst: int) -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    back = g711.decode(g711.encode(every, codec), codec).astype(int)
    assert np.abs(back - every).max() <= worst
    assert np.abs(back - every)[np.abs(every.astype(int)) < 30].max() <= 8
    codes = bytes(range(256))
    again = g711.decode(g711.encode(g711.decode(codes, codec), codec), codec)
    assert np.array_equal(again, g711.decode(codes, codec))
    assert g711.encode(np.zeros(1, np.int16), codec) == g711.SILENCE[codec]


def test_known_levels() -> None:
    """Largest and smallest levels as G.711 has them (14- and 13-bit values, in 16 bit)."""
    assert g711.decode(b"\x00\x80\xff", "ulaw").tolist() == [-32124, 32124, 0]
    assert g711.decode(b"\x2a\xaa\xd5\x55", "alaw").tolist() == [-32256, 32256, 8, -8]
