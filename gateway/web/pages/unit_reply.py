"""/order/…: where a unit without accounts replies to an order, by its signed link and a code.

The link alone shows nothing of the matter. After the code the page stays open in that browser for half an
hour. It needs no JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from aiohttp import web

from gateway.cases.offline import Opened
from gateway.cases.order_actions import OrderInput
from gateway.cases.orders import OrderDetail
from gateway.core.item.catalogue import Claim
from gateway.core.item.contact import Kind
from gateway.core.item.referral import FIELD_NAMES
from gateway.core.item.states import KIND_NAMES
from gateway.core.item.written import amount
from gateway.core.order.handling import in_force
from gateway.core.order.order import OrderEntry, Report
from gateway.core.order.paper import CODE_LENGTH, CODE_MINUTES, CodeResult, CodeWay, Standing, fields_of
from gateway.core.order.states import ORDER_EVENT_NAMES, ORDER_PAST_NAMES, ORDER_STATE_NAMES, OrderEvent
from gateway.errors import BadContact, Conflict, FieldFault, NotPossible
from gateway.web.pages.pages import Look, Pages

OPEN_SECONDS = 1800
MOST_YUAN = 10**12
COOKIE = "order_reply"
Words = tuple[str, str]
SHUT: Mapping[Standing, Words] = {
    Standing.EXPIRED: (
        "此链接已过期。请与 12315 中心联系，由中心重新发送。",
        "This link has expired. Ask the centre to send another.",
    ),
    Standing.ELSEWHERE: (
        "此工单已不在贵单位办理，此链接不能再打开。",
        "The order has gone to another unit: this link opens it no more.",
    ),
    Standing.OVER: (
        "此工单已结束或已收回，无需办理。",
        "The order is over or was taken back.",
    ),
}
WAY_NAMES: Mapping[str, Words] = {
    "sms": ("手机", "telephone"),
    "mail": ("邮箱", "mail address"),
    "fax": ("传真", "fax"),
}
CODES: Mapping[CodeResult, Words] = {
    CodeResult.WRONG: ("验证码不正确", "the code is wrong"),
    CodeResult.USED: ("此验证码已使用过，请重新发送", "this code was used already: have another sent"),
    CodeResult.LATE: ("此验证码已失效，请重新发送", "this code is no longer good: have another sent"),
    CodeResult.NONE: ("请先发送验证码", "have a code sent first"),
    CodeResult.LOCKED: ("输错次数过多，请重新发送验证码", "wrong too often: have another code sent"),
}


class ReplyDesk(Protocol):
    """cases/offline.py. Every method may raise StorageDown."""

    async def open(self, name: str, token: str) -> Opened:
        """Raises NotFound for a link that is not ours."""

    async def send_code(self, opened: Opened, way: CodeWay) -> None:
        """Raises Conflict when there are too many."""

    async def enter(self, opened: Opened, code: str) -> CodeResult: ...

    async def act(self, opened: Opened, event: OrderEvent, values: OrderInput) -> OrderDetail:
        """Raises NotFound, NotPossible, Conflict, BadContact."""


class UnitReplyPage:
    """Serves the one page, and takes what is sent from it."""

    def __init__(self, pages: Pages, desk: ReplyDesk) -> None:
        self._pages = pages
        self._desk = desk

    def add(self, app: web.Application) -> None:
        path = "/order/{name:[^/]+}.{token:[a-z0-9]+}"
        self._pages.add(app, "GET", path, self.shown)
        self._pages.add(app, "POST", path, self.sent)

    async def shown(self, request: web.Request, look: Look) -> web.StreamResponse:
        opened = await self._opened(request)
        if opened.standing is not Standing.OPEN:
            return self._shut(look, opened)
        return self._order(look, opened) if self._is_in(request, opened) else self._door(look, opened)

    async def sent(self, request: web.Request, look: Look) -> web.StreamResponse:
        opened = await self._opened(request)
        fields = await self._pages.fields(request)
        self._pages.speak(look, fields)
        if opened.standing is not Standing.OPEN:
            return self._shut(look, opened)
        match fields.get("step"):
            case "send":
                return await self._send(look, opened, fields.get("way", ""))
            case "code":
                return await self._enter(request, look, opened, fields.get("code", ""))
        if not self._is_in(request, opened):
            return self._door(look, opened, fault=("请先输入验证码", "give the code first"))
        return await self._act(request, look, opened, fields)

    async def _opened(self, request: web.Request) -> Opened:
        return await self._desk.open(request.match_info["name"], request.match_info["token"])

    # ------------------------------------------------------------ the door

    async def _send(self, look: Look, opened: Opened, name: str) -> web.StreamResponse:
        """By the way of the button that was pressed; without a name by the first that there is."""
        way = next((way for way in opened.ways if name in (way.way, "")), None)
        if way is None:
            return self._door(look, opened)
        try:
            await self._desk.send_code(opened, way)
        except Conflict as error:
            return self._door(look, opened, fault=_both(error.detail))
        return self._door(look, opened, sent=True, to=masked(way))

    async def _enter(self, request: web.Request, look: Look, opened: Opened, code: str) -> web.StreamResponse:
        result = await self._desk.enter(opened, code.strip())
        if result is not CodeResult.RIGHT:
            return self._door(look, opened, fault=CODES[result], sent=True)
        answer = web.Response(status=303, headers={"Location": request.path})
        held = self._pages.seals.wrap(COOKIE, {"link": str(opened.link)}, self._pages.now())
        answer.set_cookie(
            *(COOKIE, held),
            max_age=OPEN_SECONDS,
            path="/order/",
            httponly=True,
            samesite="Strict",
            secure=self._pages.public_url.startswith("https:"),
        )
        return answer

    def _is_in(self, request: web.Request, opened: Opened) -> bool:
        """Was the code of this very link given in this browser, within half an hour?"""
        text = request.cookies.get(COOKIE, "")
        held = self._pages.seals.unwrap(COOKIE, text, self._pages.now(), OPEN_SECONDS)
        return held is not None and held.get("link") == str(opened.link)

    def _door(
        self, look: Look, opened: Opened, *, fault: Words | None = None, sent: bool = False, to: str = ""
    ) -> web.Response:
        return self._show(
            look,
            opened,
            422 if fault else 200,
            ways=[(way.way, look.t(*WAY_NAMES[way.way]), masked(way)) for way in opened.ways],
            to=to,
            fault=look.t(*fault) if fault else "",
            sent=sent,
            part="door",
        )

    def _shut(self, look: Look, opened: Opened) -> web.Response:
        return self._show(look, opened, 410, part="shut", said=look.t(*SHUT[opened.standing]))

    # ------------------------------------------------------------ the order

    async def _act(
        self, request: web.Request, look: Look, opened: Opened, fields: Mapping[str, str]
    ) -> web.StreamResponse:
        faults: dict[str, Words] = {}
        try:
            event = OrderEvent(fields.get("event", ""))
            await self._desk.act(opened, event, _entered(event, fields))
            return self._done(request, look, await self._opened(request), event)
        except ValueError:
            faults["event"] = ("请选择一项", "choose one of these")
        except BadContact as error:
            faults = {f.field: (f.zh, f.en) for f in error.faults}
        except NotPossible as error:
            faults["event"] = _both(error.detail)
        except Conflict as error:
            faults["event"] = _both(error.detail)
        return self._order(look, opened, fields, faults, status=422)

    def _done(
        self, request: web.Request, look: Look, opened: Opened, event: OrderEvent
    ) -> web.StreamResponse:
        if opened.standing is not Standing.OPEN:
            return self._show(look, opened, part="done", said=look.t(*ORDER_EVENT_NAMES[event]))
        return self._order(look, opened, done=look.t(*ORDER_EVENT_NAMES[event]))

    def _order(
        self,
        look: Look,
        opened: Opened,
        fields: Mapping[str, str] = {},
        faults: Mapping[str, Words] = {},
        *,
        done: str = "",
        status: int = 200,
    ) -> web.Response:
        assert opened.whole
        item, order = opened.whole.item.item, opened.whole.shown.order
        rules = in_force(self._pages.public.rules.handling, order.begun_on)
        asked = [
            (look.t(*FIELD_NAMES[name]), self._value(look, name, text))
            for name, text in fields_of(item, True)
        ]
        return self._show(
            look,
            opened,
            status,
            part="order",
            order=order,
            state=look.t(*ORDER_STATE_NAMES[order.state]),
            asked=asked,
            trace=[look.half(step) for step in opened.whole.shown.clock.trace],
            acts=[event.value for event in opened.acts],
            names={event.value: look.t(*ORDER_EVENT_NAMES[event]) for event in opened.acts},
            reasons=_choices(look, rules.return_reasons),
            results=_choices(look, rules.results.get(item.kind, ())),
            past=[self._past(look, entry) for entry in opened.whole.events[-5:]],
            fields=fields,
            faults={name: look.t(*words) for name, words in faults.items()},
            done=done,
        )

    def _value(self, look: Look, name: str, text: str) -> str:
        if name == "county":
            known = next((d for d in self._pages.public.rules.divisions if d.code == text), None)
            return look.of(known) if known else text
        return look.t(*KIND_NAMES[Kind(text)]) if name == "kind" else text

    def _past(self, look: Look, entry: OrderEntry) -> tuple[str, str, str]:
        """A line of the order's history: what, the words, when."""
        names = ORDER_PAST_NAMES.get(entry.event, (entry.event, entry.event))
        return look.t(*names), entry.text, f"{entry.at.astimezone(self._pages.zone):%Y-%m-%d %H:%M}"

    def _show(self, look: Look, opened: Opened, status: int = 200, **held: Any) -> web.Response:
        headers = {"Cache-Control": "no-store"}
        return self._pages.show(
            *(look, "unit_reply.html", status, headers),
            opened=opened,
            minutes=CODE_MINUTES,
            digits=CODE_LENGTH,
            **held,
        )


