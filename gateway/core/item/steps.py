"""Steps of the law that somebody writes down on an item: a lead found, an extension approved, a case filed.

Each is a milestone of core/item/deadlines.py that starts or ends a clock. Pure: which steps an item's
rules know, and what has to be said with each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gateway.core.item.contact import Due, Kind
from gateway.core.item.deadlines import MILESTONE_NAMES, Milestone, RuleSet
from gateway.errors import BadContact, Conflict, FieldFault

M = Milestone

BY_HAND = (
    M.PARTIES_TOLD,
    M.LEAD_FOUND,
    M.CHECK_EXTENDED,
    M.FILING_DECIDED,
    M.REPORTER_TOLD,
    M.CASE_FILED,
    M.CASE_EXTENDED,
    M.CASE_DECIDED,
    M.COMPETENCE_DISPUTED,
    M.COMPETENCE_SETTLED,
)
"""What is written down as a step. The others follow from events of the item."""
STEPS = frozenset(step.value for step in (*BY_HAND, M.REPORTED_AGAIN))
"""Names of the milestones that no event of an item sets or takes back."""
APPROVED = frozenset({M.CHECK_EXTENDED, M.CASE_EXTENDED})
"""Extensions: who of the bureau's heads approved them is named."""
BRINGS: Mapping[Milestone, tuple[Milestone, ...]] = {M.CASE_FILED: (M.FILING_DECIDED,)}
"""What has happened with a step as well."""
ENDS: Mapping[Milestone, tuple[Milestone, ...]] = {M.COMPETENCE_DISPUTED: (M.COMPETENCE_SETTLED,)}
"""What no longer stands when a step is taken again."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step on a day; `approved_by` names the head who approved an extension."""

    milestone: Milestone
    on: date
    approved_by: str = ""
    text: str = ""

    @property
    def words(self) -> str:
        """What the timeline says of it."""
        head = f"批准人：{self.approved_by}" if self.approved_by else ""
        return "，".join(filter(None, (f"{self.on} {MILESTONE_NAMES[self.milestone][0]}", head, self.text)))


def steps_of(rules: RuleSet, kind: Kind) -> tuple[Milestone, ...]:
    """The steps that start or meet a clock of a kind under these rules."""
    clocks = [clock for clock in rules.clocks if kind in clock.kinds]
    used = {clock.starts_from for clock in clocks} | {met for clock in clocks for met in clock.met_by}
    return tuple(step for step in BY_HAND if step in used)


def check_step(
    step: Step, rules: RuleSet, kind: Kind, running: tuple[Due, ...], received: date, today: date
) -> None:
    """May this be written down? `running` are the clocks that nothing has met yet.

    Raises BadContact for a step that the rules do not have, a day that cannot be, an extension without
    approval; Conflict for an extension of what does not run any more.
    """
    if step.milestone not in (offered := steps_of(rules, kind)):
        ids, names = "、".join(offered), "、".join(MILESTONE_NAMES[step][0] for step in offered)
        raise BadContact(FieldFault("step", f"该件可登记：{names}", f"is one of: {ids.replace('、', ', ')}"))
    if not received <= step.on <= today:
        zh = f"应在 {received} 至 {today} 之间"
        raise BadContact(FieldFault("on", zh, f"is a day from {received} to {today}"))
    if step.milestone in APPROVED:
        _check_extension(step, rules, running)


def _check_extension(step: Step, rules: RuleSet, running: tuple[Due, ...]) -> None:
    if not step.approved_by:
        zh = "延长须经部门负责人批准，请填写批准人"
        raise BadContact(FieldFault("approved_by", zh, "names the head who approved the extension"))
    prolonged = {clock.extends for clock in rules.clocks if clock.starts_from is step.milestone}
    due = next((due for due in running if due.clock in prolonged), None)
    if due is None:
        raise Conflict("没有可延长的期限 / no clock runs that this would extend")
    if step.on > due.on:
        zh = f"期限已于 {due.on} 届满，不能再批准延长"
        raise BadContact(FieldFault("on", zh, f"the time ended on {due.on}: it cannot be extended any more"))
