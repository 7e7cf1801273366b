"""Flow test cases as data: keys and conditions in, prompts and outcome out.

`parse_cases` reads a file of ivr_flows/cases/, `run_case` walks one case and says what differs.
Run by `gateway flow test`, before publishing, and by pytest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from gateway.core.flow.commands import Found, PartnerOutcome
from gateway.core.flow.file import FlowSet
from gateway.core.flow.simulation import CHINA, Conditions, Outcome, Transcript, simulate
from gateway.core.item.contact import Kind
from gateway.core.yaml_tree import Branch, Faults, Leaf, Node, Row, nearest
from gateway.errors import Problem


@dataclass(frozen=True, slots=True)
class CaseField:
    """One field of a case, for the reader and the docs."""

    name: str
    help: str


CASE_FIELDS = (
    CaseField("keys", 'What the caller does at each question: digits, "" for silence, hangup.'),
    CaseField("when", "Conditions, see below."),
    CaseField("hears", "Prompt ids that must be heard in this order; others may stand between."),
    CaseField("never_hears", "Prompt ids that must not be heard."),
    CaseField("ends", f"The outcome: {', '.join(Outcome)}."),
    CaseField("passes", "Steps (flow/step) that must be taken in this order."),
    CaseField("kind", "What the caller wants by his keys: complaint, report or question."),
)
CONDITIONS = (
    CaseField("after_hours", "Every `hours` step finds the centre closed."),
    CaseField("no_agent", "Nobody is signed in."),
    CaseField("queue_full", "Too many are waiting."),
    CaseField("long_wait", "No agent gets free within the longest wait."),
    CaseField("time", "The moment of the call, as 2026-10-01T09:30 (centre's time)."),
    CaseField("workday", "Is that day a workday? true if not given."),
    CaseField("phone", 'The number he calls from; "" when it is withheld.'),
    CaseField("message_seconds", "Length of the message he leaves; 0: he says nothing."),
    CaseField("disk_full", "Messages cannot be saved."),
    CaseField("partner", f"How a call to a partner goes: {', '.join(PartnerOutcome)}."),
    CaseField("locked", "This caller has used up his attempts at progress."),
    CaseField("item", "`{number: …, code: …, state: …, due: …}`: the one item that can be looked up."),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one flow; empty expectations hold always."""

    flow: str
    name: str
    file: str
    line: int
    keys: tuple[str, ...] = ()
    world: Conditions = field(default_factory=Conditions)
    hears: tuple[str, ...] = ()
    never_hears: tuple[str, ...] = ()
    ends: Outcome | None = None
    passes: tuple[str, ...] = ()
    kind: Kind | None = None


def run_case(case: Case, flows: FlowSet) -> tuple[Problem, ...]:
    """What differs between a case and what the flows do; nothing when it holds."""
    if case.flow not in flows.flows:
        return (Problem(case.file, case.line, f"{case.name}: no flow `{case.flow}`"),)
    got = simulate(flows, case.flow, case.keys, case.world)
    return tuple(Problem(case.file, case.line, f"{case.name}: {text}") for text in _differences(case, got))


def _differences(case: Case, got: Transcript) -> list[str]:
    found = []
    if case.ends and got.outcome is not case.ends:
        found.append(f"ends with {got.outcome}, not {case.ends}")
    if missing := _first_missing(case.hears, got.clips):
        found.append(f"`{missing}` is not heard there; heard: {', '.join(got.clips)}")
    found += [f"`{clip}` is heard" for clip in case.never_hears if clip in got.clips]
    steps = tuple(entry.step for entry in got.path)
    if missing := _first_missing(case.passes, steps):
        found.append(f"does not pass {missing} there; passed: {', '.join(steps)}")
    if case.kind and got.kind is not case.kind:
        found.append(f"wants {got.kind or 'nothing in particular'}, not {case.kind}")
    return found


def _first_missing(wanted: tuple[str, ...], got: tuple[str, ...]) -> str:
    """The first of `wanted` that does not follow its forerunners in `got`; "" when all do."""
    rest = iter(got)
    return next((word for word in wanted if word not in rest), "")


