"""The written report of a unit and the answer for the person: checked, approved, told, and the item closed.

Only the approved answer is told, by the notices of every other decision; the report itself stays inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.cases.order_changes import SYSTEM, OrderChanges, OrderOutcome
from gateway.core.item.catalogue import Claim
from gateway.core.item.contact import Kind
from gateway.core.item.item import Item, ItemState
from gateway.core.item.notice import REPLIED
from gateway.core.item.states import STATE_NAMES, Event, move
from gateway.core.order.handling import Handling, Named, named
from gateway.core.order.order import Order, OrderState, Report
from gateway.errors import BadContact, Conflict, FieldFault, NotFound
from gateway.intake.item_changes import what_changed
from gateway.storage import Transaction

DECIDED = frozenset({ItemState.NOT_ACCEPTED, ItemState.ANSWERED})
"""The person has been told a decision; an answer goes to him beside it."""
ANSWERABLE = frozenset({ItemState.HANDED_OVER, ItemState.ACCEPTED, ItemState.IN_WORK})
CloseListener = Callable[[Transaction, Item, "Order | None"], None]
"""Called in the transaction in which an item is closed, with the order that it was closed by."""
PAGE = 100


class Answering:
    """Reports and answers of one installation. `close_listeners` are called for each item that is closed."""

    def __init__(self, changes: OrderChanges) -> None:
        self._changes = changes
        self._rows = changes.rows
        self.close_listeners: list[CloseListener] = []

    # ------------------------------------------------------------ the report

    def check(self, report: Report, item: Item, rules: Handling) -> Claim:
        """The result that the report names. Raises BadContact with every fault."""
        results = rules.results[item.kind]
        result = named(results, report.result.strip())
        faults = [] if result else [_one_of("result", results, report.result)]
        faults += (
            FieldFault(name, "必填", "is required")
            for name in _required(item, report)
            if not getattr(report, name).strip()
        )
        faults += self.too_long(report, rules)
        if report.basis and named(self._changes.rules.report_results, report.basis) is None:
            faults.append(_one_of("basis", self._changes.rules.report_results, report.basis))
        if faults or result is None:
            raise BadContact(*faults)
        return result

    def too_long(self, report: Report, rules: Handling) -> list[FieldFault]:
        most = rules.longest_report
        return [
            FieldFault(name, f"最多 {most} 字", f"has at most {most} characters")
            for name in ("text", "answer")
            if len(getattr(report, name)) > most
        ]

    # ------------------------------------------------------------ approving

    def approve(self, t: Transaction, order: Order, item: Item, who: str, text: str) -> OrderOutcome:
        """The order is closed, the item answered. Raises Conflict where the item cannot be."""
        report = self._rows.reports_of(t, order.id)[-1]
        changes = self._changes
        approved = replace(order, state=OrderState.APPROVED, disputed_on=None)
        closed = replace(approved, state=OrderState.CLOSED, closed_at=changes.now())
        self._rows.change(t, order, closed)
        self._answer(t, item, who, report)
        changes.write_down(t, approved, "approve", who, text)
        return OrderOutcome(closed, "", {"result": report.result})

    def _answer(self, t: Transaction, item: Item, who: str, report: Report) -> None:
        """By the notice of an answer, or, where a decision was told before, by a reply beside it."""
        changes = self._changes
        if item.state in ANSWERABLE:
            words = {"text": report.answer or report.text, "basis": report.basis}
            changes.decisions.happen(t, item, who, Event.ANSWER, words)
        elif item.state in DECIDED:
            if report.answer and item.kind is not Kind.REPORT:
                changes.items.note(t, item.number, REPLIED, who, report.answer)
                changes.items.announce(t, item.number, what_changed(REPLIED, told=report.answer))
        else:
            zh, en = STATE_NAMES[item.state]
            raise Conflict(f"「{zh}」状态不能答复 / {en}: cannot be answered")

    # ------------------------------------------------------------ closing

    async def close_told(self) -> int:
        """Close the items whose answer has gone out; how many were closed."""
        closed, after = 0, 0
        while page := await self._changes.items.read(lambda t: self._rows.told(t, after, PAGE)):  # noqa: B023
            for order_id, number in page:
                try:
                    done = await self._changes.items.write(lambda t: self._close(t, order_id, number))  # noqa: B023
                except NotFound:  # its term is over and it is gone
                    continue
                if done:
                    self._changes.items.tell("changed", number)
                    closed += 1
            after = page[-1][0]
        return closed

    def _close(self, t: Transaction, order_id: int, number: str) -> bool:
        item = self._changes.items.items.locked(t, number)
        order = self._rows.locked(t, order_id)
        if order.state is not OrderState.CLOSED or order.told_at is not None or item.state not in DECIDED:
            return False
        changes = self._changes.items
        state = move(item.state, Event.COMPLETE)
        changes.done(t, item, Event.COMPLETE, SYSTEM, state)
        changes.note(t, number, Event.COMPLETE.value, SYSTEM, "答复已告知")
        changes.items.set_lease(t, number, None)
        changes.items.set_state(t, number, state)
        changes.announce(t, number)
        return True

    def item_closed(self, t: Transaction, item: Item) -> None:
        """An item is closed, by whomever: enter it in its order's history and call the close listeners."""
        orders = self._rows.of_item(t, item.number)
        order = orders[-1] if orders and orders[-1].state is OrderState.CLOSED else None
        if order is not None and order.told_at is None:
            answered = replace(order, told_at=self._changes.now())
            self._rows.change(t, order, answered)
            order = answered
        for listener in self.close_listeners:
            listener(t, item, order)


def _required(item: Item, report: Report) -> tuple[str, ...]:
    """After a decision there need not be an answer. A reporter (举报人) is answered where a law says so,
    which `basis` names: then never by the report's own text, which stays inside."""
    silent = not report.basis if item.kind is Kind.REPORT else item.state in DECIDED
    return ("text", "signed_by") if silent else ("text", "answer", "signed_by")


def _one_of(name: str, entries: Sequence[Named], word: str) -> FieldFault:
    zh = "、".join(entry.zh for entry in entries)
    en = ", ".join(entry.id for entry in entries)
    if not word.strip():
        return FieldFault(name, f"必填，应为以下之一：{zh}", f"is required: one of {en}")
    return FieldFault(name, f"应为以下之一：{zh}", f"is one of: {en}")
