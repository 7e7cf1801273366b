"""Making and judging sounds: what `gateway prompts build`, `list` and `listen` do.

Decides what is to be made, has it spoken or heard in the environments, keeps the manifest and
the table of docs/reference/prompts.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from gateway.errors import PromptError
from gateway.flows.prompts import RATE, TONES, Made, Prompt, Prompts, manifest
from gateway.setup.voice_engine import environment, shape, tones

MUSIC = Path("moh") / "calm.wav"
FAIR = 0.10  # one wrong syllable is taken; beyond it, a prompt with a larger share is not done
BEGIN, END = "<!-- table: written by `gateway prompts listen` -->", "<!-- end of table -->"


def build(prompts: Prompts, wanted: Sequence[Prompt], wide: Path, force: bool = False) -> list[str]:
    """Make what is missing or changed (with `force`: all of `wanted`). Returns the ids made.

    8 kHz goes to sounds/made, 16 kHz to `wide`. The manifest is written after every sound, so an
    interrupted build goes on where it was.
    """
    made_sounds = manifest(prompts.sounds)
    _forget(prompts, made_sounds)
    due = [
        p for p in wanted if p.id not in prompts.recorded and (force or not _fresh(prompts, p, made_sounds))
    ]
    spoken = [p for p in due if p.id not in TONES]
    for prompt in due:
        if prompt.id in TONES:
            _beep(prompts, prompt, wide, made_sounds)
    if not (prompts.sounds / MUSIC).exists() or force:
        shape.write_wav(prompts.sounds / MUSIC, tones.music(RATE), RATE)
    for prompt_id in _speak(prompts, spoken, wide) if spoken else ():
        _note(prompts, prompts[prompt_id], made_sounds)
        print(f"  {prompt_id}  {made_sounds[prompt_id].seconds:.2f} s", flush=True)
    return [p.id for p in due]


def _fresh(prompts: Prompts, prompt: Prompt, made_sounds: Mapping[str, Made]) -> bool:
    file, sound = prompts.made_file(prompt.id), made_sounds.get(prompt.id)
    return (
        sound is not None
        and sound.source == prompt.source
        and file.exists()
        and _sha256(file) == sound.sha256
    )


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _forget(prompts: Prompts, made_sounds: dict[str, Made]) -> None:
    """Remove sounds we made whose prompt is gone; files we did not make are left to `check`."""
    removed = [prompt_id for prompt_id in made_sounds if prompt_id not in prompts]
    for prompt_id in removed:
        prompts.made_file(prompt_id).unlink(missing_ok=True)
        del made_sounds[prompt_id]
    if removed:
        _write_manifest(prompts, made_sounds)


def _beep(prompts: Prompts, prompt: Prompt, wide: Path, made_sounds: dict[str, Made]) -> None:
    shape.write_wav(prompts.made_file(prompt.id), tones.beep(RATE), RATE)
    shape.write_wav(wide / f"{prompt.id}.wav", tones.beep(16000), 16000)
    _note(prompts, prompt, made_sounds)


def _speak(prompts: Prompts, due: Sequence[Prompt], wide: Path) -> Iterator[str]:
    place = environment.prepared(environment.VOICE, print)
    job = {
        "model": str(place.folder / "kokoro.onnx"),
        "voice": str(place.folder / "zf_xiaobei.bin"),
        "vocab": str(place.folder / "vocab.json"),
        "narrow": str(prompts.sounds.resolve() / "made"),
        "wide": str(wide.resolve()),
        "prompts": [{"id": p.id, "text": p.spoken, **asdict(p.manner)} for p in due],
    }
    for line in place.start("gateway.setup.voice_engine.speak", job):
        yield json.loads(line)["id"]


def _note(prompts: Prompts, prompt: Prompt, made_sounds: dict[str, Made]) -> None:
    file = prompts.made_file(prompt.id)
    samples, rate = shape.read_wav(file)
    made_sounds[prompt.id] = Made(prompt.source, _sha256(file), round(len(samples) / rate, 3))
    _write_manifest(prompts, made_sounds)


def _write_manifest(prompts: Prompts, made_sounds: Mapping[str, Made]) -> None:
    file = prompts.sounds / "made" / "manifest.json"
    part = file.with_suffix(".part")
    rows = {key: asdict(sound) for key, sound in sorted(made_sounds.items())}
    part.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")
    part.replace(file)


def figures(prompts: Prompts) -> Iterator[str]:
    """One line a prompt: length, active level, peak, silence before and after, where it is from."""
    yield f"{'id':28} {'s':>6} {'level':>6} {'peak':>6} {'lead':>5} {'trail':>5}  from"
    for prompt in prompts:
        file = prompts.sound_file(prompt.id)
        if not file.exists():
            yield f"{prompt.id:28} no sound"
            continue
        samples, rate = shape.read_wav(file)
        lead, trail = shape.silences(samples, rate)
        peak = 20 * np.log10(np.abs(samples).max(initial=1e-6))
        yield (
            f"{prompt.id:28} {len(samples) / rate:6.2f} {shape.active_level(samples, rate):6.1f} {peak:6.1f}"
            f" {lead * 1000:5.0f} {trail * 1000:5.0f}  {file.parent.name}"
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """Something the recogniser hears: the files of `parts` in a row, which together say `text`."""

    name: str
    parts: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    trial: Trial
    text: str
    errors: int
    syllables: int

    @property
    def made_out(self) -> bool:
        return self.errors <= max(1, FAIR * self.syllables)


_AS_HEARD = (  # what the shorter clips are heard in, as the flows and the queue play them
    ("callback_number_is", "0357 2016984", "callback_confirm"),
    ("callback_number_is", "1 3 8 3 5 7 0 2 6 4 9", "callback_confirm"),
    ("callback_number_is", "261123004187", "callback_confirm"),
    ("callback_number_is", "15 96 48 37 20", "callback_confirm"),
    ("callback_number_is", "9 0 8 1 7 2 6 3 5 4", "callback_confirm"),
)


def trials(prompts: Prompts, ids: Sequence[str] = ()) -> list[Trial]:
    """What is heard: sentences alone, everything shorter as a caller meets it."""
    rows = [Trial(p.id, (p.id,), p.spoken) for p in prompts if p.id not in TONES and not p.manner.carrier]
    for parts in _as_heard():
        if all(part in prompts for part in parts):
            rows.append(Trial(" ".join(parts), parts, "".join(prompts[part].spoken for part in parts)))
    return [row for row in rows if not ids or set(ids) & set(row.parts)]


def _as_heard() -> Iterator[tuple[str, ...]]:
    for before, number, after in _AS_HEARD:
        yield (before, *(f"digit_{d}" for d in number if d != " "), after)
    units = [f"num_{n}" for n in range(1, 10)]
    for place in [*((u,) for u in units), ("num_10",), ("num_10", "num_2")]:
        yield ("queue_place_before", *place, "queue_place_after")
    yield ("callback_place_before", "num_3", "callback_place_after")
    for wait in (
        ("num_2_of",),
        ("num_5",),
        ("num_10", "num_8"),
        *((f"num_{t}0", "num_5") for t in range(2, 10)),
    ):
        yield ("queue_wait_before", *wait, "queue_wait_after")
    year = ("digit_2", "digit_0", "digit_2", "digit_6", "word_year")
    for month, day in ((("num_1",), ("num_20", "num_3")), (("num_10", "num_1"), ("num_7",))):
        yield ("progress_due_before", *year, *month, "word_month", *day, "word_day")
    for kind, urgency in (("complaint", "pressing"), ("report", "major")):
        yield (f"duty_kind_{kind}", f"duty_urgency_{urgency}", "duty_rung_orange")


def listen(prompts: Prompts, ids: Sequence[str], document: Path | None) -> int:
    """Let the recogniser hear the prompts; prints what it made of them and writes the table.

    Returns 1 when one was not made out.
    """
    heard = list(_hear(prompts, trials(prompts, ids)))
    if document:
        _write_table(document, heard)
    wrong, spoken = sum(h.errors for h in heard), sum(h.syllables for h in heard)
    print(f"{wrong} of {spoken} syllables wrong in {len(heard)} trials ({wrong / max(1, spoken):.1%})")
    unfit = [h for h in heard if not h.made_out]
    for h in unfit:
        print(f"not made out: {h.trial.name}")
    return 1 if unfit else 0


def _hear(prompts: Prompts, rows: Sequence[Trial]) -> Iterator[Heard]:
    place = environment.prepared(environment.EARS, print)
    by_name = {row.name: row for row in rows}
    clips = [
        {"id": r.name, "text": r.text, "waves": [str(prompts.sound_file(p).resolve()) for p in r.parts]}
        for r in rows
    ]
    job = {"model": str(place.folder / "whisper"), "clips": clips}
    for line in place.start("gateway.setup.voice_engine.hear", job):
        row = json.loads(line)
        heard = Heard(by_name[row["id"]], row["heard"], row["errors"], row["syllables"])
        print(f"{heard.errors:2}/{heard.syllables:<3} {heard.trial.name}: {heard.text}", flush=True)
        yield heard


def _write_table(document: Path, heard: Sequence[Heard]) -> None:
    text = document.read_text("utf-8")
    if BEGIN not in text or END not in text:
        raise PromptError(f"{document} has no place for the table: {BEGIN} … {END}")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    document.write_text(f"{before}{BEGIN}\n{_table(heard)}\n{END}{after}", "utf-8")


def _table(heard: Sequence[Heard]) -> str:
    wrong, spoken = sum(h.errors for h in heard), sum(h.syllables for h in heard)
    lines = [
        f"{len(heard)} trials, {spoken} syllables, {wrong} wrong ({wrong / max(1, spoken):.1%}).",
        "",
        "| prompt | spoken | recognised | wrong |",
        "|---|---|---|---|",
    ]
    for h in heard:
        shown = h.text.replace("|", "/") or "(nothing)"
        wrong_ones = f"{h.errors} of {h.syllables}" + ("" if h.made_out else ", **not made out**")
        lines.append(f"| {h.trial.name} | {h.trial.text} | {shown} | {wrong_ones} |")
    return "\n".join(lines)
