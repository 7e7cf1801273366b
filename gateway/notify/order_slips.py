"""Letters to units without accounts: an order, and what the centre says of it; by mail, else by fax.

Composes only. What may travel is told by core/order/paper.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.core.item.contact import Kind
from gateway.core.item.delivery import MAIL, Draft
from gateway.core.item.item import Item
from gateway.core.item.referral import FIELD_NAMES
from gateway.core.item.sms import MOBILE
from gateway.core.order.order import Order
from gateway.core.order.paper import CodeWay, fields_of
from gateway.core.order.states import ORDER_EVENT_NAMES, URGENCY_NAMES
from gateway.core.telephone import comparable
from gateway.core.unit import Unit
from gateway.mail.automatic import OWN_LOOP
from gateway.mail.thread import Marks
from gateway.notify.letterhead import KINDS
from gateway.notify.sms import SMS

FAX = "fax"
SUBJECTS: Mapping[str, str] = {
    "assign": "【{hotline}】工单 {id}，请于 {due} 前办结",
    "pass_down": "【{hotline}】工单 {id}，请于 {due} 前办结",
    "send_back": "【{hotline}】工单 {id} 退回补正",
    "decide_extension": "【{hotline}】工单 {id} 延期审批",
    "uphold": "【{hotline}】工单 {id} 维持派单",
    "do_again": "【{hotline}】工单 {id} 重新办理",
    "take_back": "【{hotline}】工单 {id} 已收回，无需办理",
    "cancel": "【{hotline}】工单 {id} 已作废，无需办理",
}
ENDED = ("take_back", "cancel")


@dataclass(frozen=True, slots=True)
class SlipFrom:
    """Who writes. `ways` are those that are set up, `counties` the Chinese names of divisions by code."""

    centre: str
    hotline: str
    sender: str
    marks: Marks
    ways: Collection[str]
    counties: Mapping[str, str] = field(default_factory=dict)


class OrderSlips:
    """`OrderLetters` of gateway/cases/offline.py."""

    def __init__(self, head: SlipFrom, link: Callable[[str], str]) -> None:
        """`link` gives the address of the reply page from its path, "" without a public address."""
        self._head = head
        self._link = link

    def drafts(
        self, order: Order, item: Item, unit: Unit, event: str, text: str, path: str, at: datetime
    ) -> tuple[Draft, ...]:
        """One letter by the first way that leads to the unit; none when there is none."""
        ways = self._possible(CodeWay(MAIL, unit.mail), CodeWay(FAX, unit.fax))
        return tuple(
            self._draft(way.way, way.address, order, item, unit, event, text, path, at) for way in ways[:1]
        )

    def code(self, order: Order, way: CodeWay, code: str, at: datetime) -> Draft:
        """The code that the reply page asks for; a short message has but the code."""
        key = f"order-code:{order.id}:{_stamp(at)}"
        if way.way == SMS:
            text = f"【{self._head.hotline}】工单 {order.id} 验证码 {code}，15 分钟内有效，请勿转告他人。"
            return Draft(key, SMS, way.address, {"text": text}, "")
        content = {
            "subject": f"【{self._head.hotline}】工单 {order.id} 验证码",
            "text": f"工单 {order.id} 的验证码 code：{code}\n15 分钟内有效，只能使用一次，请勿转告他人。\n"
            "Valid for 15 minutes, once. Do not pass it on.\n",
        }
        return self._mail(key, way.address, order, content, way.way)

    def code_ways(self, unit: Unit) -> tuple[CodeWay, ...]:
        """The first mobile telephone among those on duty, and the mail address, as far as such is sent; where
        there is neither, the fax number."""
        mobile = next((phone for phone in map(comparable, unit.phones) if MOBILE.fullmatch(phone)), "")
        ways = self._possible(CodeWay(SMS, mobile), CodeWay(MAIL, unit.mail))
        return ways or self._possible(CodeWay(FAX, unit.fax))

    def _possible(self, *ways: CodeWay) -> tuple[CodeWay, ...]:
        return tuple(way for way in ways if way.address and way.way in self._head.ways)

    def _draft(
        self,
        way: str,
        address: str,
        order: Order,
        item: Item,
        unit: Unit,
        event: str,
        text: str,
        path: str,
        at: datetime,
    ) -> Draft:
        subject = SUBJECTS[event].format(hotline=self._head.hotline, id=order.id, due=order.due)
        body = "\n".join([*self._lines(order, item, unit, event, text, path, way == FAX), ""])
        key = f"{way}:order:{order.id}:{event}:{_stamp(at)}"
        return self._mail(key, address, order, {"subject": subject, "text": body}, way)

    def _mail(
        self, key: str, address: str, order: Order, content: Mapping[str, str], way: str = MAIL
    ) -> Draft:
        chance = "o" + "".join(filter(str.isalnum, key))
        domain = self._head.sender.rpartition("@")[2]
        message_id = self._head.marks.message_id(order.number, chance, domain)
        whole = {**content, "message_id": message_id, "auto_submitted": "auto-generated", OWN_LOOP: "1"}
        return Draft(key, way, address, whole, message_id.strip("<>"))

    def _lines(
        self, order: Order, item: Item, unit: Unit, event: str, text: str, path: str, personal: bool
    ) -> list[str]:
        lines = [f"{self._head.centre} 工单 / work order", "", f"工单号 order：{order.id}"]
        lines += [f"登记编号 number：{order.number}", f"承办单位 unit：{unit.zh}"]
        zh, en = ORDER_EVENT_NAMES_TOLD.get(event, ("派单", "assigned"))
        lines += [f"事由 what：{zh} / {en}"] if event not in ("assign", "pass_down") else []
        lines += [f"说明 said：{text}"] if text else []
        if event in ENDED:
            return lines
        lines += [
            f"办理期限 due：{order.due}",
            f"紧急程度 urgency：{' / '.join(URGENCY_NAMES[order.urgency.value])}",
        ]
        lines += [f"派单说明 note：{order.note}"] if order.note and order.note != text else []
        lines += ["", *(self._field(name, value) for name, value in fields_of(item, personal))]
        if link := self._link(path):
            lines += ["", f"签收、退回、书面上报请打开 sign, return, report: {link}"]
            lines += [
                "打开时需输入发到本单位手机、邮箱或传真的验证码"
                " / it asks for a code sent to the unit's telephone, mail or fax"
            ]
        return lines

    def _field(self, name: str, value: str) -> str:
        zh, en = FIELD_NAMES[name]
        if name == "county":
            value = self._head.counties.get(value, value)
        return f"{zh} {en}：{' / '.join(KINDS[Kind(value)]) if name == 'kind' else value}"


ORDER_EVENT_NAMES_TOLD = {event.value: names for event, names in ORDER_EVENT_NAMES.items()}


def _stamp(at: datetime) -> str:
    return f"{at.timestamp() * 1000:.0f}"
