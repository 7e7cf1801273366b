"""Papers of reports: files of the item that belong to one, and a report on paper of a unit without accounts,
which the centre types in. Called by order_actions.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time

from gateway.cases.order_changes import OrderChanges, OrderOutcome, not_between
from gateway.core.item.item import Item
from gateway.core.order.order import Order, Report
from gateway.errors import FieldFault
from gateway.storage import Transaction

TYPED = "纸质报告 {day} 收到，{who} 代为录入"
NOON = time(12)


class Papers:
    """Checks what papers a report names, and counts one on paper from the day on which it came."""

    def __init__(self, changes: OrderChanges) -> None:
        self._changes = changes

    def faults(self, t: Transaction, order: Order, report: Report, today: date) -> list[FieldFault]:
        """What is wrong with a report's papers."""
        return [*self.of_item(t, order, report), *self._received(t, order, report, today)]

    def of_item(self, t: Transaction, order: Order, report: Report) -> Iterator[FieldFault]:
        """Files are put beside the item before a report names them."""
        files = self._changes.items.items.attachments_of(t, order.number) if report.files else ()
        if not {file.sha256 for file in files}.issuperset(report.files):
            yield FieldFault("files", "附件不在本事项中，请重新添加", "must be files of this item")

    def _received(self, t: Transaction, order: Order, report: Report, today: date) -> Iterator[FieldFault]:
        """A day of receipt is for units that work on paper, and lies between the assignment and today."""
        day = report.received_on
        if day is None:
            return
        unit = self._changes.tree(t).get(order.unit)
        first = self._changes.day(order.since)
        if unit is not None and unit.online:
            yield FieldFault(
                "received_on", "该单位在线办理，应自行上报", "this unit works online and reports by itself"
            )
        else:
            yield from not_between("received_on", day, first, today)

    def on_paper(self, t: Transaction, done: OrderOutcome, item: Item, report: Report) -> OrderOutcome:
        """The order as reported on the day on which the paper came."""
        day = report.received_on
        assert day is not None
        noon = datetime.combine(day, NOON, self._changes.zone).astimezone(UTC)
        order = replace(done.order, reported_at=min(self._changes.now(), noon))
        detail = {"unit": order.unit, "received_on": day.isoformat(), "signed_by": report.signed_by}
        audit = self._changes.storage.audit
        audit.happened(t, "order.typed_report", order.number, detail, self._changes.now())
        text = f"{done.text}（{TYPED.format(day=day, who=report.who)}）"
        facts = {**(done.facts or {}), "received_on": day.isoformat(), "typed_by": report.who}
        return OrderOutcome(order, text, facts, self._came_in_time(t, order, item, day))

    def _came_in_time(self, t: Transaction, order: Order, item: Item, day: date) -> bool:
        """Was the order late at no time until then? Lateness that was noted since does not count."""
        clock = self._changes.clock(order, item)
        if day > clock.due or clock.late_from_start:
            return False
        events = self._changes.rows.events_of(t, order.id)
        noted = [self._changes.day(entry.at) for entry in events if entry.event == "late"]
        return all(late > day for late in noted) and (bool(noted) or not order.ever_late)