def _entered(event: OrderEvent, fields: Mapping[str, str]) -> OrderInput:
    """What was typed. Raises BadContact for an amount or a number of days that is none."""
    given = {name: text.strip() for name, text in fields.items()}
    if event is OrderEvent.REPORT:
        return OrderInput(report=_report(given))
    days = given.get("days", "")
    if event is OrderEvent.ASK_EXTENSION and not (days.isascii() and days.isdigit() and len(days) < 4):
        raise BadContact(FieldFault("days", "请填写工作日数", "say how many working days"))
    return OrderInput(text=given.get("word", ""), reason=given.get("reason", ""), days=int(days or 0))


def _report(given: Mapping[str, str]) -> Report:
    return Report(
        result=given.get("result", ""),
        text=given.get("text", ""),
        answer=given.get("answer", ""),
        amount_in_dispute=_amount("amount_in_dispute", given),
        amount_recovered=_amount("amount_recovered", given),
        signed_by=given.get("signed_by", ""),
    )


def _amount(name: str, given: Mapping[str, str]) -> int | None:
    text = given.get(name, "")
    if not text:
        return None
    value = amount(text)
    if value is None or value < 0 or value != round(value, 2) or value >= MOST_YUAN:
        raise BadContact(FieldFault(name, "请填写金额，如 199.90", "is no amount, such as 199.90"))
    return int(value.scaleb(2))


def _choices(look: Look, entries: tuple[Claim, ...]) -> list[tuple[str, str]]:
    return [(entry.id, look.of(entry)) for entry in entries]


def _both(detail: str) -> Words:
    zh, _, en = detail.partition(" / ")
    return zh, en or zh


def masked(way: CodeWay) -> str:
    """Enough of an address or number to know it by."""
    name, _, domain = way.address.partition("@")
    return f"{name[:2]}***@{domain}" if domain else f"{name[:3]}****{name[-4:]}"
