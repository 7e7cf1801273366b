"""/track: the course of an item for whoever has its number and query code: what was done, which papers are
wanted, the answer in full. Words and files are added here at any state, and a matter is withdrawn.

A wrong number and a wrong code are answered alike; the answer comes the later, the more wrong tries
there were. A four-digit code shows the state, and the rest with the telephone's last four digits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from aiohttp import web
from pydantic import Field

from gateway.core.item import number as numbers
from gateway.core.item import written
from gateway.core.item.contact import Kind
from gateway.core.item.item import PublicState
from gateway.core.item.number import spaced
from gateway.core.item.states import STATE_NAMES, Event
from gateway.errors import Conflict, FieldFault, GatewayError, TooMany, Unavailable
from gateway.web.http.addresses import address_of
from gateway.web.http.fields import Text
from gateway.web.http.form_reading import read_form
from gateway.web.http.models import RequestModel
from gateway.web.http.reading import page_query
from gateway.web.http.uploads import EVIDENCE, Sent
from gateway.web.pages.look import Look
from gateway.web.pages.pages import HONEYPOT, KEPT, KINDS, Aged, Pages
from gateway.web.pages.receipt import ReceiptPage


class Addition(RequestModel):
    """What may be said with more evidence."""

    text: Annotated[str, Text(20000, lines=True, spelling=written.text)] = Field(
        default="", description="补充说明 / a word"
    )


class TrackAsked(RequestModel):
    """What the address of the page says: a number that stands in the form already."""

    number: Annotated[str, Text(40)] = ""


class Withdrawals(Protocol):
    """What is needed of gateway/intake/matters.py."""

    async def withdraw_by_person(self, number: str, reason: str) -> None:
        """Raises Conflict where it cannot be withdrawn any more, NotFound, StorageDown."""


class TrackPage:
    """Looking up, adding, withdrawing. `receipts` names the clocks."""

    def __init__(self, pages: Pages, receipts: ReceiptPage, withdrawals: Withdrawals | None = None) -> None:
        self._pages = pages
        self._receipts = receipts
        self._withdrawals = withdrawals

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", "/track", self.empty)
        self._pages.add(app, "POST", "/track", self.look_up)
        self._pages.add(app, "POST", "/track/evidence", self.append)
        if self._withdrawals:
            self._pages.add(app, "POST", "/track/withdraw", self.withdraw)

    async def empty(self, request: web.Request, look: Look) -> web.StreamResponse:
        return self._ask(look, page_query(TrackAsked, request.query.items()).number)

    async def look_up(self, request: web.Request, look: Look) -> web.StreamResponse:
        fields = await self._pages.fields(request)
        self._pages.speak(look, fields)
        number = fields.get("number", "")
        state = await self._state(request, fields)
        if state is None:
            return self._ask(look, number[:40], wrong=True)
        if state.state_only:
            return self._only(look, state, fields)
        return self._item(look, state, fields)

    async def append(self, request: web.Request, look: Look) -> web.StreamResponse:
        """More evidence, or a word; once, however often it is sent."""
        async with self._pages.uploads.receive(request, address_of(request)) as sent:
            fields = dict(sent.fields)
            self._pages.speak(look, fields)
            state = await self._state(request, fields)
            if state is None:
                return self._ask(look, fields.get("number", "")[:40], wrong=True)
            if state.state_only:
                return self._only(look, state, fields, 403)
            sent = await self._pages.with_held(sent)
            faults, refused = _faults(sent), sent.refusal
            if not faults and refused is None:
                try:
                    passed = await self._pages.passed(sent)
                    if passed:
                        files = tuple(file.evidence for file in sent.files)
                        text = written.text(fields.get("text", "")).strip()
                        await self._pages.intake.append(
                            state.number, f"form:{passed.key}", text, files, "web"
                        )
                        if any(name == KEPT for name, _ in sent.fields):
                            await self._pages.uploads.let_go(passed.key)
                        seen = await self._state(request, fields) or state
                        return self._item(look, seen, fields, added=True)
                    refused = Aged()
                except (TooMany, Unavailable) as error:
                    refused = error
            kept = await self._pages.hold(sent, self._pages.renewed(fields.get("pass", "")))
            return self._item(look, state, fields, sent, faults, refused, kept=kept)

    async def withdraw(self, request: web.Request, look: Look) -> web.StreamResponse:
        """Asked first whether it is meant, then done."""
        fields = await self._pages.fields(request)
        self._pages.speak(look, fields)
        state = await self._state(request, fields)
        if state is None:
            return self._ask(look, fields.get("number", "")[:40], wrong=True)
        if state.state_only:
            return self._only(look, state, fields, 403)
        if not state.may_withdraw:
            return self._item(look, state, fields)
        if fields.get("sure") != "yes":
            return self._sure(look, state, fields)
        assert self._withdrawals
        reason = written.text(fields.get("reason", "")).strip()[:500]
        with contextlib.suppress(Conflict):  # it went on at this very moment: the page shows how it stands
            await self._withdrawals.withdraw_by_person(state.number, reason)
        seen = await self._state(request, fields) or state
        return self._item(look, seen, fields, withdrawn=not seen.may_withdraw)

    async def _state(self, request: web.Request, fields: Mapping[str, str]) -> PublicState | None:
        """Raises StorageDown."""
        asker = f"web:{address_of(request)}"
        return await self._pages.intake.public_state(
            numbers.normal(fields.get("number", "")), _code(fields), asker, fields.get("phone", "")
        )

    def _ask(self, look: Look, number: str, wrong: bool = False) -> web.Response:
        return self._pages.show(look, "track.html", 404 if wrong else 200, number=number, wrong=wrong)

    def _only(
        self, look: Look, state: PublicState, fields: Mapping[str, str], status: int = 200
    ) -> web.Response:
        """The state, and the question for the second fact. `wrong`: one was given that does not fit."""
        wrong = bool(fields.get("phone"))
        return self._pages.show(
            look,
            "state_only.html",
            403 if wrong else status,
            state=state,
            number=spaced(state.number),
            code=_code(fields),
            standing=look.t(*STATE_NAMES[state.state]).capitalize(),
            wrong=wrong,
        )

    def _sure(self, look: Look, state: PublicState, fields: Mapping[str, str]) -> web.Response:
        return self._pages.show(look, "withdraw.html", **self._named(look, state, fields))

    def _named(self, look: Look, state: PublicState, given: Mapping[str, str]) -> dict[str, Any]:
        """Which matter it is, and what opens it."""
        assert state.kind, "the whole state was opened"
        return {
            "state": state,
            "number": spaced(state.number),
            "code": _code(given),
            "phone": given.get("phone", ""),
            "kind": look.t(*KINDS.get(state.kind.value, ("来件", "Contact"))),
        }

    def _item(
        self,
        look: Look,
        state: PublicState,
        given: Mapping[str, str],
        sent: Sent | None = None,
        faults: tuple[FieldFault, ...] = (),
        refused: GatewayError | None = None,
        added: bool = False,
        withdrawn: bool = False,
        kept: tuple[str, ...] = (),
    ) -> web.Response:
        assert state.kind and state.received_at, "the whole state was opened"
        fault_texts = {fault.field: getattr(fault, look.lang) for fault in faults}
        if refused is not None and refused.status in (413, 415):
            fault_texts[EVIDENCE] = look.half(refused.detail)
        fields = dict(sent.fields) if sent else {}
        return self._pages.show(
            look,
            "item.html",
            refused.status if refused else 422 if fault_texts else 200,
            **self._named(look, state, given),
            **self._course(look, state),
            standing=look.t(*STATE_NAMES[state.state]).capitalize(),
            received=self._receipts.moment(look, state.received_at),
            due=[(self._receipts.clock(look, due), due) for due in state.due],
            passed=self._pages.renewed(fields.get("pass", "")),
            work=fields.get("work", ""),
            text=fields.get("text", ""),
            faults=fault_texts,
            refused=refused,
            added=added,
            withdrawn=withdrawn,
            kept=kept,
            had_files=bool(sent and sent.files) and not kept,
        )

    def _course(self, look: Look, state: PublicState) -> dict[str, Any]:
        """The steps, the newest first, and the refusal if that is how it stands."""
        ends = (Event.REFUSE_ACCEPTANCE, Event.REOPEN)
        last = next((step for step in reversed(state.steps) if step.what in ends), None)
        stands = last if last and last.what == Event.REFUSE_ACCEPTANCE else None
        return {
            "steps": [(step, self._receipts.moment(look, step.at)) for step in reversed(state.steps)],
            "refusal": stands,
            "ways_left": self._pages.public.rules.ways_left,
            "is_report": state.kind is Kind.REPORT,
        }


def _code(fields: Mapping[str, str]) -> str:
    """The query code as it was typed: full-width digits and spaces are taken."""
    return numbers.plain(fields.get("code", "")[:40])


def _faults(sent: Sent) -> tuple[FieldFault, ...]:
    fields = dict(sent.fields)
    text = fields.get("text", "")
    faults = list(read_form(Addition, (("text", text),), sent.faults).faults)
    if not text.strip() and not (sent.files or sent.refusal or faults):
        faults.append(FieldFault("text", "请填写说明或选择文件", "write a word or choose a file"))
    if fields.get(HONEYPOT):
        faults.append(FieldFault(HONEYPOT, "请将此栏留空", "leave this field empty"))
    return tuple(faults)
