"""Writes down the steps of the law on an item, and what a repeated report does to the clocks of the first."""

from __future__ import annotations

from datetime import date

from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Milestone
from gateway.core.item.item import Item, ItemState
from gateway.core.item.matter import Decision
from gateway.core.item.states import TERMINAL, refuse_if_held_by_other
from gateway.core.item.steps import BRINGS, ENDS, Step, check_step
from gateway.errors import Conflict
from gateway.intake.clocks import Clocks
from gateway.intake.item_changes import ItemChanges, what_changed
from gateway.storage import Transaction

ENDED = TERMINAL | {ItemState.ANSWERED, ItemState.NOT_ACCEPTED}
AGAIN = Milestone.REPORTED_AGAIN.value


class LegalSteps:
    """The steps of one installation's items."""

    def __init__(self, changes: ItemChanges, clocks: Clocks) -> None:
        self._changes = changes
        self._clocks = clocks

    async def take(self, number: str, who: str, step: Step) -> None:
        """A step with its day, while nobody else holds the item. Raises NotFound, Conflict, BadContact."""

        def taken(t: Transaction) -> None:
            item, now = self._changes.items.locked(t, number), self._changes.now()
            if item.state is ItemState.MERGED:
                raise Conflict(f"该件已并入 {item.merged_into} / is merged into {item.merged_into}")
            refuse_if_held_by_other(item.lease, who, now)
            received = self._clocks.day(item.received_at)
            running = self._clocks.running(t, item, item.kind)
            rules, today = self._clocks.rules_on(received), self._clocks.day(now)
            check_step(step, rules, item.kind, running, received, today)
            self._mark(t, item, step)
            self._changes.links.decide(t, number, Decision(now, step.milestone.value, who, text=step.words))
            self._changes.note(t, number, "step", who, step.words)
            self._changes.announce(t, number, what_changed("step", step=step.milestone.value))

        await self._changes.write(taken)
        self._changes.tell("changed", number)

    def _mark(self, t: Transaction, item: Item, step: Step) -> None:
        links = self._changes.links
        links.unmark(t, item.number, [ended.value for ended in ENDS.get(step.milestone, ())])
        links.mark_anew(t, item.number, step.milestone.value, step.on)
        for milestone in BRINGS.get(step.milestone, ()):
            links.mark(t, item.number, milestone.value, step.on)
        self._run(t, item)

    # ------------------------------------------------------------ a report that came again (Article 35)

    def joined(self, t: Transaction, item: Item, into: Item, who: str, new_facts: bool) -> None:
        """Before a report goes into an earlier one. With new facts the earlier one's period starts anew from
        the last receipt; without, it is not handled again. Raises Conflict."""
        if new_facts:
            self._check_joining(t, item, into)
            last = max(self._clocks.day(item.received_at), *self._again(t, into))
            self._changes.links.mark_anew(t, into.number, AGAIN, last)
            self._changes.note(t, into.number, "reported_again", who, item.number)
            self._run(t, into)
        elif item.kind is into.kind is Kind.REPORT:
            self._changes.note(t, item.number, "not_handled_again", who, into.number)

    def parted(self, t: Transaction, item: Item) -> None:
        """After a report was taken out again: the period starts from the last of those that stay."""
        into = self._changes.items.locked(t, item.merged_into)
        if AGAIN not in self._changes.links.days_of(t, into.number):
            return
        self._changes.links.unmark(t, into.number, (AGAIN,))
        staying = [
            other
            for entry in self._changes.items.past_of(t, into.number)
            if entry.what == "reported_again"
            and entry.text != item.number
            and (other := self._changes.items.there(t, entry.text)).merged_into == into.number
        ]
        if staying:
            last = max(self._clocks.day(other.received_at) for other in staying)
            self._changes.links.mark(t, into.number, AGAIN, last)
        self._run(t, into)

    def _check_joining(self, t: Transaction, item: Item, into: Item) -> None:
        if item.kind is not Kind.REPORT or into.kind is not Kind.REPORT:
            raise Conflict("只有举报可以补充新事实并入 / only a report is joined with new facts")
        days = self._changes.links.days_of(t, into.number)
        decided = Milestone.FILING_DECIDED.value in days and Milestone.CASE_FILED.value not in days
        if into.state in ENDED or decided:
            raise Conflict(
                "前一举报已处理完毕，补充新事实的应另行处理"
                " / the earlier report is done with: new facts are handled by themselves"
            )

    def _again(self, t: Transaction, into: Item) -> tuple[date, ...]:
        day = self._changes.links.days_of(t, into.number).get(AGAIN)
        return (day,) if day else (self._clocks.day(into.received_at),)

    def _run(self, t: Transaction, item: Item) -> None:
        self._changes.items.replace_dues(t, item.number, self._clocks.running(t, item, item.kind))
