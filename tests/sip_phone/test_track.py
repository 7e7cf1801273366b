"""The time line of what was heard: gaps, lost and late packets, other senders, odd clocks."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.sip_phone.g711 import encode
from gateway.sip_phone.packet import Packet
from gateway.sip_phone.track import Track

FRAME = 160


def packet(number: int, timestamp: int, ssrc: int = 1, level: int = 0) -> Packet:
    sound = np.full(FRAME, level or 1000 * (number % 30 + 1), dtype=np.int16)
    return Packet(0, False, number, timestamp % 2**32, ssrc, encode(sound, "ulaw"))


def lay(*packets: tuple[Packet, float]) -> Track:
    track = Track(100.0)
    for one, at in packets:
        track.add(one, "ulaw", 100.0 + at)
    return track


def loud(track: Track) -> list[tuple[int, int]]:
    """Runs of frames with sound: (first sample, last sample + 1)."""
    at = np.flatnonzero(track.samples())
    groups = np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)
    return [(int(g[0]), int(g[-1]) + 1) for g in groups if len(g)]


def test_jitter_does_not_tear_the_sound() -> None:
    track = lay(*((packet(n, 5000 + n * FRAME), 1 + n * 0.02 + (n % 3) * 0.015) for n in range(20)))
    assert loud(track) == [(8000, 8000 + 20 * FRAME)]


def test_a_pause_stays_a_pause() -> None:
    track = lay((packet(0, 0), 1.0), (packet(1, 8000), 2.0))
    assert loud(track) == [(8000, 8160), (16000, 16160)]


def test_a_sender_whose_clock_stood_still_in_a_pause() -> None:
    track = lay((packet(0, 0), 1.0), (packet(1, FRAME), 3.0))
    assert loud(track) == [(8000, 8160), (24000, 24160)]


def test_timestamps_may_wrap_round() -> None:
    start = 2**32 - 2 * FRAME
    track = lay(*((packet(n, start + n * FRAME), n * 0.02) for n in range(4)))
    assert loud(track) == [(0, 4 * FRAME)]


def test_a_late_packet_goes_to_its_place() -> None:
    order = [0, 2, 1, 3]
    track = lay(*((packet(n, n * FRAME), i * 0.02) for i, n in enumerate(order)))
    levels = [int(track.samples()[n * FRAME]) for n in range(4)]
    assert levels == sorted(levels)
    assert loud(track) == [(0, 4 * FRAME)]


def test_a_lost_packet_leaves_silence() -> None:
    track = lay(*((packet(n, n * FRAME), n * 0.02) for n in (0, 1, 3)))
    assert loud(track) == [(0, 2 * FRAME), (3 * FRAME, 4 * FRAME)]


def test_another_sender_follows_and_does_not_overwrite() -> None:
    track = lay(
        (packet(0, 0), 0.0), (packet(1, 99999, ssrc=2), 0.005), (packet(2, 99999 + FRAME, ssrc=2), 0.025)
    )
    assert loud(track) == [(0, 3 * FRAME)]


def test_times_are_those_of_arrival() -> None:
    track = lay((packet(0, 0), 1.0), (packet(1, FRAME), 1.007), (packet(2, 2 * FRAME), 1.055))
    assert track.second(8000) == pytest.approx(1.0)
    assert track.second(8160) == pytest.approx(1.007)
    assert track.second(8320 + 80) == pytest.approx(1.065)
    assert track.second(16000) == pytest.approx(2.0)
    assert track.sample(1.001) == 8160
    assert track.first_after(101.01) == pytest.approx(101.055)
    assert track.first_after(102) is None


def test_silence_may_be_asked_for_beyond_the_last_packet() -> None:
    track = lay((packet(0, 0), 1.0))
    assert len(track.samples()) == 8160
    assert len(track.samples(30.0)) == 240000
    assert loud(track) == [(8000, 8160)]
