"""A file of flow test cases in ivr_flows/cases/: its fields and conditions, declared once.

Checks and the tables in the docs come from the models; they build the core's cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from gateway.core.flow.cases import Case
from gateway.core.flow.commands import Found, PartnerOutcome
from gateway.core.flow.simulation import CHINA, Conditions, Outcome
from gateway.core.item.contact import Kind
from gateway.core.yaml_tree import Faults, Node
from gateway.field_rules import fault
from gateway.rules.yaml_models import Flag, Items, Part, Table, Text, Word, read_table, sound


def _written(data: Any) -> str:
    return str(data) if isinstance(data, Word) else ""


def _words(data: Any) -> tuple[str, ...]:
    """A list of words; a single word may stand without a list around it."""
    words = data if isinstance(data, Items) else [data]
    if not all(isinstance(word, Word) for word in words):
        raise fault("must be a list of words")
    return tuple(str(word) for word in words)


def _seconds(data: Any) -> float:
    value = data.leaf.value if isinstance(data, Word) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise fault("must be a number of seconds")


def _time(data: Any) -> datetime:
    try:
        return datetime.fromisoformat(_written(data)).replace(tzinfo=CHINA)
    except ValueError as error:
        raise fault("must be written as 2026-10-01T09:30") from error


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Written = Annotated[str, BeforeValidator(_written)]


class ItemPart(Part):
    number: Written = ""
    code: Written = ""
    phone: Written | None = None
    state: Written = "received"
    due: Written = ""

    def built(self) -> Mapping[str, Found]:
        """`phone` belongs to a short code: the telephone's last four digits, which open the day."""
        key, outcome = self.number + self.code, Found(self.state, self.due)
        if self.phone is None:
            return {key: outcome}
        return {key: Found(self.state, state_only=True), key + self.phone: outcome}


class ConditionsPart(Part):
    after_hours: Flag = Field(default=False, description="Every `hours` step finds the centre closed.")
    no_agent: Flag = Field(default=False, description="Nobody is signed in.")
    queue_full: Flag = Field(default=False, description="Too many are waiting.")
    long_wait: Flag = Field(default=False, description="No agent gets free within the longest wait.")
    time: Annotated[datetime, BeforeValidator(_time)] | None = Field(
        default=None, description="The moment of the call, as 2026-10-01T09:30 (centre's time)."
    )
    workday: Flag = Field(default=True, description="Is that day a workday? true if not given.")
    phone: Written = Field(default="", description='The number he calls from; "" when it is withheld.')
    message_seconds: Annotated[float, BeforeValidator(_seconds)] = Field(
        default=12.0, description="Length of the message he leaves; 0: he says nothing."
    )
    rates: Flag = Field(default=False, description="Calls are rated after a talk (`queue.rate_calls`).")
    disk_full: Flag = Field(default=False, description="Messages and answers cannot be saved.")
    partner: PartnerOutcome = Field(
        default=PartnerOutcome.TALKED,
        description=f"How a call to a partner goes: {', '.join(PartnerOutcome)}.",
    )
    locked: Flag = Field(default=False, description="This caller has used up his attempts at progress.")
    item: ItemPart = Field(
        default=ItemPart(),
        description="`{number: …, code: …, state: …, due: …}`: the one item that can be looked up.",
    )

    def built(self) -> Conditions:
        """What is not given is as in any simulation."""
        values = {name: getattr(self, name) for name in self.model_fields_set}
        if "time" in values:
            values["now"] = values.pop("time")
        if "item" in values:
            values["items"] = values.pop("item").built()
        return Conditions(**values)


class CaseEntry(Table):
    WHAT = "{}"

    keys: Words = Field(
        (), description='What the caller does at each question: digits, "" for silence, hangup.'
    )
    when: ConditionsPart = Field(ConditionsPart(), description="Conditions, see below.")
    hears: Words = Field(
        (), description="Prompt ids that must be heard in this order; others may stand between."
    )
    never_hears: Words = Field((), description="Prompt ids that must not be heard.")
    ends: Outcome | None = Field(None, description=f"The outcome: {', '.join(Outcome)}.")
    passes: Words = Field((), description="Steps (flow/step) that must be taken in this order.")
    kind: Kind | None = Field(
        None, description="What the caller wants by his keys: complaint, report or question."
    )

    @classmethod
    def place(cls, what: str, names: list[str]) -> str:
        return ": ".join((what, *names))

    def built(self, flow: str, name: str, file: str, line: int) -> Case:
        fields = {field: getattr(self, field) for field in CaseEntry.model_fields}
        world = fields.pop("when").built()
        return Case(flow, name, file, line, world=world, **fields)


class CaseFile(Table):
    WHAT = "the cases"
    flow: Text
    cases: dict[str, CaseEntry]

    @classmethod
    def place(cls, what: str, names: list[str]) -> str:
        return ".".join(names) or what

    @classmethod
    def missing(cls, what: str, names: list[str]) -> str:
        return "`flow: NAME` and `cases:` are needed"


def parse_cases(tree: Node | None, faults: Faults) -> tuple[Case, ...]:
    """The cases of one file; faults for what does not fit."""
    file = read_table(CaseFile, tree, faults) if tree else None
    if file is None:
        return ()
    lines = file.key_lines("cases")
    return tuple(
        case.built(file.flow, name, faults.file, lines[name]) for name, case in sound(file.cases).items()
    )
