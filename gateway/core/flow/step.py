"""What a kind of step is: its settings, its exits and how it runs.

Each file in gateway/core/flow/steps/ makes one `Step`. From the settings come the reader of flow
files, the JSON Schema and the tables in docs/reference/flow-language.md, so they cannot disagree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.core.flow.commands import StepRun
from gateway.core.flow.hours import DAYS, Hours, read_hours
from gateway.core.flow.partner import Partner
from gateway.core.item.contact import Kind
from gateway.core.yaml_tree import Branch, Faults, Leaf, Node, Row, nearest

KEYS = "0123456789*#"


@dataclass(frozen=True, slots=True)
class CallerFacts:
    """What is known of a caller when the flow begins. `phone` is "" when it is withheld."""

    phone: str = ""


class Call:
    """What steps share during one call.

    `answers` are those to questions, by what was asked; `asks_why` when one of them was a low grade.
    `typed` holds keys pressed ahead of the step that reads them. `late_end` is the end key of an input
    that its last digit closed: many callers press it all the same, and it is no answer to what comes next.
    """

    __slots__ = ("answers", "asks_why", "facts", "kind", "late_end", "noted", "partners", "typed")

    def __init__(self, facts: CallerFacts, partners: Mapping[str, Partner], kind: Kind | None = None) -> None:
        self.facts = facts
        self.partners = partners
        self.kind = kind
        self.answers: dict[str, str] = {}
        self.asks_why = False
        self.typed = ""
        self.late_end = ""
        self.noted = ""

    @property
    def cutting(self) -> str:
        """The keys that may cut a speech short."""
        return KEYS.replace(self.late_end, "") if self.late_end else KEYS

    def take_late_end(self) -> str:
        """The key that the next input is to skip; it is skipped once. Typed ahead, it is dropped here."""
        key, self.late_end = self.late_end, ""
        if key and self.typed:
            self.typed = self.typed.removeprefix(key)
            return ""
        return key

    def add_typed(self, keys: str) -> None:
        """Keys that cut a speech short count for the next step that reads keys."""
        if keys:
            self.typed += keys
            self.late_end = ""

    def note(self, what: str) -> None:
        """Words for the call's path in place of the exit's name. Never a code, never personal data."""
        self.noted = what


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a step; `zh` is its word in drawings.

    `needs` names the setting without which it cannot happen; `or_else` the exit whose target it
    shares when none is given. `idle`: it is taken without the caller doing anything. `settled`:
    the caller has what he called for, and the call may end.
    """

    name: str
    zh: str
    help: str
    needs: str = ""
    or_else: str = ""
    idle: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One key of a menu: the step it leads to, what the caller wants by it, its word in drawings."""

    to: str
    line: int
    kind: Kind | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Jump:
    """Where a `goto` leads: another flow, at its start unless `at` names a step."""

    flow: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class Type:
    """A type of setting: how it is called, read, and described in JSON Schema.

    `read` reports faults and returns None for what does not fit.
    """

    name: str
    read: Callable[[Node, str, Faults], Any]
    schema: Mapping[str, Any]


def _leaf(node: Node, what: str, faults: Faults, kinds: tuple[type, ...], wanted: str) -> Any:
    if isinstance(node, Leaf) and type(node.value) in kinds:
        return node.value
    faults.at(node.line, f"{what} must be {wanted}{_not(node)}")
    return None


def _not(node: Node) -> str:
    return f", not `{node.text}`" if isinstance(node, Leaf) else ""


def _text(node: Node, what: str, faults: Faults) -> str | None:
    if isinstance(node, Leaf):
        return node.text
    faults.at(node.line, f"{what} must be a text")
    return None


def _flag(node: Node, what: str, faults: Faults) -> Any:
    return _leaf(node, what, faults, (bool,), "true or false")


def _clips(node: Node, what: str, faults: Faults) -> tuple[str, ...] | None:
    items = node.items if isinstance(node, Row) else (node,)
    texts = [item.text for item in items if isinstance(item, Leaf) and item.text]
    if len(texts) == len(items):
        return tuple(texts)
    faults.at(node.line, f"{what} must be a prompt id or a list of them")
    return None


def _key(node: Node, what: str, faults: Faults) -> str | None:
    if isinstance(node, Leaf) and len(node.text) <= 1 and node.text in KEYS:
        return node.text
    faults.at(node.line, f'{what} must be one key, written "0" to "9", "*" or "#"{_not(node)}')
    return None


def _days(node: Node, what: str, faults: Faults) -> Mapping[str, Hours]:
    pairs = faults.branch(node, what, DAYS)
    read = {day: read_hours(value, f"{what}.{day}", faults) for day, value in pairs.items()}
    return {day: hours for day, hours in read.items() if hours is not None}


def _options(node: Node, what: str, faults: Faults) -> Mapping[str, Option] | None:
    options = {}
    for key, value in faults.branch(node, what).items():
        if len(key) != 1 or key not in KEYS:
            faults.at(value.line, f"{what}: `{key}` is no key of a telephone")
        elif option := _option(value, f"{what}.{key}", faults):
            options[key] = option
    if isinstance(node, Branch) and not node.pairs:
        faults.at(node.line, f"{what}: a menu needs at least one key")
    return options


def _option(node: Node, what: str, faults: Faults) -> Option | None:
    if isinstance(node, Leaf):
        return Option(node.text, node.line)
    parts = faults.branch(node, what, ("to", "kind", "label"))
    texts = {name: _text(part, f"{what}.{name}", faults) or "" for name, part in parts.items()}
    kind = texts.get("kind", "")
    if kind and kind not in tuple(Kind):
        faults.at(parts["kind"].line, f"{what}: no kind `{kind}`{nearest(kind, tuple(Kind))}")
        kind = ""
    if isinstance(node, Branch) and not texts.get("to"):
        faults.at(node.line, f"{what}: `to` is missing: the step this key leads to")
        return None
    line = parts["to"].line if "to" in parts else node.line
    return Option(texts.get("to", ""), line, Kind(kind) if kind else None, texts.get("label", ""))


_SPAN = r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}"
_HOURS_SCHEMA = {"type": "string", "pattern": rf"^(always|closed|{_SPAN}(\s*,\s*{_SPAN})*)$"}
_WORD = {"type": "string", "minLength": 1}
_PROMPT = {"$ref": "#/$defs/prompt"}

TEXT = Type("text", _text, {"type": "string"})
PARTNER = Type("partner id", _text, {"type": "string", "minLength": 1})
FLAG = Type("true or false", _flag, {"type": "boolean"})
CLIPS = Type(
    "prompt ids", _clips, {"oneOf": [_PROMPT, {"type": "array", "items": _PROMPT, "uniqueItems": False}]}
)
KEY = Type("key", _key, {"enum": ["", *KEYS, *range(10)]})
HOURS = Type("hours", read_hours, _HOURS_SCHEMA)
DAYS_HOURS = Type(
    "hours by weekday",
    _days,
    {"type": "object", "properties": dict.fromkeys(DAYS, _HOURS_SCHEMA), "additionalProperties": False},
)
OPTIONS = Type(
    "key: step",
    _options,
    {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": "^[0-9*#]$"},
        "additionalProperties": {
            "oneOf": [
                _WORD,
                {
                    "type": "object",
                    "required": ["to"],
                    "properties": {"to": _WORD, "kind": {"enum": [*Kind]}, "label": {"type": "string"}},
                    "additionalProperties": False,
                },
            ]
        },
    },
)


def whole(low: int, high: int) -> Type:
    """A whole number between two others, both included."""

    def read(node: Node, what: str, faults: Faults) -> Any:
        wanted = f"a whole number from {low} to {high}"
        value = _leaf(node, what, faults, (int,), wanted)
        if value is None or low <= value <= high:
            return value
        faults.at(node.line, f"{what} must be {wanted}, not {value}")
        return None

    return Type(f"{low} to {high}", read, {"type": "integer", "minimum": low, "maximum": high})


def seconds(low: float, high: float) -> Type:
    """Seconds, fractions too, between two numbers."""

    def read(node: Node, what: str, faults: Faults) -> Any:
        wanted = f"a number of seconds from {low:g} to {high:g}"
        value = _leaf(node, what, faults, (int, float), wanted)
        if value is None or low <= value <= high:
            return value
        faults.at(node.line, f"{what} must be {wanted}, not {value}")
        return None

    return Type(f"{low:g} to {high:g} s", read, {"type": "number", "minimum": low, "maximum": high})


REQUIRED: Any = dataclasses.MISSING


def setting(type_: Type, help_: str, default: Any = REQUIRED) -> Any:
    """A field of a step's settings: its type, one help line, and a default unless it must be given."""
    meta = {"type": type_, "help": help_}
    if isinstance(default, dict):
        return field(default_factory=lambda: default, metadata=meta)
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True)
class Setting:
    """One documented setting of a step."""

    name: str
    type: Type
    help: str
    default: Any

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def _no_faults(settings: Any) -> Iterator[tuple[str, str]]:
    yield from ()


