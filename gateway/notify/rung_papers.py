"""What a unit and those above it are sent of a rung of supervision: reminder, 催办通知书, 督办单.

Composes only. A paper names the order and its item by number, kind and days; nothing of the person and
nothing of what was told is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from gateway.core.item.delivery import MAIL, Draft
from gateway.core.item.item import Item
from gateway.core.item.number import spaced
from gateway.core.item.states import KIND_NAMES
from gateway.core.order.ladder import RungWay
from gateway.core.order.order import Order
from gateway.core.order.rungs import TITLES, Contact, FiredRung
from gateway.core.order.states import URGENCY_NAMES
from gateway.mail.automatic import OWN_LOOP
from gateway.notify.fax import FAX
from gateway.notify.letterhead import Letterhead

SYSTEM = "system"


class RungPapers:
    """`ways` are those that are set up; `unit_page` is the address of the units' page, "" without one."""

    def __init__(self, head: Letterhead, ways: frozenset[str], unit_page: str = "") -> None:
        self._head = head
        self._ways = ways
        self._unit_page = unit_page

    def drafts(
        self,
        fired: FiredRung,
        order: Order,
        item: Item,
        contacts: tuple[Contact, ...],
        ways: tuple[RungWay, ...],
        today: date,
    ) -> Iterator[tuple[str, Draft]]:
        """Deliveries, each with the words of the ledger that tell of it."""
        unit = next((contact.unit.zh for contact in contacts if contact.unit.id == order.unit), order.unit)
        subject, text = self.paper(fired, order, item, unit, today)
        for contact in contacts:
            for way, address in ((MAIL, contact.mail), (FAX, contact.fax)):
                if address and way in self._ways and way in {wanted.value for wanted in ways}:
                    yield f"{way} {contact.whom.value}", self._draft(fired, way, address, subject, text)

    def paper(self, fired: FiredRung, order: Order, item: Item, unit: str, today: date) -> tuple[str, str]:
        """Subject and text."""
        title = TITLES[fired.rung]
        head = f"【{self._head.hotline}】{title}：{item.number}（{unit}）"
        return head, "\n".join(self._lines(fired, order, item, unit, today, title))

    def _lines(
        self, fired: FiredRung, order: Order, item: Item, unit: str, today: date, title: str
    ) -> Iterator[str]:
        yield f"{self._head.centre}　{title}"
        if fired.sheet:
            yield fired.sheet
        yield ""
        yield f"承办单位：{unit}"
        yield f"登记编号：{spaced(item.number)}　　工单：{order.id}"
        yield f"类别：{KIND_NAMES[item.kind][0]}　　紧急程度：{URGENCY_NAMES[order.urgency.value][0]}"
        if order.due:
            yield f"办理期限：{order.due}{_late(order.due, today)}"
        if order.legal_due:
            yield f"法定期限：{order.legal_due}"
        if fired.due:
            yield f"要求办结：{fired.due}"
        yield ""
        yield fired.text
        yield ""
        at = fired.at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")
        yield f"{self._head.centre}　{at}" + ("" if fired.who == SYSTEM else f"　签发：{fired.who}")
        if self._unit_page:
            yield f"登录办理：{self._unit_page}"

    @property
    def _zone(self) -> ZoneInfo:
        return self._head.zone

    def _draft(self, fired: FiredRung, way: str, address: str, subject: str, text: str) -> Draft:
        key = f"{way}:rung:{fired.id}:{address}"
        content = {"subject": subject, "text": text}
        if way == FAX:
            return Draft(key, way, address, {"text": text})
        domain = self._head.sender.rpartition("@")[2]
        chance = f"s{fired.id}x{sum(address.encode())}"
        message_id = self._head.marks.message_id(fired.number, chance, domain)
        content |= {"message_id": message_id, "auto_submitted": "auto-generated", OWN_LOOP: "1"}
        if self._head.inbox:
            content["reply_to"] = self._head.marks.answer_address(fired.number, self._head.inbox)
        return Draft(key, way, address, content, message_id.strip("<>"))


def _late(due: date, today: date) -> str:
    return f"（已逾期 {(today - due).days} 天）" if today > due else ""
