"""Takes back the last thing that was done to an item: undone at once, or retracted later with a reason.

State, clocks, county and milestones are then what they were before it; decision and timeline keep what
was written, and say that it no longer stands. Called by matters.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.core.item.item import DoneAct, Item
from gateway.core.item.matter import Decision
from gateway.core.item.states import refuse_if_held_by_other
from gateway.core.item.steps import STEPS
from gateway.core.item.taking_back import check_retraction, check_undo, taken_back_text
from gateway.intake.clocks import Clocks
from gateway.intake.item_changes import ItemChanges, what_changed
from gateway.storage import Transaction


class TakingBack:
    """The acts of one installation."""

    def __init__(self, changes: ItemChanges, clocks: Clocks) -> None:
        self._changes = changes
        self._items = changes.items
        self._clocks = clocks

    async def undo(self, number: str, who: str) -> None:
        """By whoever did it, within seconds; nobody outside has been told. Raises NotFound, Conflict."""

        def undone(t: Transaction) -> None:
            item, now = self._items.locked(t, number), self._changes.now()
            act = check_undo(item, self._changes.acts.last_of(t, number), who, now)
            self._items.recall(t, number, now)
            self._put_back(t, item, act)
            self._items.set_lease(t, number, act.lease)
            self._write_down(t, number, "undone", who, taken_back_text(act))

        await self._changes.write(undone)
        self._changes.tell("changed", number)

    async def retract(self, number: str, who: str, reason: str) -> None:
        """A decision or closing that was wrong, with a reason, while nobody else holds the item.

        Raises NotFound, Conflict.
        """

        def retracted(t: Transaction) -> None:
            item, now = self._items.locked(t, number), self._changes.now()
            refuse_if_held_by_other(item.lease, who, now)
            act = check_retraction(item, self._changes.acts.last_of(t, number))
            self._items.recall(t, number, now)
            self._put_back(t, item, act)
            self._write_down(t, number, "retracted", who, taken_back_text(act, reason))
            self._changes.announce(t, number, what_changed("retracted", event=act.event))

        await self._changes.write(retracted)
        self._changes.tell("changed", number)

    def _put_back(self, t: Transaction, item: Item, act: DoneAct) -> None:
        number, links = item.number, self._changes.links
        self._items.set_state(t, number, act.before)
        if item.county != act.county:
            self._items.change(t, number, county=act.county)
        days, before = _of_events(links.days_of(t, number)), _of_events(act.milestones)
        links.unmark(t, number, [name for name in days if name not in before])
        for name, day in before.items():
            links.mark(t, number, name, day)
        if days != before:
            self._items.replace_dues(t, number, self._clocks.running(t, item, item.kind))
        self._changes.acts.take_back(t, act, self._changes.now())

    def _write_down(self, t: Transaction, number: str, what: str, who: str, text: str) -> None:
        self._changes.links.decide(t, number, Decision(self._changes.now(), what, who, text=text))
        self._changes.note(t, number, what, who, text)


def _of_events(days: Mapping[str, date]) -> dict[str, date]:
    """Without the steps that were written down by themselves: they stand, whatever is taken back."""
    return {name: day for name, day in days.items() if name not in STEPS}
