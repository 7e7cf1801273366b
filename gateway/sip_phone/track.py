"""What one call heard: its packets laid on a time line as samples, with the time each one arrived.

No jitter buffer: sound stands where the sender's clock put it, gaps are silence. Second 0 is `zero`
(time.perf_counter) and sample n belongs to second n / 8000. Filled by Stream, read by Call.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from gateway.sip_phone.g711 import RATE, Pcm, decode
from gateway.sip_phone.packet import Packet

_SLACK = RATE // 5  # samples by which a sender's clock may be off before arrival times decide
_FRAME = 0.020  # seconds of sound in a packet
_LONGEST = 2 * 3600 * RATE  # samples kept: two hours


class Track:
    """The growing time line of one call."""

    def __init__(self, zero: float) -> None:
        self.zero = zero
        self._arrivals: list[float] = []
        self._places: list[int] = []
        self._waiting: list[tuple[int, str, bytes]] = []  # not yet decoded
        self._samples = np.zeros(10 * RATE, dtype=np.int16)
        self._end = 0
        self._source: tuple[int, int] | None = None  # ssrc, timestamp of the last packet in order
        self._last = 0  # where that packet stands

    @property
    def packets(self) -> int:
        return len(self._places)

    @property
    def seconds(self) -> float:
        """The second up to which something was heard."""
        return self._end / RATE

    def add(self, packet: Packet, codec: str, arrival: float) -> None:
        """Take one packet of sound that arrived at `arrival` (perf_counter)."""
        place = self._place(packet, round((arrival - self.zero) * RATE))
        if not 0 <= place < _LONGEST - RATE or not packet.payload:
            return
        self._arrivals.append(arrival)
        self._places.append(place)
        self._waiting.append((place, codec, packet.payload))
        self._end = max(self._end, place + len(packet.payload))

    def _place(self, packet: Packet, wall: int) -> int:
        """The sample at which the packet begins: by its timestamp as long as that can be true."""
        if self._source and self._source[0] == packet.ssrc:
            step = (packet.timestamp - self._source[1] + 2**31) % 2**32 - 2**31
            place = self._last + step
            late_copy = -RATE < step <= 0
            if late_copy:
                return place
            if abs(place - wall) <= _SLACK:
                self._source, self._last = (packet.ssrc, packet.timestamp), place
                return place
        place = max(wall, self._end)
        self._source, self._last = (packet.ssrc, packet.timestamp), place
        return place

    def samples(self, until: float = 0.0) -> Pcm:
        """Everything heard so far, with silence up to second `until` when that is later.

        A view: the next call may return another array.
        """
        end = min(max(self._end, round(until * RATE)), _LONGEST)
        if end > len(self._samples):
            more = np.zeros(max(end, 2 * len(self._samples)), dtype=np.int16)
            more[: len(self._samples)] = self._samples
            self._samples = more
        for place, codec, payload in self._waiting:
            self._samples[place : place + len(payload)] = decode(payload, codec)
        self._waiting.clear()
        return self._samples[:end]

    def second(self, sample: int) -> float:
        """The second at which a sample was there to be heard: its packet's arrival and what came before it.

        Samples stand where the sender's clock put them, a few milliseconds from when they came.
        """
        at = bisect_right(self._places, sample) - 1
        if at < 0:
            return sample / RATE
        arrived = self._arrivals[at] - self.zero
        behind = (sample - self._places[at]) / RATE
        return arrived + behind if behind <= _FRAME else max(arrived + _FRAME, sample / RATE)

    def sample(self, second: float) -> int:
        """The first sample that arrived at `second` or later."""
        at = bisect_left(self._arrivals, self.zero + second)
        return self._places[at] if at < len(self._places) else max(self._end, round(second * RATE))

    def first_after(self, moment: float) -> float | None:
        """When the first packet after `moment` came in; both are perf_counter times."""
        at = bisect_left(self._arrivals, moment)
        return self._arrivals[at] if at < len(self._arrivals) else None
