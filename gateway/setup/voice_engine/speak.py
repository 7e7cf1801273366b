"""The voice, run inside the voice environment: reads one job from stdin, writes WAVs.

Job (JSON): model, vocab, voice (paths), narrow and wide (folders for 8 and 16 kHz), prompts
(id, text, carrier, speed, trail, slot). Each finished prompt is one JSON line on stdout: id, seconds.

A single word spoken alone comes out drawled and is often misheard. Such a clip has a carrier, a
sentence with `{}` in its place; the word is cut out of it by the model's own durations.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gateway.setup.voice_engine import shape
from gateway.setup.voice_engine.shape import Samples

RATE = 24000
LONGEST = 480  # phonemes the model takes at once, with some room
FRAME = 600  # samples a step of the model's durations lasts
EARLY = 3.4  # frames by which a phoneme is heard before its place in the durations; measured
DURATIONS = "/encoder/Clip_output_0"  # the node of the model that holds them
PAUSES = {"。": 0.32, "！": 0.32, "？": 0.32, "；": 0.24}  # seconds after a sentence that ends so


@dataclass(slots=True)
class Voice:
    """A loaded model, one style table (rows x 256, by number of phonemes) and the front end."""

    session: Any
    style: Any
    vocab: dict[str, int]
    phonemes: Any

    @classmethod
    def load(cls, model: str, voice: str, vocab: str) -> Voice:
        import onnxruntime
        from misaki.zh import ZHG2P  # type: ignore[import-not-found]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        model_bytes = with_output(Path(model).read_bytes(), DURATIONS)
        session = onnxruntime.InferenceSession(model_bytes, options, providers=["CPUExecutionProvider"])
        table = json.loads(Path(vocab).read_text("utf-8"))
        style = np.fromfile(voice, dtype="<f4").reshape(-1, 256)
        return cls(session, style, table.get("vocab", table), ZHG2P())

    def sentence(self, text: str, speed: float) -> Spoken:
        """One sentence. Raises ValueError when it is too long or says nothing."""
        heard = self.phonemes(text)
        sounds = [c for c in (heard[0] if isinstance(heard, tuple) else heard) if c in self.vocab]
        if not 0 < len(sounds) <= LONGEST:
            raise ValueError(f"{len(sounds)} phonemes in one sentence (1 to {LONGEST}): {text}")
        inputs = {
            "tokens": np.array([[0, *(self.vocab[c] for c in sounds), 0]], dtype=np.int64),
            "style": self.style[len(sounds)][None],
            "speed": np.array([speed], dtype=np.float32),
        }
        audio, durations = self.session.run(None, inputs)
        samples = shape.to_level(np.asarray(audio, dtype=np.float64).ravel(), RATE)
        return Spoken(samples, sounds, np.concatenate([[0], np.cumsum(durations.ravel())]))

    def clip(self, text: str, carrier: str, speed: float) -> Samples:
        """A whole prompt: cut from its carrier, or sentence by sentence with pauses between."""
        if carrier:
            place = carrier.split("，").index(next(p for p in carrier.split("，") if "{}" in p))
            return self.sentence(carrier.format(text), speed).part(place)
        parts: list[Samples] = []
        for sentence in re.findall(r"[^。！？；]+[。！？；]?", text):
            sound = self.sentence(sentence, speed).samples
            parts.append(shape.trimmed(sound, RATE, 0.03, 0.03))
            parts.append(np.zeros(round(PAUSES.get(sentence[-1], 0) * RATE)))
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A spoken sentence: samples, its phonemes, and where each starts (frames; a silent one leads)."""

    samples: Samples
    sounds: list[str]
    starts: Samples

    def part(self, place: int) -> Samples:
        """The part between two commas, counted from 0; the outer ones reach to the ends."""
        commas = [i for i, c in enumerate(self.sounds) if c in ",."]
        first = commas[place - 1] + 1 if place else 0
        while self.sounds[first] == " ":
            first += 1
        comma = commas[place]
        start = self.starts[first + 1] - EARLY if place else 0
        end = self.starts[comma + 1 : comma + 3].mean() - EARLY
        last = comma >= len(self.sounds) - 1
        cut = self.samples[round(start * FRAME) : len(self.samples) if last else round(end * FRAME)].copy()
        return shape.faded(cut, round(0.005 * RATE), round(0.015 * RATE))


def with_output(model: bytes, name: str) -> bytes:
    """The same ONNX model with one more output, a float tensor that it computes anyway.

    Fields of one message may be written in several pieces (protocol buffers): the added piece holds
    graph (7), in it output (12), in it name (1) and type (2) tensor (1) of element type (1) float (1).
    """

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    kind = field(2, field(1, b"\x08\x01"))
    return model + field(7, field(12, field(1, name.encode()) + kind))


def finish(sound: Samples, rate: int, trail: float, slot: float) -> Samples:
    """A clip as it is written: at `rate`, of one loudness, with the silences we want."""
    clip = shape.to_level(shape.resampled(sound, RATE, rate), rate)
    if slot:
        return shape.in_slot(shape.to_level(shape.trimmed(clip, rate, 0.015, 0.03), rate), rate, slot)
    return shape.to_level(shape.trimmed(clip, rate, trail=trail), rate)


def main() -> None:
    job = json.load(sys.stdin)
    voice = Voice.load(job["model"], job["voice"], job["vocab"])
    for prompt in job["prompts"]:
        sound = voice.clip(prompt["text"], prompt["carrier"], prompt["speed"])
        narrow = finish(sound, 8000, prompt["trail"], prompt["slot"])
        wide = finish(sound, 16000, prompt["trail"], prompt["slot"])
        shape.write_wav(Path(job["wide"], f"{prompt['id']}.wav"), wide, 16000)
        shape.write_wav(Path(job["narrow"], f"{prompt['id']}.wav"), narrow, 8000)
        print(json.dumps({"id": prompt["id"], "seconds": round(len(narrow) / 8000, 3)}), flush=True)


if __name__ == "__main__":
    main()
