"""What a person sees of his own matter: its course in plain words, the papers that are wanted, the answer.

Made from the item, its timeline and its decisions. Notes, names and words between offices never come into
it. Of a report only what Order 121, Articles 34 to 37, allow: that it came, where it went, what the reporter
is asked, and the result where a law says that he is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from gateway.core.item.contact import Due, Kind
from gateway.core.item.deadlines import Milestone, Rules, RuleSet
from gateway.core.item.item import Happened, Item, ItemState, PublicStep
from gateway.core.item.matter import Decision
from gateway.core.item.notice import REPLIED, is_secret
from gateway.core.item.pause import Pause
from gateway.core.item.states import EVENT_NAMES, TABLE, Event

T = TypeVar("T")
NO_RESULT = (
    "该举报已处理。依照《市场监督管理投诉举报处理办法》第三十六条，法律、法规、规章规定应当告知处理结果的，另行告知。",
    "It has been dealt with. By Article 36 the result is told where a law, regulation or rule says so.",
)
"""What stands in place of the result of a report that no law wants told."""
PLAIN: Mapping[str, tuple[str, str]] = {
    Event.WAIT_FOR_PAPERS.value: ("请您补充材料", "Papers are wanted from you"),
    Event.PAPERS_CAME.value: ("材料已收到，继续办理", "The papers are here; it goes on"),
    Event.ANSWER.value: ("已答复", "Answered"),
    Event.WITHDRAW.value: ("已撤回，不再办理", "Withdrawn"),
    Event.COMPLETE.value: ("已办结", "Closed"),
    Event.REOPEN.value: ("已重新办理", "Taken up again"),
    Event.MERGE.value: ("已与您的同一事项合并办理", "Dealt with together with the same matter"),
    Event.END_MEDIATION.value: ("已终止调解", "The mediation has ended"),
    REPLIED: ("工作人员回复", "We wrote to you"),
    "follow_up": ("已收到您的补充", "We have what you added"),
    "retracted": ("此前的决定已撤回，继续办理", "What was decided before was retracted; it goes on"),
}
UNDONE, RETRACTED = "undone", "retracted"
TAKEN_BACK = frozenset({UNDONE, RETRACTED})
"""Entries that take back the event whose Chinese name their text begins with: core/item/taking_back.py."""
EVENT_WORDS: Mapping[str, str] = {event.value: names[0] for event, names in EVENT_NAMES.items()}
FROM_TIMELINE = frozenset({"follow_up", REPLIED, Event.COMPLETE.value, Event.MERGE.value})
"""Words of the timeline that are no decision and that the person may know of."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An item with all that its public view is made of; `days` are those of its milestones, `pauses` what
    its clocks do not count."""

    item: Item
    past: Sequence[Happened]
    decisions: Sequence[Decision]
    received_day: date
    days: Mapping[str, date]
    pauses: Sequence[Pause] = ()


def standing(given: Seen) -> Seen:
    """Without what was undone or retracted, in decisions and timeline."""
    decisions = _standing(given.decisions, lambda decision: (decision.event, decision.text))
    past = _standing(given.past, lambda entry: (entry.what, entry.text))
    return replace(given, decisions=decisions, past=past)


def _standing(entries: Sequence[T], said: Callable[[T], tuple[str, str]]) -> list[T]:
    kept: list[T] = []
    for entry in entries:
        what, text = said(entry)
        if what in TAKEN_BACK:
            undone = (
                earlier
                for earlier in reversed(kept)
                if EVENT_WORDS.get(said(earlier)[0]) == text.partition("：")[0]
            )
            if (last := next(undone, None)) is not None:
                kept.remove(last)
        if what != UNDONE:
            kept.append(entry)
    return kept


def steps_of(seen: Seen, rules: Rules) -> tuple[PublicStep, ...]:
    """The course of a matter, its beginning first."""
    order = rules.on(seen.received_day)
    clocks = {due.clock: due for due in rules.due(seen.item.kind, seen.received_day, seen.days, seen.pauses)}
    steps = [_received(seen, order, clocks)]
    steps += (
        _decided(seen, decision, rules, clocks)
        for decision in seen.decisions
        if _is_told(seen.item, decision.event)
    )
    steps += _noted(seen)
    return tuple(sorted(steps, key=lambda step: step.at))


def wanted_papers(seen: Seen) -> str:
    """The papers that are wanted now, "" when none are."""
    if seen.item.state is not ItemState.WAITING:
        return ""
    lists_of_papers = (
        decision.told for decision in reversed(seen.decisions) if decision.event == Event.WAIT_FOR_PAPERS
    )
    return next(lists_of_papers, "")


def answer_of(seen: Seen) -> str:
    """The answer as it stands, "" when there is none or it is not to be told."""
    open_again = (ItemState.RECEIVED, ItemState.IN_WORK)
    if seen.item.state in open_again:
        return ""
    answers = (decision.told for decision in reversed(seen.decisions) if decision.event == Event.ANSWER)
    return next(answers, "")


def may_withdraw(item: Item) -> bool:
    """May the person take it back himself? The breach of law that a report tells of is looked at anyway."""
    return item.kind is not Kind.REPORT and Event.WITHDRAW in TABLE[item.state]


def shown_respondent(item: Item) -> str:
    """Whom it is about, so that somebody with several matters knows which this is."""
    return "" if is_secret(item) else item.respondent.name


# ------------------------------------------------------------------ steps


def _received(seen: Seen, order: RuleSet, clocks: Mapping[str, Due]) -> PublicStep:
    due = _due(order, clocks, met_by=Milestone.ACCEPTED)
    zh, en = ("已登记", "Received")
    if due:
        zh, en = f"已登记，{_day(due)}前告知是否受理", f"Received; accepted or not by {due.on}"
    return PublicStep(seen.item.received_at, "received", zh, en)


def _is_told(item: Item, event: str) -> bool:
    """Acceptance and mediation belong to complaints; that a bureau sent it back is told to nobody."""
    if event in (Event.ACCEPT, Event.REFUSE_ACCEPTANCE, Event.END_MEDIATION):
        return item.kind is not Kind.REPORT
    return event == Event.HAND_OVER or event in PLAIN


def _decided(seen: Seen, decision: Decision, rules: Rules, clocks: Mapping[str, Due]) -> PublicStep:
    order = rules.on(seen.received_day)
    text = decision.told
    match decision.event:
        case Event.ACCEPT:
            zh, en = _accepted(
                _bureau(rules, seen.item.county), _due(order, clocks, starts=Milestone.ACCEPTED)
            )
        case Event.HAND_OVER:
            bureau = _bureau(rules, decision.county)
            zh, en = f"已转交{bureau[0]}办理", f"Handed over to {bureau[1] or 'the bureau in charge'}"
        case Event.REFUSE_ACCEPTANCE:
            zh, en = "不予受理", "Not accepted"
        case _:
            zh, en = PLAIN[decision.event]
    if decision.event == Event.ANSWER and seen.item.kind is Kind.REPORT and not text:
        return PublicStep(decision.at, decision.event, zh, en, *NO_RESULT)
    ended = decision.event == Event.END_MEDIATION
    grounds = order.ending_mediation if ended else order.non_acceptance
    ground = grounds.numbered(decision.ground) if decision.ground is not None else None
    if ground:
        basis = f"{decision.basis}第（{ground.number}）项"
        return PublicStep(decision.at, decision.event, zh, en, ground.zh, ground.en, basis)
    return PublicStep(decision.at, decision.event, zh, en, text, text)


def _accepted(bureau: tuple[str, str], due: Due | None) -> tuple[str, str]:
    zh, en = "已受理", "Accepted"
    if bureau[0]:
        zh, en = f"{zh}，由{bureau[0]}办理", f"{en}; dealt with by {bureau[1]}"
    if due:
        zh, en = f"{zh}，调解于{_day(due)}前结束", f"{en}; the mediation ends by {due.on}"
    return zh, en


def _noted(seen: Seen) -> Iterator[PublicStep]:
    for entry in seen.past:
        if entry.what in FROM_TIMELINE:
            zh, en = PLAIN[entry.what]
            text = entry.text if entry.what == REPLIED else ""
            yield PublicStep(entry.at, entry.what, zh, en, text, text)


def _bureau(rules: Rules, county: str) -> tuple[str, str]:
    return next((division.bureau for division in rules.divisions if division.code == county), ("", ""))


def _due(
    order: RuleSet,
    clocks: Mapping[str, Due],
    *,
    starts: Milestone | None = None,
    met_by: Milestone | None = None,
) -> Due | None:
    """The last day of the clock that starts with, or is met by, a milestone."""
    fitting = (c.name for c in order.clocks if (c.starts_from is starts if starts else met_by in c.met_by))
    return next((clocks[name] for name in fitting if name in clocks), None)


def _day(due: Due) -> str:
    guess = "（暂定）" if due.provisional else ""
    return f"{due.on.year}年{due.on.month}月{due.on.day}日{guess}"
