"""What a person has after handing in: the receipt with number, code and legal dates, and its slip as a PDF.

A browser keeps its receipt for ten minutes and the numbers of what it handed in for longer; both are sealed.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from aiohttp import web

from gateway.core.item import number as numbers
from gateway.core.item.contact import Due, Kind
from gateway.core.item.number import spaced
from gateway.errors import NotAllowed, NotFound
from gateway.web.http.addresses import address_of
from gateway.web.http.fields import Text
from gateway.web.http.models import RequestModel
from gateway.web.http.reading import page_query
from gateway.web.pages.look import Look
from gateway.web.pages.pages import KINDS, Pages
from gateway.web.pages.slip import Slip, pdf

RECEIPT = "receipt"
RECEIPT_SECONDS = 600
SUBMISSION = "s"  # in the receipt's address: without it the cookie opens nothing
BEFORE = "sent"
BEFORE_SECONDS = 90 * 86400
REMEMBERED = 10
NEEDS_PHONE = "请先填写登记电话的后四位 / give the last four digits of the telephone number first"


class SubmissionAsked(RequestModel):
    """Whose receipt an address means; `s` is SUBMISSION."""

    s: Annotated[str, Text(64)] = ""


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """What a person is told after handing in: all that stands on receipt and slip."""

    number: str
    code: str
    kind: str
    received_at: datetime
    due: tuple[Due, ...]

    def plain(self) -> dict[str, Any]:
        days = [[due.clock, due.on.isoformat(), due.provisional, due.basis] for due in self.due]
        return {
            "n": self.number,
            "c": self.code,
            "k": self.kind,
            "at": self.received_at.timestamp(),
            "d": days,
        }

    @classmethod
    def of(cls, held: dict[str, Any]) -> ReceiptView:
        days = tuple(
            Due(clock, date.fromisoformat(on), guess, basis) for clock, on, guess, basis in held["d"]
        )
        return cls(held["n"], held["c"], held["k"], datetime.fromtimestamp(held["at"], UTC), days)


class ReceiptPage:
    """The receipt, its slip, and what a browser keeps of what it handed in."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", "/report/done", self.done)
        self._pages.add(app, "GET", "/report/slip", self.slip)
        self._pages.add(app, "POST", "/report/slip", self.slip_again)

    def sent_before(self, request: web.Request) -> tuple[str, ...]:
        """The items that this browser handed in: what proves that it is the same person."""
        seals, now = self._pages.seals, self._pages.now()
        kept = seals.unwrap(BEFORE, request.cookies.get(BEFORE, ""), now, BEFORE_SECONDS) or {}
        return tuple(number for number in kept.get("n", ()) if isinstance(number, str))

    def handed_in(
        self, request: web.Request, look: Look, receipt: ReceiptView, before: tuple[str, ...]
    ) -> web.Response:
        """On to the receipt; a browser that keeps no cookies gets it at once."""
        if not request.cookies.get("form"):
            return self._receipt(look, receipt)
        mark = secrets.token_urlsafe(16)
        response = web.Response(status=303, headers={"Location": f"/report/done?{SUBMISSION}={mark}"})
        self._keep(request, response, RECEIPT, {**receipt.plain(), SUBMISSION: mark}, RECEIPT_SECONDS)
        sent = () if receipt.kind == Kind.REPORT.value else (receipt.number,)
        own = [*sent, *(number for number in before if number != receipt.number)][:REMEMBERED]
        self._keep(request, response, BEFORE, {"n": own}, BEFORE_SECONDS)
        return response

    def _keep(
        self, request: web.Request, response: web.Response, name: str, held: dict[str, Any], seconds: int
    ) -> None:
        """Seal something into a cookie of the form's pages."""
        response.set_cookie(
            name,
            self._pages.seals.wrap(name, held, self._pages.now()),
            max_age=seconds,
            path="/report",
            httponly=True,
            samesite="Lax",
            secure=self._pages.is_safe(request),
        )

    def _held(self, request: web.Request) -> ReceiptView:
        """The receipt of the submission in the address, which this browser must hold as well: neither the
        address alone nor a browser that somebody else uses now shows it. Raises NotFound."""
        held = self._pages.seals.unwrap(
            RECEIPT, request.cookies.get(RECEIPT, ""), self._pages.now(), RECEIPT_SECONDS
        )
        mark = page_query(SubmissionAsked, request.query.items()).s
        if held is None or not hmac.compare_digest(held.get(SUBMISSION, "-").encode(), mark.encode()):
            raise NotFound("请凭编号和查询码在查询页查看 / look it up by number and query code")
        return ReceiptView.of(held)

    async def done(self, request: web.Request, look: Look) -> web.StreamResponse:
        return self._receipt(look, self._held(request))

    def _receipt(self, look: Look, receipt: ReceiptView) -> web.Response:
        return self._pages.show(
            look,
            "done.html",
            told=receipt,
            number=spaced(receipt.number),
            kind=look.t(*KINDS[receipt.kind]),
            received=self.moment(look, receipt.received_at),
            due=[(self.clock(look, due), due) for due in receipt.due],
        )

    async def slip(self, request: web.Request, look: Look) -> web.StreamResponse:
        return await self._printed(look, self._held(request))

    async def slip_again(self, request: web.Request, look: Look) -> web.StreamResponse:
        """For whoever has number and code. Raises NotFound for wrong ones, TooMany."""
        fields = await self._pages.fields(request)
        number, code = numbers.normal(fields.get("number", "")), fields.get("code", "").strip()
        asker, phone = f"web:{address_of(request)}", fields.get("phone", "")
        state = await self._pages.intake.public_state(number, code, asker, phone)
        if state is None:
            raise NotFound("编号或查询码不正确 / number or code is wrong")
        if state.kind is None or state.received_at is None:
            raise NotAllowed(NEEDS_PHONE)
        return await self._printed(
            look, ReceiptView(number, code, state.kind.value, state.received_at, state.due)
        )

    async def _printed(self, look: Look, receipt: ReceiptView) -> web.Response:
        slip = self._slip(look, receipt)
        body = await asyncio.to_thread(pdf, slip)
        headers = {"Content-Disposition": f'inline; filename="12315-{receipt.number}.pdf"'}
        return web.Response(body=body, content_type="application/pdf", headers=headers)

    def _slip(self, look: Look, receipt: ReceiptView) -> Slip:
        t, centre = look.t, self._pages.public.centre
        kind = t(*KINDS.get(receipt.kind, ("来件", "Contact")))
        days = tuple((self.clock(look, due), _day_text(look, due)) for due in receipt.due)
        address = f"{self._pages.public_url or str(look.request.url.origin())}/track?number={receipt.number}"
        return Slip(
            title=centre.name,
            heading=t(f"{kind}登记回执", f"Receipt: {kind}"),
            rows=(
                (t("编号", "Number"), spaced(receipt.number)),
                (t("查询码", "Query code"), receipt.code),
                (t("收到时间", "Received"), self.moment(look, receipt.received_at)),
                *days,
            ),
            notes=(
                t(
                    "扫码或拨打热线，凭编号和查询码查询进度、补充材料。",
                    "Scan, or call, to follow it or add evidence.",
                ),
                t("请勿将查询码告诉他人。", "Tell nobody else the query code."),
                t(f"电话 {centre.number}", f"Telephone {centre.number}"),
            ),
            address=address,
            language=t("zh-CN", "en"),
        )

    def clock(self, look: Look, due: Due) -> str:
        """The name of a legal clock, from the rules."""
        for order in self._pages.public.rules.sets[::-1]:
            for clock in order.clocks:
                if clock.name == due.clock:
                    return look.of(clock)
        return due.clock

    def moment(self, look: Look, at: datetime) -> str:
        here = at.astimezone(self._pages.zone)
        return f"{look.day(here.date())} {here:%H:%M}"


def _day_text(look: Look, due: Due) -> str:
    return look.day(due.on) + (look.t("（暂定）", " (provisional)") if due.provisional else "")
