"""The recogniser, run inside the ears environment: says what it makes of each clip.

Job (JSON): model (folder), clips (id, text, waves: 8 kHz WAVs that are played one after another).
Each clip is one JSON line on stdout: id, heard, errors, syllables. Errors are toneless pinyin
syllables wrong, missing or too many. What is spoken to this recogniser is read by nobody else:
it ranks clips, it does not route calls.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from gateway.setup.voice_engine.shape import Samples, read_wav, resampled

_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_TENS = "零一二三四五六七八九"


def distance(expected: Sequence[str], heard: Sequence[str]) -> int:
    """Edit distance of two sequences of syllables."""
    row = list(range(len(heard) + 1))
    for i, expected_sign in enumerate(expected, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (expected_sign != other))
    return row[-1]


def readings(text: str) -> Iterator[str]:
    """The ways a written text may have been spoken: its numbers as digits (幺 or 一) or as a quantity."""
    parts = re.split(r"(\d+)", text)
    choices = [_number(part) if part.isdigit() else [part] for part in parts]
    for chosen in product(*choices) if len(parts) < 12 else [[c[0] for c in choices]]:
        yield "".join(chosen)


def _number(digits: str) -> list[str]:
    single = "".join(_DIGITS[d] for d in digits)
    ways = [single, single.replace("一", "幺")]
    if len(digits) == 2 and digits[0] != "0":
        tens, ones = int(digits[0]), int(digits[1])
        ways.append(("" if tens == 1 else _TENS[tens]) + "十" + (_TENS[ones] if ones else ""))
    return ways


def syllables(text: str) -> list[str]:
    """Toneless pinyin of the characters; a foreign word counts as one syllable."""
    from pypinyin import lazy_pinyin  # type: ignore[import-not-found]

    return [s for s in lazy_pinyin("".join(re.findall(r"[一-鿿A-Za-z]+", text))) if s]


def errors(expected: str, heard: str) -> tuple[int, int]:
    """(wrong syllables under the kindest reading of heard numbers, syllables spoken)."""
    want = syllables(expected)
    return min(distance(want, syllables(way)) for way in readings(heard)), len(want)


def clip(waves: Sequence[str]) -> Samples:
    """The files as a caller hears them, at the recogniser's 16 kHz with half a second around."""
    sound = np.concatenate([read_wav(Path(wave))[0] for wave in waves])
    return np.pad(resampled(sound, 8000, 16000), 8000)


def transcript(model: Any, sound: Samples) -> str:
    """What is heard, without fallback to higher temperatures: noise then costs seconds, not minutes."""
    segments, _ = model.transcribe(
        sound.astype(np.float32),
        language="zh",
        beam_size=5,
        temperature=0.0,
        condition_on_previous_text=False,
        without_timestamps=True,
        max_new_tokens=160,
    )
    return "".join(segment.text for segment in segments).strip()


def main() -> None:
    from faster_whisper import WhisperModel  # type: ignore[import-not-found]

    job = json.load(sys.stdin)
    model = WhisperModel(job["model"], device="cpu", compute_type="int8", cpu_threads=1)
    for item in job["clips"]:
        heard = transcript(model, clip(item["waves"]))
        wrong, spoken = errors(item["text"], heard)
        print(
            json.dumps({"id": item["id"], "heard": heard, "errors": wrong, "syllables": spoken}), flush=True
        )


if __name__ == "__main__":
    main()