def _no_options(settings: Any) -> Mapping[str, Option]:
    return {}


def _no_jump(settings: Any) -> Jump | None:
    return None


def _the_same(settings: Any) -> Any:
    return settings


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of step.

    `run(settings, call)` is the generator; `resume(settings, call)`, where there is one, is sent the
    event of its long wait (queue, partner) by a process that did not begin it. `faults` yields
    (setting, text) for settings that do not go together. `prompts` are ids it speaks on its own.
    `person`: it leads to a person, or to being heard when none is there. `waits`: the caller acts
    or waits in it, so a loop through it is his choice. `ends`: the call may end within it, so a path may
    stop here; `closes` is drawn as the way in which it ends. `after_hours` gives the settings that the step
    has when the centre is closed, for a simulation of that time. `colour` is its mark in drawings.
    """

    name: str
    zh: str
    help: str
    settings: type[Any]
    run: Callable[[Any, Call], StepRun]
    exits: tuple[Exit, ...] = ()
    resume: Callable[[Any, Call], StepRun] | None = None
    options: Callable[[Any], Mapping[str, Option]] = _no_options
    jump: Callable[[Any], Jump | None] = _no_jump
    faults: Callable[[Any], Iterator[tuple[str, str]]] = _no_faults
    prompts: tuple[str, ...] = ()
    person: bool = False
    waits: bool = False
    ends: bool = False
    closes: str = ""
    after_hours: Callable[[Any], Any] = _the_same
    colour: str = "#3f6f8f"

    @property
    def fields(self) -> tuple[Setting, ...]:
        """The settings in their order."""
        return tuple(_setting(f) for f in dataclasses.fields(self.settings))

    def exits_of(self, settings: Any) -> tuple[Exit, ...]:
        """The exits that can happen with these settings, a menu's keys included."""
        fixed = tuple(e for e in self.exits if not e.needs or getattr(settings, e.needs))
        return (
            *fixed,
            *(Exit(key, o.label, f"The caller pressed {key}.") for key, o in self.options(settings).items()),
        )


def _setting(f: dataclasses.Field[Any]) -> Setting:
    default = f.default
    if f.default_factory is not dataclasses.MISSING:
        default = f.default_factory()
    return Setting(f.name, f.metadata["type"], f.metadata["help"], default)


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step of one flow: its kind, its settings, and where each exit leads (step ids).

    `lines` has the line of each setting and of each exit ("next.silence"). `place` is flow/step.
    """

    id: str
    place: str
    step: Step
    settings: Any
    next: Mapping[str, str]
    line: int
    lines: Mapping[str, int] = field(default_factory=dict)
    label: str = ""
    jump: Jump | None = None

    def line_of(self, part: str) -> int:
        return self.lines.get(part, self.line)
