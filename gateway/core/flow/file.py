"""A flow as its file says: steps with their settings and where each exit leads.

`parse_flow` reads the tree of one file and holds it against the steps' own declarations. What
needs more than one file (reach, ends, loops, prompts) is checked by core/flow/check.py. Walked by
core/flow/walk.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.core.flow.partner import Partner
from gateway.core.flow.step import Exit, Step, StepSpec
from gateway.core.flow.steps import STEPS
from gateway.core.yaml_tree import Branch, Faults, Leaf, Node, Row, nearest

LAST_RESORT = "last_resort"
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_COMMON = ("step", "label", "next")
OTHERWISE = "otherwise"
GOTO = "there"  # the one exit of a goto


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow. `steps` keeps the file's order; `start` is the step it begins with."""

    name: str
    zh: str
    en: str
    start: str
    steps: Mapping[str, StepSpec]
    file: str
    start_line: int = 1


@dataclass(frozen=True, slots=True)
class FlowSet:
    """All flows and partners of one version. Never changed: a call ends on the set it began with."""

    version: int
    flows: Mapping[str, Flow]
    partners: Mapping[str, Partner] = field(default_factory=dict)
    _ways: Mapping[str, Mapping[str, StepSpec]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look every way up once, so that a call only follows references."""
        ways = {spec.place: dict(self._targets(flow, spec)) for flow, spec in self._all()}
        object.__setattr__(self, "_ways", ways)

    def _all(self) -> Iterator[tuple[Flow, StepSpec]]:
        for flow in self.flows.values():
            for spec in flow.steps.values():
                yield flow, spec

    def _targets(self, flow: Flow, spec: StepSpec) -> Iterator[tuple[str, StepSpec]]:
        if spec.jump:
            other = self.flows.get(spec.jump.flow)
            target = other.steps.get(spec.jump.at or other.start) if other else None
            if target:
                yield GOTO, target
        for exit_, name in spec.next.items():
            if name in flow.steps:
                yield exit_, flow.steps[name]

    def at(self, place: str) -> StepSpec | None:
        """The step at flow/step."""
        flow, _, step = place.partition("/")
        return self.flows[flow].steps.get(step) if flow in self.flows else None

    def target(self, spec: StepSpec, exit_: str) -> StepSpec | None:
        """The step an exit leads to, through a goto into its flow; None where the call ends."""
        return self._ways[spec.place].get(exit_)

    def edges(self, spec: StepSpec) -> Iterator[tuple[Exit, StepSpec]]:
        """Every exit of a step with the step it leads to."""
        if spec.jump:
            if target := self.target(spec, GOTO):
                yield Exit(GOTO, "", "Into the other flow.", idle=True), target
            return
        for exit_ in spec.step.exits_of(spec.settings):
            if target := self.target(spec, exit_.name):
                yield exit_, target

    def specs(self) -> Iterator[StepSpec]:
        for _, spec in self._all():
            yield spec


def parse_flow(
    tree: Node | None, faults: Faults, stem: str, kinds: Mapping[str, Step] = STEPS
) -> Flow | None:
    """A flow of these kinds of steps from its file's tree; `stem` is the file's name. None after a fault."""
    return _Reader(faults, stem, kinds).flow(tree)


class _Reader:
    """One reading of one file."""

    def __init__(self, faults: Faults, stem: str, kinds: Mapping[str, Step]) -> None:
        self.faults = faults
        self.stem = stem
        self.kinds = kinds

    def flow(self, tree: Node | None) -> Flow | None:
        if tree is None:
            return None
        before = len(self.faults.found)
        parts = self.faults.branch(tree, "the flow", ("flow", "title", "start", "steps"))
        if not isinstance(tree, Branch):
            return None
        for name in ("flow", "start", "steps"):
            if name not in parts:
                self.faults.at(tree.line, f"`{name}` is missing")
        name = self._word(parts.get("flow"), "flow")
        if name and name != self.stem:
            self.faults.at(parts["flow"].line, f"the flow is called `{name}`, but its file {self.stem}")
        zh, en = self._title(parts.get("title"))
        specs = self._steps(parts["steps"]) if "steps" in parts else {}
        start = self._word(parts.get("start"), "start")
        table = parts.get("steps")
        tables = table.pairs if isinstance(table, Branch) else {}
        if start and tables and start not in tables:
            self.faults.at(parts["start"].line, f"start: no step `{start}`{nearest(start, tables)}")
        if len(self.faults.found) > before:
            return None
        return Flow(name, zh or name, en or name, start, specs, self.faults.file, parts["start"].line)

    def _word(self, node: Node | None, what: str) -> str:
        if node is None:
            return ""
        if isinstance(node, Leaf) and _ID.fullmatch(node.text):
            return node.text
        self.faults.at(node.line, f"{what} must be a word of a-z, 0-9 and _")
        return ""

    def _title(self, node: Node | None) -> tuple[str, str]:
        if node is None:
            return "", ""
        parts = self.faults.branch(node, "title", ("zh", "en"))
        return _text(parts.get("zh")), _text(parts.get("en"))

    def _steps(self, node: Node) -> dict[str, StepSpec]:
        specs = {}
        pairs = self.faults.branch(node, "steps")
        for name, body in pairs.items():
            line = node.key_lines[name] if isinstance(node, Branch) else body.line
            if not _ID.fullmatch(name) or name == LAST_RESORT:
                self.faults.at(line, f"`{name}` is no step id: use a-z, 0-9 and _, beginning with a letter")
            elif spec := self._step(name, body, line, pairs):
                specs[name] = spec
        if isinstance(node, Branch) and not pairs:
            self.faults.at(node.line, "the flow has no steps")
        return specs

    def _step(self, name: str, body: Node, line: int, steps: Mapping[str, Node]) -> StepSpec | None:
        step = self._kind(name, body, line)
        if step is None or not isinstance(body, Branch):
            return None
        fields = [f.name for f in step.fields]
        parts = self.faults.branch(body, f"{name} ({step.name})", (*_COMMON, *fields))
        before = len(self.faults.found)
        settings = self._settings(name, step, parts, line)
        if settings is None or len(self.faults.found) > before:
            return None
        lines = dict(body.key_lines)
        for field_name, text in step.faults(settings):
            self.faults.at(lines.get(field_name, line), f"{name}: {text}")
        targets = self._next(name, step, settings, parts.get("next"), line, lines, steps)
        place, label = f"{self.stem}/{name}", _text(parts.get("label"))
        return StepSpec(name, place, step, settings, targets, line, lines, label, step.jump(settings))

    def _kind(self, name: str, body: Node, line: int) -> Step | None:
        kind = body.pairs.get("step") if isinstance(body, Branch) else None
        if not isinstance(kind, Leaf):
            self.faults.at(line, f"{name}: `step` is missing: the kind of step{nearest('', self.kinds)}")
            return None
        if kind.text not in self.kinds:
            self.faults.at(
                kind.line, f"{name}: no kind of step `{kind.text}`{nearest(kind.text, self.kinds)}"
            )
        return self.kinds.get(kind.text)

    def _settings(self, name: str, step: Step, parts: Mapping[str, Node], line: int) -> Any:
        values = {}
        complete = True
        for f in step.fields:
            if f.name in parts:
                value = f.type.read(parts[f.name], f"{name}.{f.name}", self.faults)
                complete = complete and value is not None
                values[f.name] = value
            elif f.required:
                self.faults.at(line, f"{name} ({step.name}): `{f.name}` is missing: {f.help}")
                complete = False
        return step.settings(**values) if complete else None

    def _next(
        self,
        name: str,
        step: Step,
        settings: Any,
        node: Node | None,
        line: int,
        lines: dict[str, int],
        steps: Mapping[str, Node],
    ) -> Mapping[str, str]:
        """Exit -> step id, complete: `or_else` and `otherwise` are filled in."""
        targets: dict[str, str] = {}
        for key, option in step.options(settings).items():
            targets[key] = option.to
            lines[f"next.{key}"] = option.line
            self._target(f"{name}: key {key}", option.to, option.line, steps)
        exits = {e.name: e for e in step.exits_of(settings) if e.name not in targets}
        given = self._given(name, step, exits, node, lines, steps)
        for exit_ in exits.values():
            chosen = given.get(exit_.name) or given.get(exit_.or_else) or given.get(OTHERWISE)
            if chosen:
                targets[exit_.name] = chosen
                lines.setdefault(f"next.{exit_.name}", lines.get("next", line))
            else:
                self.faults.at(
                    line, f"{name} ({step.name}): path without an end: exit `{exit_.name}` leads nowhere"
                )
        return targets

    def _given(
        self,
        name: str,
        step: Step,
        exits: Mapping[str, Exit],
        node: Node | None,
        lines: dict[str, int],
        steps: Mapping[str, Node],
    ) -> dict[str, str]:
        if node is None:
            return {}
        if not exits:
            self.faults.at(node.line, f"{name}: a {step.name} has no `next`, nothing follows it")
            return {}
        if isinstance(node, Leaf):
            self._target(f"{name}: next", node.text, node.line, steps)
            return dict.fromkeys((*exits, OTHERWISE), node.text)
        if isinstance(node, Row):
            self.faults.at(node.line, f"{name}: next must be a step id or a table of `exit: step id`")
            return {}
        return self._by_exit(name, step, exits, node, lines, steps)

    def _by_exit(
        self,
        name: str,
        step: Step,
        exits: Mapping[str, Exit],
        node: Branch,
        lines: dict[str, int],
        steps: Mapping[str, Node],
    ) -> dict[str, str]:
        given = {}
        for key, value in node.pairs.items():
            if key not in exits and key != OTHERWISE:
                self.faults.at(node.key_lines[key], f"{name}: {_no_exit(step, key, exits)}")
            elif not isinstance(value, Leaf):
                self.faults.at(value.line, f"{name}: next.{key} must be a step id")
            else:
                given[key] = value.text
                lines[f"next.{key}"] = value.line
                self._target(f"{name}: next.{key}", value.text, value.line, steps)
        return given

    def _target(self, what: str, target: str, line: int, steps: Mapping[str, Node]) -> None:
        if target not in steps:
            self.faults.at(line, f"{what}: no step `{target}` in this flow{nearest(target, steps)}")


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Leaf) else ""


def _no_exit(step: Step, key: str, exits: Mapping[str, Exit]) -> str:
    for exit_ in step.exits:
        if exit_.name == key:
            return f"exit `{key}` can not happen without `{exit_.needs}`"
    return f"a {step.name} has no exit `{key}`{nearest(key, (*exits, OTHERWISE))}"
