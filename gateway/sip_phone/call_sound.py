"""The sound of one call: what we send besides speech and keys, and what was heard, by seconds of the call."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gateway.sip_phone import sound
from gateway.sip_phone.g711 import RATE, Pcm
from gateway.sip_phone.hear import Heard
from gateway.sip_phone.rtp import Stream
from gateway.sip_phone.sound import Span

_UNDER_WAY = 0.2  # seconds for which sound may still be on its way: later than that is silence


class CallSound:
    """What can be said of a call from its stream alone. Call adds the signalling and the waiting."""

    def __init__(self, stream: Stream) -> None:
        self.ended_at: float | None = None
        self._stream = stream

    @property
    def seconds(self) -> float:
        """Seconds since the call began."""
        return time.perf_counter() - self._stream.track.zero

    @property
    def over(self) -> bool:
        return self.ended_at is not None

    @property
    def keys(self) -> str:
        """What the other end has pressed so far."""
        return "".join(self._stream.keys)

    @property
    def packets(self) -> tuple[int, int]:
        """Packets of sound sent and heard."""
        return self._stream.sent, self._stream.track.packets

    @property
    def rtp_port(self) -> int:
        """Our port of this call's sound."""
        return self._stream.port

    def tone(self, frequency: int, level: float = -20.0) -> None:
        """Sound a tone from now on, whenever nothing else is said; 0 Hz ends it. `level` in dBov."""
        self._stream.tone(frequency, level)

    def mute(self, on: bool = True) -> None:
        """Send no sound at all, not even silence, until it is taken back."""
        self._stream.mute(on)

    def report(self) -> None:
        """Send one RTCP report, as telephones do every few seconds that are muted. Raises OSError."""
        self._stream.report()

    def samples(self) -> Pcm:
        """Everything heard so far, 8 kHz from second 0 on; where nothing came, silence."""
        now = self.seconds if self.ended_at is None else self.ended_at
        return self._stream.track.samples(now - _UNDER_WAY)

    def _timed(self, heard: Heard) -> Heard:
        """A find with its times as they were, not as they lie in the sound."""
        track = self._stream.track
        start, end = round(heard.start * RATE), round(heard.end * RATE)
        return replace(heard, start=track.second(start), end=track.second(end))

    def _spans(self, spans: Iterable[Span], offset: int) -> list[Span]:
        second = self._stream.track.second
        return [
            Span(second(offset + round(span.start * RATE)), second(offset + round(span.end * RATE)))
            for span in spans
        ]

    def tones(self, frequencies: Sequence[float]) -> dict[float, list[Span]]:
        """When each of these tones was heard."""
        spans_by_tone = sound.tones(self.samples(), frequencies)
        return {frequency: self._spans(spans, 0) for frequency, spans in spans_by_tone.items()}

    def silences(self, shortest: float) -> list[Span]:
        """Every stretch of at least `shortest` seconds without sound."""
        return self._spans(sound.silences(self.samples(), shortest), 0)

    def save(self, path: Path | str) -> None:
        """Write what was heard as a WAV file."""
        sound.write_wav(Path(path), self.samples())

    def first_packet_after(self, second: float) -> float | None:
        """When the first packet after `second` arrived; None when none did."""
        zero = self._stream.track.zero
        arrival = self._stream.track.first_after(zero + second)
        return None if arrival is None else arrival - zero
