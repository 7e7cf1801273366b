"""Follow-up calls (回访): a row for each matter that is closed and asked about, and what was answered.

The row is made in the transaction that closes the item. Answers on the unit's side open the matter again in
the transaction that keeps them, and the next closing makes the next round. What is decided is decided by
core/followup.py; calls themselves are made by agents from the page, or by the survey.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.core import telephone
from gateway.core.followup import (
    OPEN,
    Answers,
    FollowUp,
    FollowUpQuery,
    FollowUpRow,
    FollowUpState,
    due_at,
    faults,
    is_asked,
    next_decent,
    opens_again,
    summary,
    verdict,
)
from gateway.core.followup_rules import FollowUpRules, rules_on
from gateway.core.item.contact import Person
from gateway.core.item.deadlines import Rules
from gateway.core.item.item import Item, ItemState
from gateway.core.item.notice import is_secret
from gateway.core.item.states import Event
from gateway.errors import BadContact, Conflict, NotFound
from gateway.intake.decisions import Act, Decisions
from gateway.intake.item_changes import ItemChanges
from gateway.storage import Transaction

ASKED = "asked"
"""The word of a timeline's entry for each call."""


class Try(StrEnum):
    """How a call ended that brought no answers."""

    NOT_REACHED = "not_reached"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class FollowUpPage:
    """Rows of a page, and how many there are in all."""

    rows: tuple[FollowUpRow, ...]
    count: int


