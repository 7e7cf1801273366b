"""Which prompts were heard, when, and whether to their end: heard sound held against the prompt files.

A prompt that Asterisk plays is its file, sample by sample, but for G.711 coding. So the first quarter
second of each file's voice (its anchor) is looked for by normalised cross-correlation, and each find is
proven by following the file onwards in steps of 50 ms. Speech of the same voice does not correlate
like that, so other words are not taken for a prompt. Sound that was slowed down, or mixed with
something as loud, is not found. Pure but for reading the files; Call and `gateway call` use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gateway.errors import OperatorError
from gateway.settings.load import load
from gateway.sip_phone.g711 import RATE, Pcm
from gateway.sip_phone.sound import read_wav

Floats = npt.NDArray[np.float32]

ANCHOR = RATE // 4  # samples: the piece that is looked for
_SMALL = RATE // 8  # the piece of a word that is shorter than that
_LIKELY = 0.6  # correlation of an anchor from which a find is looked at
_SURE = 0.85  # correlation over everything heard from which a find is believed
_STEP = RATE // 20  # samples: a find is followed in steps of 50 ms
_ALIKE = 0.6  # correlation of one such step
_FAINT = 40.0  # RMS below which a step is silence
_BREAK = 3  # bad steps in a row that end a prompt; fewer is loss on the way
_EXACT = 0.95  # the same for a sound shorter than a second: one vowel may be much like another
_LEAST = 0.4  # seconds of voice that must be alike; two prompts may open with the same word
_SHORT = RATE  # a sound shorter than a second counts only when it was heard whole
_BLOCKS = (16384, 4096)  # lengths of the transforms: for much that is new, for little
_FEWEST = 1000  # new samples for which a search is worth while as long as more may come
_TWINS = 0.95  # correlation from which two short sounds are one: the same take, cut differently
MUSIC = "music_"  # files of the music folder: these may begin anywhere


@dataclass(frozen=True, slots=True)
class Heard:
    """One prompt that was heard: from `start` to `end`, in seconds.

    `whole` says that it was heard to its end, `playing` that it went on when the sound so far ended.
    """

    prompt: str
    start: float
    end: float
    whole: bool
    playing: bool = False

    def __str__(self) -> str:
        how = "" if self.whole else " (still playing)" if self.playing else " (cut short)"
        return f"{self.prompt} {self.start:.2f}-{self.end:.2f} s{how}"


@dataclass(frozen=True, slots=True, eq=False)
class _Sound:
    id: str
    samples: Floats
    anchors: tuple[tuple[int, int], ...]


class Library:
    """The prompts that can be told apart, each under its file's name. Shared by all calls."""

    def __init__(self, sounds: Iterable[tuple[str, Pcm]]) -> None:
        """Sounds as (id, samples at 8 kHz); ids that begin with music_ may be heard from anywhere."""
        self.same: dict[str, str] = {}  # prompts with the very same sound: heard under the first's name
        self._sounds: dict[str, _Sound] = {}
        self._probes: dict[str | None, _Probe] = {}  # None: of all sounds
        ids: dict[bytes, str] = {}
        for name, samples in sounds:
            first = ids.setdefault(samples.tobytes(), name)
            self.same[name] = first
            if first == name and (anchors := _anchors(name, samples)):
                self._sounds[name] = _Sound(name, samples.astype(np.float32), anchors)
        self._join_twins()

    def _join_twins(self) -> None:
        """Two short sounds from one take cannot be told apart by ear: they share the first's name.

        The one with less silence behind it is looked for: then either may be followed at once by another.
        """
        short = [sound for sound in self._sounds.values() if len(sound.samples) < _SHORT]
        probe = _Probe(short)
        for later, sound in enumerate(short):
            padded = np.pad(sound.samples, (RATE // 4, RATE))
            likeness = probe.likeness(padded, _BLOCKS[0])
            for row in np.flatnonzero(likeness[:later].max(axis=1, initial=0) > _TWINS):
                other, anchor = probe.rows[int(row)]
                find, _ = _followed(other, anchor, int(likeness[row].argmax()), padded)
                if find and find.trust > _TWINS and other.id in self._sounds:
                    self.same[sound.id] = other.id
                    self._sounds.pop(sound.id, None)
                    if len(sound.samples) < len(self._sounds[other.id].samples):
                        self._sounds[other.id] = replace(sound, id=other.id)
                    break

    @classmethod
    def of_folder(cls, sounds: Path) -> Library:
        """The sounds of ivr_flows/sounds: a recording goes before the made sound. Raises OperatorError."""
        files: dict[str, Path] = {}
        for folder, prefix in (("made", ""), ("recorded", ""), ("moh", MUSIC)):
            for file in sorted((sounds / folder).glob("*.wav")):
                files[prefix + file.stem] = file
        if not files:
            raise OperatorError.at(sounds, 0, "no sounds in made/ or recorded/; run `gateway prompts build`")
        return cls((name, read_wav(file)) for name, file in sorted(files.items()))

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.same)

    def name(self, prompt: str) -> str:
        """The name under which a prompt is told. Raises OperatorError for one that is not here."""
        if prompt not in self.same:
            raise OperatorError(f"no sound is called {prompt}")
        return self.same[prompt]

    def probe(self, prompts: Iterable[str] | None) -> _Probe:
        """What looks for these prompts, or for all; kept for those that are asked for again and again."""
        names = None if prompts is None else tuple(dict.fromkeys(self.name(prompt) for prompt in prompts))
        key = names[0] if names and len(names) == 1 else None
        if names is not None and key is None:
            return _Probe([self._sounds[name] for name in names if name in self._sounds])
        if key not in self._probes:
            chosen = [sound for sound in self._sounds.values() if key in (None, sound.id)]
            self._probes[key] = _Probe(chosen)
        return self._probes[key]


@cache
def shipped() -> Library:
    """The library of the flows in force, read once. Raises OperatorError."""
    settings = load()
    return Library.of_folder(settings.root / settings.flows.folder / "sounds")


def _anchors(name: str, samples: Pcm) -> tuple[tuple[int, int], ...]:
    """Begin and length of the pieces that are looked for: the first voice; in music one every second."""
    if name.startswith(MUSIC):
        return tuple((begin, ANCHOR) for begin in range(0, len(samples) - ANCHOR, RATE))
    frames = samples[: len(samples) // 40 * 40].reshape(-1, 40).astype(np.float64)
    loud = np.flatnonzero(np.sqrt(np.mean(frames**2, axis=1)) > 4 * _FAINT) * 40
    if not len(loud) or len(samples) < _SMALL:
        return ()
    size = ANCHOR if len(samples) >= ANCHOR and loud[-1] - loud[0] >= ANCHOR else _SMALL
    return ((min(int(loud[0]), len(samples) - size), size),)


class _Probe:
    """All anchors of some sounds, ready to be looked for."""

    def __init__(self, sounds: Sequence[_Sound]) -> None:
        self.rows = [(sound, anchor) for sound in sounds for anchor, _ in sound.anchors]
        sizes = [size for sound in sounds for _, size in sound.anchors]
        matrix = np.zeros((len(sizes), ANCHOR), dtype=np.float32)
        for row, (sound, anchor), size in zip(matrix, self.rows, sizes, strict=True):
            row[:size] = sound.samples[anchor : anchor + size]
        self._sizes = np.array(sizes)
        self._matrix = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1)
        self._spectra: dict[int, npt.NDArray[np.complex64]] = {}

    def likeness(self, samples: Floats, size: int) -> Floats:
        """Correlation of each anchor (rows) with `samples` at each place it may begin (columns).

        `size` is the length of the transform, at least len(samples).
        """
        if size not in self._spectra:
            self._spectra[size] = np.conj(np.fft.rfft(self._matrix, size, axis=1))
        places = len(samples) - ANCHOR + 1
        product = np.fft.irfft(self._spectra[size] * np.fft.rfft(samples, size), size, axis=1)[:, :places]
        power = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
        for size in set(self._sizes):
            norm = np.sqrt(np.maximum(power[size : size + places] - power[:places], 0))
            norm[norm < _FAINT * size**0.5] = np.inf
            product[self._sizes == size] /= norm
        return np.asarray(product, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Find:
    """A find that was followed: how far the sound and the file go together, in samples of the call."""

    sound: _Sound
    start: int
    last: int  # where the last voice heard of it ends
    end: int
    weight: float  # power of the heard sound that the file explains
    trust: float  # how alike the two are over everything heard
    whole: bool
    playing: bool

    def heard(self) -> Heard:
        return Heard(self.sound.id, self.start / RATE, self.end / RATE, self.whole, self.playing)


class Listener:
    """Follows one call's sound as it grows. Looks for some prompts, or for all, from sample `since` on."""

    def __init__(self, library: Library, prompts: Iterable[str] | None = None, since: int = 0) -> None:
        self._probe = library.probe(prompts)
        self._next = since  # anchors before this sample have been looked for
        self._candidates: dict[tuple[_Sound, int, int], None] = {}  # sound, its anchor, where that lies
        self._followed: dict[tuple[str, int], _Find | None] = {}

    def heard(self, samples: Pcm, ended: bool = True) -> list[Heard]:
        """Every prompt in `samples`, in order of time. `samples` must begin as those given before did.

        With `ended` False the newest eighth of a second may wait until more has come.
        """
        self._search(samples, ended)
        finds = [find for candidate in self._candidates if (find := self._follow(candidate, samples))]
        chosen: list[_Find] = []
        for find in sorted(finds, key=lambda find: -find.weight):
            if all(min(find.last, other.last) - max(find.start, other.start) < _STEP for other in chosen):
                chosen.append(find)
        return [find.heard() for find in _joined(sorted(chosen, key=lambda find: find.start))]

    def _search(self, samples: Pcm, ended: bool) -> None:
        if not self._probe.rows:
            return
        while (fresh := len(samples) - ANCHOR + 1 - self._next) > (0 if ended else _FEWEST):
            size = _BLOCKS[0] if fresh > _BLOCKS[0] else _BLOCKS[1]
            piece = samples[self._next : self._next + size].astype(np.float32)
            self._look(piece, size)
            self._next += len(piece) - ANCHOR + 1
        if ended:  # a last word may be shorter than an anchor
            self._look(np.pad(samples[self._next :].astype(np.float32), (0, ANCHOR)), _BLOCKS[1])

    def _look(self, piece: Floats, size: int) -> None:
        if np.any(piece):
            self._note(self._probe.likeness(piece, size), self._next)

    def _note(self, likeness: Floats, offset: int) -> None:
        """Keep the best place of each cluster of likely places."""
        for row in np.flatnonzero(likeness.max(axis=1) > _LIKELY):
            sound, anchor = self._probe.rows[int(row)]
            places = np.flatnonzero(likeness[row] > _LIKELY)
            for group in np.split(places, np.flatnonzero(np.diff(places) > _STEP) + 1):
                best = int(group[np.argmax(likeness[row][group])])
                self._candidates[sound, anchor, offset + best] = None

    def _follow(self, candidate: tuple[_Sound, int, int], samples: Pcm) -> _Find | None:
        sound, anchor, place = candidate
        key = (sound.id, place - anchor)
        if key in self._followed:
            return self._followed[key]
        find, final = _followed(sound, anchor, place, samples)
        if final:
            self._followed[key] = find
        return find


def _joined(finds: Sequence[_Find]) -> list[_Find]:
    """Finds in order of time. Each ends where the next begins: silence at an end may have been cut.

    Pieces of music that follow each other are one: its file begins again, or was found twice.
    """
    joined: list[_Find] = []
    for find in finds:
        last = joined[-1] if joined else None
        if (
            last
            and find.sound is last.sound
            and find.sound.id.startswith(MUSIC)
            and find.start - last.end < RATE
        ):
            joined[-1] = replace(find, start=last.start, weight=last.weight + find.weight)
        else:
            joined.append(find)
            if last and last.end > find.start:
                joined[-2] = replace(last, end=find.start)
    return joined


def _followed(sound: _Sound, anchor: int, place: int, samples: Pcm | Floats) -> tuple[_Find | None, bool]:
    """Follow a sound from its anchor, found at `place`: (what came of it, whether that is the last word)."""
    music = sound.id.startswith(MUSIC)
    first = anchor if music else anchor - anchor // _STEP * _STEP
    begin = place - (anchor - first)
    if begin < 0:  # the silence before the voice is longer in its file, or in its twin's
        missing = -(begin // _STEP) * _STEP
        first, begin = first + missing, begin + missing
        if first > anchor:
            return None, True
    wanted = sound.samples[first:]
    steps = min(len(wanted), len(samples) - begin) // _STEP
    mine = wanted[: steps * _STEP].reshape(steps, _STEP)
    theirs = samples[begin : begin + steps * _STEP].astype(np.float32).reshape(steps, _STEP)
    alike, voiced = _compare(mine, theirs)
    good = alike >= _ALIKE
    reach = _reach(good)
    ran_out = reach == steps and begin + len(wanted) > len(samples)
    spoken = np.flatnonzero(voiced[:reach] & good[:reach])
    all_spoken = np.flatnonzero(np.sqrt(np.mean(_steps(wanted) ** 2, axis=1)) > _FAINT)
    seconds = len(spoken) * _STEP / RATE
    trust = _trust(mine[:reach], theirs[:reach])
    last = int(all_spoken[-1]) if len(all_spoken) else 0
    tail = min(1, len(wanted) // _STEP - 1 - last)  # a tone that goes on is no beep
    whole = bool(len(spoken) and spoken[-1] == last and reach > last + tail)
    enough = seconds >= min(_LEAST, 0.8 * len(all_spoken) * _STEP / RATE)
    if len(wanted) < _SHORT:
        believed = trust >= _EXACT and whole and _quiet_before(sound, anchor, place, samples)
    else:
        believed = trust >= _SURE
    if not (enough and believed):
        return None, not ran_out
    voiced_end = begin + (int(spoken[-1]) + 1) * _STEP
    end = voiced_end if not whole else begin + (reach * _STEP if reach < steps else len(wanted))
    start = begin if music else place - anchor
    weight = float(np.sum(theirs[:reach] ** 2)) * trust**2
    playing = ran_out and not whole
    find = _Find(sound, max(0, start), voiced_end, min(end, len(samples)), weight, trust, whole, playing)
    return find, not ran_out


def _quiet_before(sound: _Sound, anchor: int, place: int, samples: Pcm | Floats) -> bool:
    """Whether it was as quiet before a sound as in its file: the end of a long tone is no beep."""
    if anchor < 40 or place < anchor:
        return True

    def rise(of: Pcm | Floats, at: int) -> float:
        """Power before `at` as a part of the power behind it."""
        around = of[at - anchor : at + _SMALL].astype(np.float32) ** 2
        return float(np.mean(around[:anchor]) / max(float(np.mean(around[anchor:])), 1.0))

    return rise(samples, place) < max(1 / 16, 4 * rise(sound.samples, anchor))


def _steps(samples: Floats) -> Floats:
    count = len(samples) // _STEP
    return samples[: count * _STEP].reshape(count, _STEP)


def _compare(mine: Floats, theirs: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """For each step how alike the two are (1 when both are silent), and whether there is voice in it."""
    size = np.sqrt(np.sum(mine**2, axis=1))
    other = np.sqrt(np.sum(theirs**2, axis=1))
    floor = np.float32(_FAINT * _STEP**0.5)
    alike = np.sum(mine * theirs, axis=1) / np.maximum(size * other, 1)
    alike[(size < floor) & (other < 2 * floor)] = 1
    return alike, size >= floor


def _reach(good: npt.NDArray[np.bool_]) -> int:
    """The number of steps up to the first break of `_BREAK` bad ones; bad ones at the end do not count."""
    bad = 0
    for at, fine in enumerate(good):
        bad = 0 if fine else bad + 1
        if bad == _BREAK:
            return at - _BREAK + 1
    return len(good) - bad


def _trust(mine: Floats, theirs: Floats) -> float:
    """How alike two stretches are as a whole."""
    both = float(np.linalg.norm(mine)) * float(np.linalg.norm(theirs))
    return float(np.sum(mine * theirs)) / both if both else 0.0
