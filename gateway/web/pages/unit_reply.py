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
from gateway.core.item.contact import Evidence
from gateway.core.item.referral import FIELD_NAMES
from gateway.core.item.written import amount
from gateway.core.order.handling import in_force
from gateway.core.order.order import OrderEntry, Report
from gateway.core.order.paper import CODE_LENGTH, CODE_MINUTES, CodeResult, CodeWay, Standing, fields_of
from gateway.core.order.states import ORDER_EVENT_NAMES, ORDER_PAST_NAMES, ORDER_STATE_NAMES, OrderEvent
from gateway.errors import BadContact, Conflict, FieldFault, NotPossible
from gateway.web.http.addresses import address_of
from gateway.web.http.uploads import EVIDENCE, MULTIPART, Sent
from gateway.web.pages.item_value import item_value
from gateway.web.pages.look import Look
from gateway.web.pages.pages import KEPT, Pages

OPEN_SECONDS = 1800
MOST_YUAN = 10**12
COOKIE = "order_reply"
OF_DOOR = ("step", "code", "way", "lang", KEPT)
"""Fields of the form that asks for the code, or of one form alone."""
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


LABELS: Mapping[str, Words] = {
    "event": ("操作", "Act"),
    "reason": ("退回原因", "Reason"),
    "word": ("说明", "In words"),
    "days": ("延长的工作日数", "Working days more"),
    "why": ("延期原因", "Why"),
    "result": ("办理结果", "Result"),
    "text": ("办理情况（不对外）", "What was done; stays inside"),
    "answer": ("对群众的答复（审核后告知）", "The answer for the person, told once it is approved"),
    "amount_in_dispute": ("争议金额（元）", "Yuan in dispute"),
    "amount_recovered": ("挽回经济损失（元）", "Yuan recovered"),
    EVIDENCE: ("随报告提交的附件", "Files of the report"),
    "signed_by": ("签发人", "Signed by"),
}
"""The fields of the page's forms."""
FIELD_OF: Mapping[tuple[OrderEvent, str], str] = {
    (OrderEvent.RETURN, "text"): "word",
    (OrderEvent.ASK_EXTENSION, "reason"): "why",
    (OrderEvent.REPORT, "files"): EVIDENCE,
}
"""What a field of an act is called on the page, where that is not its own name."""


