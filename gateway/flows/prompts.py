"""The prompts: their texts, which sound file plays for each, and whether the two still agree.

`load` reads prompts.yaml for flows, checks and the command line. Playing is Asterisk's matter;
making sounds is voice_engine's. A recording in sounds/recorded wins over the made sound.
Also here: `gateway prompts build | check | list | listen`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import wave
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path

import yaml

from gateway.core.yaml_tree import Faults
from gateway.errors import Problem, PromptError
from gateway.rules.yaml_with_lines import compose

RATE = 8000
VOICE = "zf_xiaobei"
RECIPE = 1  # raise it when the way of making changes audibly: every sound is then made again
TONES: Mapping[str, str] = {"beep": "（滴）"}  # made by arithmetic, known without an entry
_ID = re.compile(r"[a-z0-9_]+")
_SYLLABLE = 0.22  # seconds a Chinese character takes where no sound has been made yet
_END = "。！？；"
_KEYS = ("zh", "en", "say")
_SPOKEN = re.compile(r"[一-鿿]|\d{3}")
_NUMBER = re.compile(r"\d{3,}")
_DIGITS = str.maketrans("0123456789", "零幺二三四五六七八九")


@dataclass(frozen=True, slots=True)
class Manner:
    """How the voice speaks a clip.

    `carrier`: a sentence with `{}`, out of which the clip is cut; empty: it is spoken alone.
    `trail`: seconds of silence at the end, less where a sentence goes on in the next clip.
    `slot`: seconds the clip is made to last, so that digits follow in one beat; 0: as it comes.
    """

    carrier: str = ""
    speed: float = 1.0
    trail: float = 0.15
    slot: float = 0.0


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. `zh` is spoken, `en` is for reading; `say` replaces zh for the voice alone."""

    id: str
    zh: str
    en: str = ""
    say: str = ""
    line: int = 0

    @property
    def spoken(self) -> str:
        """What the voice is given: numbers of three digits and more are read digit by digit."""
        return _NUMBER.sub(lambda match: match[0].translate(_DIGITS), self.say or self.zh)

    @property
    def manner(self) -> Manner:
        """How the clip is spoken, from what it is: a digit, a lone word, half a sentence, or a sentence.

        The carriers are those that a recogniser understood best of five tried (docs/reference/prompts.md).
        After half a sentence 八 follows: its closed lips leave nothing of the next word in the cut.
        """
        words = self.spoken.rstrip(_END)
        if re.fullmatch(r"digit_\d", self.id):
            return Manner("六，二，{}，五，八。", speed=0.75, slot=0.5)
        if self.spoken.endswith(("，", "：")):
            return Manner(trail=0.06)
        if self.spoken[-1] in _END:
            return Manner("六，二，{}", speed=0.9) if len(words) <= 2 else Manner()
        if len(words) <= 2:
            return Manner("六，二，{}，五，八。", speed=0.75, trail=0.04)
        return Manner("{}，八，五。", trail=0.04)

    @property
    def source(self) -> str:
        """SHA-256 of everything the made sound depends on."""
        made_of = [RECIPE, "tone" if self.id in TONES else VOICE, self.spoken, *astuple(self.manner)]
        return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Made:
    """What the manifest knows of a made sound."""

    source: str
    sha256: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Prompts:
    """All prompts of one file, by id, in its order. `recorded` names those with a recording."""

    path: Path
    by_id: Mapping[str, Prompt]
    recorded: frozenset[str] = field(default_factory=frozenset)

    @property
    def sounds(self) -> Path:
        return self.path.parent / "sounds"

    def __iter__(self) -> Iterator[Prompt]:
        return iter(self.by_id.values())

    def __contains__(self, prompt_id: object) -> bool:
        return prompt_id in self.by_id

    def __getitem__(self, prompt_id: str) -> Prompt:
        """Raises PromptError for an id that the file does not have."""
        if prompt_id not in self.by_id:
            raise PromptError(
                Problem(str(self.path), 0, f"no prompt {prompt_id}{_nearest(prompt_id, self.by_id)}")
            )
        return self.by_id[prompt_id]

    def made_file(self, prompt_id: str) -> Path:
        return self.sounds / "made" / f"{prompt_id}.wav"

    def sound_file(self, prompt_id: str) -> Path:
        """The WAV that plays: the recording if there is one. It may be missing; `stale` says so."""
        self[prompt_id]
        recording = self.sounds / "recorded" / f"{prompt_id}.wav"
        return recording if prompt_id in self.recorded else self.made_file(prompt_id)


def load_prompts(path: Path) -> Prompts:
    """Read prompts.yaml and look at the recordings beside it. Raises PromptError with every fault."""
    reader = _Reader(path)
    prompts = reader.prompts()
    recorded = reader.recordings(path.parent / "sounds" / "recorded", prompts)
    if reader.problems:
        raise PromptError(*reader.problems)
    for prompt_id, text in TONES.items():
        prompts.setdefault(prompt_id, Prompt(prompt_id, text, "(a tone)"))
    return Prompts(path, prompts, recorded)


