"""The voice, run inside the voice environment: reads one job from stdin, writes WAVs.

Job (JSON): model, vocab, voice (paths), narrow and wide (folders for 8 and 16 kHz), prompts
(id, text, speed, slot). Each finished prompt is one JSON line on stdout: id, seconds.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gateway.voice_engine import shape
from gateway.voice_engine.shape import Samples

RATE = 24000
LONGEST = 480  # phonemes the model takes at once, with some room
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
        import onnxruntime  # type: ignore[import-not-found]
        from misaki.zh import ZHG2P  # type: ignore[import-not-found]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        table = json.loads(Path(vocab).read_text("utf-8"))
        style = np.fromfile(voice, dtype="<f4").reshape(-1, 256)
        return cls(session, style, table.get("vocab", table), ZHG2P())

    def sentence(self, text: str, speed: float) -> Samples:
        """One sentence as 24 kHz samples. Raises ValueError when it is too long or says nothing."""
        heard = self.phonemes(text)
        sounds = heard[0] if isinstance(heard, tuple) else heard
        ids = [self.vocab[c] for c in sounds if c in self.vocab]
        if not 0 < len(ids) <= LONGEST:
            raise ValueError(f"{len(ids)} phonemes in one sentence (1 to {LONGEST}): {text}")
        inputs = {
            "tokens": np.array([[0, *ids, 0]], dtype=np.int64),
            "style": self.style[len(ids)][None],
            "speed": np.array([speed], dtype=np.float32),
        }
        return np.asarray(self.session.run(None, inputs)[0], dtype=np.float64).ravel()

    def clip(self, text: str, speed: float) -> Samples:
        """A whole prompt, sentence by sentence, each at the same level, with pauses between."""
        parts: list[Samples] = []
        for sentence in re.findall(r"[^。！？；]+[。！？；]?", text):
            sound = shape.to_level(self.sentence(sentence, speed), RATE)
            parts.append(shape.trimmed(sound, RATE, 0.005, 0.03))
            parts.append(np.zeros(round(PAUSES.get(sentence[-1], 0) * RATE)))
        return np.concatenate(parts)


def finish(sound: Samples, rate: int, slot: float) -> Samples:
    """A clip as it is written: at `rate`, of one loudness, with the silences we want."""
    clip = shape.to_level(shape.resampled(sound, RATE, rate), rate)
    if slot:
        return shape.in_slot(shape.trimmed(clip, rate, 0.015, 0.03), rate, slot)
    return shape.trimmed(clip, rate)


def main() -> None:
    job = json.load(sys.stdin)
    voice = Voice.load(job["model"], job["voice"], job["vocab"])
    for prompt in job["prompts"]:
        sound = voice.clip(prompt["text"], prompt["speed"])
        narrow = finish(sound, 8000, prompt["slot"])
        shape.write_wav(Path(job["wide"], f"{prompt['id']}.wav"), finish(sound, 16000, prompt["slot"]), 16000)
        shape.write_wav(Path(job["narrow"], f"{prompt['id']}.wav"), narrow, 8000)
        print(json.dumps({"id": prompt["id"], "seconds": round(len(narrow) / 8000, 3)}), flush=True)


if __name__ == "__main__":
    main()