class ReplyDesk(Protocol):
    """cases/offline.py. Every method may raise StorageDown."""

    async def open(self, name: str, token: str) -> Opened:
        """Raises NotFound for a link that is not ours."""

    async def send_code(self, opened: Opened, way: CodeWay) -> None:
        """Raises Conflict when there are too many."""

    async def enter(self, opened: Opened, code: str) -> CodeResult: ...

    async def act(
        self, opened: Opened, event: OrderEvent, values: OrderInput, files: tuple[Evidence, ...] = ()
    ) -> OrderDetail:
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
        return self._order(look, opened) if self._is_in(request, opened) else self._code_form(look, opened)

    async def sent(self, request: web.Request, look: Look) -> web.StreamResponse:
        opened = await self._opened(request)
        if request.content_type != MULTIPART:
            fields = await self._pages.fields(request)
            return await self._taken(request, look, opened, Sent(tuple(fields.items())))
        async with self._pages.uploads.receive(request, address_of(request)) as sent:
            return await self._taken(request, look, opened, await self._pages.with_held(sent))

    async def _taken(
        self, request: web.Request, look: Look, opened: Opened, sent: Sent
    ) -> web.StreamResponse:
        fields = dict(sent.fields)
        self._pages.speak(look, fields)
        if opened.standing is not Standing.OPEN:
            return self._shut(look, opened)
        match fields.get("step"):
            case "send":
                return await self._send(look, opened, fields)
            case "code":
                return await self._enter(request, look, opened, fields)
        if not self._is_in(request, opened):
            held = await self._hold(sent)
            return self._code_form(
                look, opened, fields | held, fault=("请先输入验证码", "give the code first")
            )
        return await self._act(request, look, opened, sent)

    async def _opened(self, request: web.Request) -> Opened:
        return await self._desk.open(request.match_info["name"], request.match_info["token"])

    # ------------------------------------------------------------ the code

    async def _send(self, look: Look, opened: Opened, fields: Mapping[str, str]) -> web.StreamResponse:
        """By the way of the button that was pressed; without a name by the first that there is."""
        name = fields.get("way", "")
        way = next((way for way in opened.ways if name in (way.way, "")), None)
        if way is None:
            return self._code_form(look, opened, fields)
        try:
            await self._desk.send_code(opened, way)
        except Conflict as error:
            return self._code_form(look, opened, fields, fault=_both(error.detail))
        return self._code_form(look, opened, fields, sent=True, to=masked(way))

    async def _enter(
        self, request: web.Request, look: Look, opened: Opened, fields: Mapping[str, str]
    ) -> web.StreamResponse:
        result = await self._desk.enter(opened, fields.get("code", "").strip())
        if result is not CodeResult.RIGHT:
            return self._code_form(look, opened, fields, fault=CODES[result], sent=True)
        answer = web.Response(status=303, headers={"Location": request.path})
        if "event" in fields:  # what was typed before the code was asked for anew
            answer = self._order(look, opened, fields, kept=await self._kept(fields))
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

    def _code_form(
        self,
        look: Look,
        opened: Opened,
        fields: Mapping[str, str] = {},
        *,
        fault: Words | None = None,
        sent: bool = False,
        to: str = "",
    ) -> web.Response:
        """`fields` are what was typed of the order, which the forms on this page carry along."""
        carried = {name: text for name, text in fields.items() if name not in OF_DOOR}
        return self._show(
            look,
            opened,
            422 if fault else 200,
            ways=[(way.way, look.t(*WAY_NAMES[way.way]), masked(way)) for way in opened.ways],
            carried=carried if "event" in carried else {},
            to=to,
            fault=look.t(*fault) if fault else "",
            sent=sent,
            part="code",
        )

    def _shut(self, look: Look, opened: Opened) -> web.Response:
        return self._show(look, opened, 410, part="shut", said=look.t(*SHUT[opened.standing]))

    # ------------------------------------------------------------ the order

    async def _act(self, request: web.Request, look: Look, opened: Opened, sent: Sent) -> web.StreamResponse:
        fields = dict(sent.fields)
        faults = {f.field: (f.zh, f.en) for f in sent.faults}
        if sent.refusal:
            faults[EVIDENCE] = _both(sent.refusal.detail or f"{sent.refusal.zh} / {sent.refusal.en}")
        faults = faults or await self._faults(opened, fields, sent)
        if not faults:
            if KEPT in fields:
                await self._pages.uploads.let_go(self._pages.renewed(fields.get("pass", "")).key)
            return self._done(request, look, await self._opened(request), OrderEvent(fields["event"]))
        fields |= await self._hold(sent)
        status = sent.refusal.status if sent.refusal else 422
        return self._order(look, opened, fields, faults, status=status, kept=await self._kept(fields))

    async def _faults(self, opened: Opened, fields: Mapping[str, str], sent: Sent) -> dict[str, Words]:
        """Why the act was not taken; nothing when it was."""
        try:
            event = OrderEvent(fields.get("event", ""))
        except ValueError:
            return {"event": ("请选择一项", "choose one of these")}
        try:
            files = tuple(file.evidence for file in sent.files) if event is OrderEvent.REPORT else ()
            await self._desk.act(opened, event, _entered(event, fields), files)
        except BadContact as error:
            return {FIELD_OF.get((event, f.field), f.field): (f.zh, f.en) for f in error.faults}
        except (NotPossible, Conflict) as error:
            return {"event": _both(error.detail)}
        return {}

    async def _hold(self, sent: Sent) -> dict[str, str]:
        """Keep the files until the form comes again; the pass by which they are found."""
        passed = self._pages.renewed(dict(sent.fields).get("pass", ""))
        await self._pages.hold(sent, passed)
        return {"pass": passed.text}

    async def _kept(self, fields: Mapping[str, str]) -> tuple[str, ...]:
        """The names of the files that are held for a form."""
        key = self._pages.renewed(fields.get("pass", "")).key
        return tuple(file.name for file in await self._pages.uploads.held(key))

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
        kept: tuple[str, ...] = (),
    ) -> web.Response:
        assert opened.whole
        item, order = opened.whole.item.item, opened.whole.shown.order
        rules = in_force(self._pages.public.rules.handling, order.begun_on)
        asked = [
            (look.t(*FIELD_NAMES[name]), item_value(look, self._pages.public.rules.divisions, name, text))
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
            labels=LABELS,
            done=done,
            kept=kept,
            passed=self._pages.renewed(fields.get("pass", "")),
        )

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
    reason = given.get("why" if event is OrderEvent.ASK_EXTENSION else "reason", "")
    return OrderInput(text=given.get("word", ""), reason=reason, days=int(days or 0))


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