class FollowUps:
    """The follow-up calls of one installation, whose closings make them from now on.

    `opened_again(t, call, reason, who)` is told, within the transaction, of a matter that is done again.
    """

    def __init__(self, changes: ItemChanges, rules: Rules, zone: ZoneInfo) -> None:
        self.changes = changes
        self._items = changes.items
        self.rows = changes.storage.follow_ups
        self._sets = rules.follow_ups
        self.calendar = rules.calendar
        self.zone = zone
        self._decisions = Decisions(changes, rules, zone)
        self.opened_again: Callable[[Transaction, FollowUp, str, str], bool] = lambda *_: False
        changes.at_closing(self.due_follow_up)

    # ------------------------------------------------------------ who is asked

    def due_follow_up(self, t: Transaction, item: Item, unit: str = "", order: int | None = None) -> None:
        """An item is closed in this transaction: somebody is called about it, if the rules want that.

        Called a second time it only writes down unit and order. Whoever was asked already is asked again
        only about what was done again for his answer.
        """
        rounds = self.rows.of_item(t, item.number)
        last = rounds[-1] if rounds else None
        now = self.changes.now()
        rules = self._rules(now)
        due = due_at(rules, now, self.calendar, self.zone)
        if last and last.state in OPEN:
            again = replace(
                last, closed_at=now, due_at=due, unit=unit or last.unit, order=order or last.order
            )
            self.rows.change(t, again, last.state)
        elif (last is None or last.again) and is_asked(rules, item.kind, item.number, len(rounds) + 1):
            person = self._items.person_of(t, item)
            if telephone.plain(person.phone):
                by_pbx = item.kind in rules.by_pbx and not is_secret(item)
                self.rows.add(
                    t,
                    FollowUp(
                        *(item.number, len(rounds) + 1, item.kind, now, due),
                        by_pbx=by_pbx,
                        unit=unit,
                        order=order,
                    ),
                )

    # ------------------------------------------------------------ looking

    def due_by(self, day: date) -> datetime:
        """The end of a day."""
        return datetime.combine(day + timedelta(days=1), time(), self.zone)

    async def page(self, query: FollowUpQuery) -> FollowUpPage:
        """Raises StorageDown."""
        return await self.changes.read(
            lambda t: FollowUpPage(self.rows.page(t, query), self.rows.count(t, query))
        )

    async def get(self, call_id: int) -> FollowUpRow:
        """Raises NotFound, StorageDown."""
        return await self.changes.read(lambda t: self._row(t, self._there(t, call_id)))

    async def person(self, call_id: int) -> Person:
        """Whom to call, a reporter too: for whoever may. Raises NotFound, StorageDown."""

        def known(t: Transaction) -> Person:
            return self._items.person_of(t, self._items.there(t, self._there(t, call_id).number))

        return await self.changes.read(known)

    async def of_item(self, number: str) -> tuple[FollowUp, ...]:
        return await self.changes.read(lambda t: self.rows.of_item(t, number))

    def rules_of(self, call: FollowUp) -> FollowUpRules:
        return self._rules(call.closed_at)

    @property
    def rules_now(self) -> FollowUpRules:
        return self._rules(self.changes.now())

    # ------------------------------------------------------------ what came of a call

    async def result(self, call_id: int, who: str, answers: Answers, call: str = "") -> FollowUpRow:
        """What the person answered. The same answers a second time change nothing.

        `call` is the id of the call in which he was asked. Raises NotFound, BadContact, Conflict.
        """
        row = await self.changes.write(lambda t: self._answered(t, call_id, who, answers, call))
        self.changes.tell("changed", row.item.number)
        return row

    async def tried(self, call_id: int, who: str, how: Try, text: str = "") -> FollowUpRow:
        """A call by an agent that brought no answers. Raises NotFound, Conflict."""

        def noted(t: Transaction) -> FollowUpRow:
            call = self._there(t, call_id)
            self._refuse_unless_open(t, call)
            now, rules = self.changes.now(), self.rules_of(call)
            after = replace(call, attempts=call.attempts + 1, tried_at=now, who=who, by_pbx=False)
            if how is Try.DECLINED:
                after, entry = replace(after, state=FollowUpState.DECLINED), "对方不愿接受回访"
            else:
                after, entry = self._not_reached(after, rules, now)
            return self._kept(t, call, after, who, "；".join(filter(None, (entry, text))))

        row = await self.changes.write(noted)
        self.changes.tell("changed", row.item.number)
        return row

    def _not_reached(self, call: FollowUp, rules: FollowUpRules, now: datetime) -> tuple[FollowUp, str]:
        entry = f"未接通（第{call.attempts}次）"
        if call.attempts >= rules.attempts:
            return replace(call, state=FollowUpState.UNREACHED), f"{entry}，不再回访"
        due = next_decent(rules, now + rules.again_after, self.calendar, self.zone)
        return replace(call, due_at=due), entry

    def _answered(
        self, t: Transaction, call_id: int, who: str, answers: Answers, call_made: str
    ) -> FollowUpRow:
        call = self._there(t, call_id)
        rules = self.rules_of(call)
        if wrong := tuple(faults(answers, rules)):
            raise BadContact(*wrong)
        reason = rules.reason(answers.reason)
        answers = replace(answers, reason=reason.id if reason else "")
        if call.state is FollowUpState.ANSWERED:
            if call.answers != answers:
                raise Conflict("该次回访已登记，且内容不同 / this call has other answers already")
            return self._row(t, call)
        self._refuse_unless_closed(t, call)
        after = replace(
            call,
            state=FollowUpState.ANSWERED,
            answers=answers,
            answered_at=self.changes.now(),
            who=who,
            call_id=call_made or call.call_id,
            verdict=verdict(answers, rules),
            again=opens_again(answers, call.round, rules),
        )
        self._kept(t, call, after, who, summary(answers, rules))
        if after.again and reason:
            self._open_again(t, after, who, f"回访不满意：{reason.zh}")
        return self._row(t, after)

    def _open_again(self, t: Transaction, call: FollowUp, who: str, reason: str) -> None:
        """The unit does its order again; without one the item lies in the queue again."""
        if not self.opened_again(t, call, reason, who):
            self._decisions.act_in(t, call.number, who, Act(Event.REOPEN, {"reason": reason}))

    def _kept(self, t: Transaction, before: FollowUp, after: FollowUp, who: str, entry: str) -> FollowUpRow:
        if not self.rows.change(t, after, before.state):
            raise Conflict("该次回访刚由他人登记 / somebody else has just written down this call")
        self.note(t, after, who, entry)
        return self._row(t, after)

    def note(self, t: Transaction, call: FollowUp, who: str, entry: str) -> None:
        """A line of the item's timeline."""
        self.changes.note(t, call.number, ASKED, who, f"第{call.round}次回访：{entry}")

    # ------------------------------------------------------------

    def _rules(self, at: datetime) -> FollowUpRules:
        return rules_on(self._sets, at.astimezone(self.zone).date())

    def _there(self, t: Transaction, call_id: int) -> FollowUp:
        call = self.rows.get(t, call_id)
        if call is None:
            raise NotFound
        return call

    def _row(self, t: Transaction, call: FollowUp) -> FollowUpRow:
        item = self._items.there(t, call.number)
        return FollowUpRow(call, item, is_secret(item))

    def _refuse_unless_closed(self, t: Transaction, call: FollowUp) -> None:
        if self._items.locked(t, call.number).state is not ItemState.CLOSED:
            raise Conflict("该件已重新办理，办结后再回访 / the matter was opened again")

    def _refuse_unless_open(self, t: Transaction, call: FollowUp) -> None:
        if call.state is not FollowUpState.DUE:
            raise Conflict("该次回访不在待办状态 / this call is not to be made now")
        self._refuse_unless_closed(t, call)