class _Reader:
    """One reading of one file; collects problems instead of stopping at the first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def _fault(self, node: yaml.Node | None, text: str) -> None:
        self.problems.append(Problem(str(self.path), node.start_mark.line + 1 if node else 0, text))

    def _root(self) -> yaml.Node | None:
        try:
            faults = Faults(str(self.path), self.problems)
            return compose(self.path.read_text("utf-8"), faults)
        except FileNotFoundError:
            self._fault(None, "no such file")
        except UnicodeDecodeError as error:
            self._fault(None, f"not UTF-8 at byte {error.start}")
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            self.problems.append(Problem(str(self.path), line, f"not YAML: {error.problem}"))
        except yaml.YAMLError as error:
            self._fault(None, f"not YAML: {str(error).splitlines()[0]}")
        return None

    def prompts(self) -> dict[str, Prompt]:
        root = self._root()
        if self.problems:
            return {}
        table = self._pairs(root, "the file", ("prompts",)).get("prompts")
        if table is None:
            self._fault(root, "no `prompts:` table")
            return {}
        prompts = {}
        for name, node in self._pairs(table, "prompts").items():
            prompts[name] = self._prompt(name, node)
        return prompts

    def _pairs(self, node: yaml.Node | None, what: str, keys: tuple[str, ...] = ()) -> dict[str, yaml.Node]:
        """The keys and value nodes of a mapping; faults for anything else, twins and unknown keys."""
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, f"{what} must be a table of `key: value`")
            return {}
        pairs: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if keys and name not in keys:
                self._fault(key, f"{what}: unknown key `{name}`{_nearest(name, keys)}")
            elif name in pairs:
                self._fault(key, f"{what}: `{name}` stands here a second time")
            elif not keys and not _ID.fullmatch(name):
                self._fault(key, f"`{name}` is no prompt id: use a-z, 0-9 and _")
            else:
                pairs[name] = value
        return pairs

    def _prompt(self, name: str, node: yaml.Node) -> Prompt:
        before = len(self.problems)
        texts = {key: self._text(name, key, value) for key, value in self._pairs(node, name, _KEYS).items()}
        if len(self.problems) == before and not texts.get("zh"):
            self._fault(node, f"{name}: zh is missing: the text that is spoken")
        return Prompt(
            name, texts.get("zh", ""), texts.get("en", ""), texts.get("say", ""), node.start_mark.line + 1
        )

    def _text(self, name: str, key: str, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(node, f"{name}: {key} must be a text")
            return ""
        if key != "en" and node.value and not _SPOKEN.search(node.value):
            self._fault(node, f"{name}: {key} holds no Chinese character to speak")
        return str(node.value).strip()

    def recordings(self, folder: Path, prompts: Mapping[str, Prompt]) -> frozenset[str]:
        files = {file.stem: file for file in sorted(folder.glob("*.wav"))}
        for name, file in files.items():
            if self.problems and not prompts:
                break  # the file of prompts could not be read: nothing to hold recordings against
            fault = wav_fault(file)
            if name not in prompts and name not in TONES:
                fault = f"no prompt is called {name}{_nearest(name, prompts)}"
            if fault:
                self.problems.append(Problem(str(file), 0, fault))
        return frozenset(files)


def _nearest(name: str, names: Mapping[str, object] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, list(names), 1)
    return f"; did you mean {near[0]}?" if near else ""


def wav_fault(file: Path) -> str:
    """What is wrong with a sound file, or "" for what a telephone plays: 8 kHz, mono, 16 bit."""
    try:
        with wave.open(str(file), "rb") as sound:
            form = (sound.getframerate(), sound.getnchannels(), sound.getsampwidth() * 8)
            frames = sound.getnframes()
            held = len(sound.readframes(frames)) // max(1, form[1] * form[2] // 8)
    except (wave.Error, EOFError, OSError) as error:
        return f"not a WAV of 16-bit samples: {error or 'it ends too early'}"
    if form != (RATE, 1, 16):
        return f"{form[0]} Hz, {form[1]} channel(s), {form[2]} bit; wanted {RATE} Hz, 1 channel, 16 bit"
    if held < frames:
        return f"cut off: {held} of {frames} samples"
    return "" if frames >= RATE // 20 else "shorter than 0.05 s"


def clip_seconds(prompts: Prompts) -> Callable[[str], float]:
    """Seconds of a clip: of its sound if one is made, else by its characters."""
    sounds = manifest(prompts.sounds)

    def length(clip: str) -> float:
        if clip in sounds:
            return sounds[clip].seconds
        return _SYLLABLE * len(prompts.by_id[clip].zh) if clip in prompts else 1.0

    return length


def manifest(sounds: Path) -> dict[str, Made]:
    """The made sounds by id. Raises PromptError when the manifest is damaged; {} when there is none."""
    file = sounds / "made" / "manifest.json"
    try:
        return {key: Made(**value) for key, value in json.loads(file.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise PromptError(Problem(str(file), 0, f"damaged ({error}); delete it and build again")) from error


def stale(prompts: Prompts) -> list[Problem]:
    """Every prompt without an up-to-date sound, and every made sound without a prompt."""
    sounds = manifest(prompts.sounds)
    problems = []
    for prompt in prompts:
        if prompt.id not in prompts.recorded and (fault := _fault_of(prompts, prompt, sounds.get(prompt.id))):
            problems.append(Problem(str(prompts.path), prompt.line, f"{prompt.id}: {fault}"))
    for file in sorted((prompts.sounds / "made").glob("*.wav")):
        if file.stem not in prompts:
            problems.append(Problem(str(file), 0, "no prompt of this name any more"))
    return problems


def _fault_of(prompts: Prompts, prompt: Prompt, sound: Made | None) -> str:
    file = prompts.made_file(prompt.id)
    if not file.exists():
        return "has no sound yet; run `gateway prompts build`"
    if sound is None:
        return f"the manifest does not know {file.name}; run `gateway prompts build`"
    if sound.source != prompt.source:
        return "its text has changed and its sound has not; run `gateway prompts build`"
    if fault := wav_fault(file):
        return f"{file.name}: {fault}"
    if hashlib.sha256(file.read_bytes()).hexdigest() != sound.sha256:
        return f"{file.name} is not the file that was made; own recordings belong into sounds/recorded"
    return ""
