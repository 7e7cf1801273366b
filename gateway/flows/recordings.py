"""Own recordings of prompts: put in place, taken away and put back; and where each prompt is spoken.

A recording wins over the made sound from the next start on, which lays the sounds for Asterisk.
"""

from __future__ import annotations

import tempfile
import wave
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.core.flow.file import FlowSet
from gateway.core.flow.step import CLIPS
from gateway.errors import NotFound, PromptError
from gateway.flows.prompts import Prompt, Prompts, load_prompts, wav_fault
from gateway.settings.durable_files import sync_folder

LARGEST = 4 << 20  # bytes: four minutes
BEFORE = ".before"  # behind the name of the recording that was replaced or taken away


@dataclass(frozen=True, slots=True)
class ShownPrompt:
    """A prompt with its sound. `seconds` is 0 without one; `may_undo`: an earlier recording lies there."""

    prompt: Prompt
    recorded: bool
    seconds: float
    used: tuple[str, ...]
    may_undo: bool


class Recordings:
    """The recordings beside one prompts.yaml."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._folder = file.parent / "sounds" / "recorded"

    def list(self, flows: FlowSet) -> tuple[ShownPrompt, ...]:
        """Every prompt. Raises PromptError."""
        prompts, used = load_prompts(self._file), uses(flows)
        return tuple(
            ShownPrompt(
                prompt,
                prompt.id in prompts.recorded,
                _seconds(prompts.sound_file(prompt.id)),
                used.get(prompt.id, ()),
                self._before(prompt.id).exists(),
            )
            for prompt in prompts
        )

    def sound(self, prompt_id: str) -> Path:
        """The file that plays. Raises NotFound, PromptError."""
        prompts = self._known(prompt_id)
        file = prompts.sound_file(prompt_id)
        if not file.exists():
            raise NotFound
        return file

    def put(self, prompt_id: str, raw: bytes) -> None:
        """Let this recording play instead. Raises NotFound, PromptError with what is wrong with it."""
        self._known(prompt_id)
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=f".{prompt_id}.", delete=False) as out:
            out.write(raw)
        new = Path(out.name)
        try:
            if fault := wav_fault(new):
                raise PromptError(fault)
            new.chmod(0o644)
            self._set_aside(prompt_id)
            new.replace(self._place(prompt_id))
        finally:
            new.unlink(missing_ok=True)
        sync_folder(self._folder)

    def take_away(self, prompt_id: str) -> None:
        """Let the made sound play again; the recording is set aside. Raises NotFound when there is none."""
        if prompt_id not in self._known(prompt_id).recorded:
            raise NotFound
        self._set_aside(prompt_id)

    def undo(self, prompt_id: str) -> None:
        """Exchange the recording with the one before it. Raises NotFound when there is none."""
        self._known(prompt_id)
        before, place = self._before(prompt_id), self._place(prompt_id)
        if not before.exists():
            raise NotFound
        aside = before.with_suffix(".swap")
        before.rename(aside)
        self._set_aside(prompt_id)
        aside.replace(place)

    def _known(self, prompt_id: str) -> Prompts:
        prompts = load_prompts(self._file)
        if prompt_id not in prompts:
            raise NotFound
        return prompts

    def _place(self, prompt_id: str) -> Path:
        return self._folder / f"{prompt_id}.wav"

    def _before(self, prompt_id: str) -> Path:
        return self._folder / f"{prompt_id}{BEFORE}"

    def _set_aside(self, prompt_id: str) -> None:
        with suppress(FileNotFoundError):
            self._place(prompt_id).replace(self._before(prompt_id))


def uses(flows: FlowSet) -> Mapping[str, tuple[str, ...]]:
    """The places, flow/step, in which each prompt is spoken: named by the step or spoken by its kind."""
    places: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for spec in flows.specs():
        named = [
            clip
            for setting in spec.step.fields
            if setting.type is CLIPS
            for clip in getattr(spec.settings, setting.name)
        ]
        for clip in (*named, *spec.step.prompts):
            places[clip][spec.place] = None
    return {clip: tuple(where) for clip, where in places.items()}


def _seconds(file: Path) -> float:
    try:
        with wave.open(str(file), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return 0.0