def parse_cases(tree: Node | None, faults: Faults) -> tuple[Case, ...]:
    """The cases of one file; faults for what does not fit."""
    if tree is None:
        return ()
    parts = faults.branch(tree, "the cases", ("flow", "cases"))
    flow = parts.get("flow")
    if not isinstance(flow, Leaf) or "cases" not in parts:
        faults.at(tree.line, "`flow: NAME` and `cases:` are needed")
        return ()
    table = parts["cases"]
    lines = table.key_lines if isinstance(table, Branch) else {}
    return tuple(
        _Reader(faults, name).case(flow.text, body, lines.get(name, body.line))
        for name, body in faults.branch(table, "cases").items()
    )


class _Reader:
    """One reading of one case."""

    def __init__(self, faults: Faults, name: str) -> None:
        self.faults = faults
        self.name = name

    def case(self, flow: str, body: Node, line: int) -> Case:
        parts = self.faults.branch(body, self.name, [f.name for f in CASE_FIELDS])
        ends = self._word(parts.get("ends"), Outcome)
        kind = self._word(parts.get("kind"), Kind)
        return Case(
            flow,
            self.name,
            self.faults.file,
            line,
            keys=self._list(parts.get("keys")),
            world=self._world(parts.get("when")),
            hears=self._list(parts.get("hears")),
            never_hears=self._list(parts.get("never_hears")),
            ends=Outcome(ends) if ends else None,
            passes=self._list(parts.get("passes")),
            kind=Kind(kind) if kind else None,
        )

    def _list(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        items = node.items if isinstance(node, Row) else (node,)
        if not all(isinstance(item, Leaf) for item in items):
            self.faults.at(node.line, f"{self.name}: a list of words is needed here")
        return tuple(item.text for item in items if isinstance(item, Leaf))

    def _word(self, node: Node | None, known: Any) -> str:
        """One of the words of an enumeration; "" when it is not given or not known."""
        if node is None:
            return ""
        text = node.text if isinstance(node, Leaf) else ""
        if text not in tuple(known):
            self.faults.at(node.line, f"{self.name}: no `{text}` here{nearest(text, tuple(known))}")
            return ""
        return text

    def _world(self, node: Node | None) -> Conditions:
        if node is None:
            return Conditions()
        parts = self.faults.branch(node, f"{self.name}: when", [c.name for c in CONDITIONS])
        plain = {f.name for f in fields(Conditions)} - {"now", "items", "partner", "phone"}
        values: dict[str, Any] = {}
        for key, part in parts.items():
            if key in plain:
                values[key] = self._plain(key, part)
        if "phone" in parts:
            values["phone"] = _text(parts["phone"])
        if partner := self._word(parts.get("partner"), PartnerOutcome):
            values["partner"] = PartnerOutcome(partner)
        if "time" in parts:
            values["now"] = self._time(parts["time"])
        if "item" in parts:
            values["items"] = self._item(parts["item"])
        return Conditions(**values)

    def _plain(self, key: str, node: Node) -> Any:
        """A flag, or a number of seconds."""
        value = node.value if isinstance(node, Leaf) else None
        number = key == "message_seconds"
        if isinstance(value, bool) is not number and isinstance(value, bool | int | float):
            return value
        self.faults.at(
            node.line, f"{self.name}: {key} must be {'a number of seconds' if number else 'true or false'}"
        )
        return getattr(Conditions(), key)

    def _time(self, node: Node) -> datetime:
        try:
            return datetime.fromisoformat(_text(node)).replace(tzinfo=CHINA)
        except ValueError:
            self.faults.at(node.line, f"{self.name}: time must be written as 2026-10-01T09:30")
            return Conditions().now

    def _item(self, node: Node) -> Mapping[str, Found]:
        """`phone` stands with a short code: the last four digits of the telephone, which open the day."""
        parts = self.faults.branch(node, f"{self.name}: item", ("number", "code", "phone", "state", "due"))
        text = {key: _text(part) for key, part in parts.items()}
        found = Found(text.get("state", "received"), text.get("due", ""))
        known = text.get("number", "") + text.get("code", "")
        if "phone" not in text:
            return {known: found}
        return {known: Found(found.state, state_only=True), known + text["phone"]: found}


def _text(node: Node) -> str:
    return node.text if isinstance(node, Leaf) else ""
