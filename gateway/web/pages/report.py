"""/report: the official forms for complaint, report and question, their receipt and its slip.

A form that cannot be taken is shown again as it was filled in, each fault beside its field. The key in its
pass makes one item of it, however often it is sent.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from gateway.core.item import number as numbers
from gateway.core.item.contact import Contact, Due, Kind, Receipt
from gateway.core.item.duplicates import Likely, likely, same_person
from gateway.core.item.item import Item, ItemState
from gateway.core.item.number import spaced
from gateway.core.item.revision import secret
from gateway.core.item.states import TERMINAL
from gateway.errors import (
    FieldFault,
    GatewayError,
    KeyReused,
    NotAllowed,
    NotFound,
    Refused,
    TooMany,
    Unavailable,
)
from gateway.web.api import translate
from gateway.web.api.intake_models import NewContact
from gateway.web.http.addresses import address_of
from gateway.web.http.form_reading import read_form, spelled
from gateway.web.http.held_forms import HeldForms
from gateway.web.http.models import members
from gateway.web.http.proof_of_work import Pass
from gateway.web.http.uploads import EVIDENCE, Sent
from gateway.web.pages.pages import FLOODED, KEPT, KIND_NAMES, Look, Pages
from gateway.web.pages.slip import Slip, pdf

KINDS = {kind.value: words for kind, words in KIND_NAMES.items()}
ID_TYPES = (
    ("居民身份证", "Chinese identity card"),
    ("护照", "passport"),
    ("港澳居民来往内地通行证", "mainland travel permit for Hong Kong and Macao residents"),
    ("台湾居民来往大陆通行证", "mainland travel permit for Taiwan residents"),
    ("统一社会信用代码", "unified social credit code"),
    ("其他", "other"),
)
HONEYPOT = "website"
SAME = "same"  # what the person answers: the number of an item sent before, or `new`
OURS = ("pass", "work", "lang", HONEYPOT, SAME, KEPT)  # fields that are no part of the contact
RECEIPT = "receipt"
RECEIPT_SECONDS = 600
SUBMISSION = "s"  # in the receipt's address: without it the cookie opens nothing
AGAIN = "again"  # in the address of a form that is shown again, and the cookie without which it opens nothing
BEFORE = "sent"
BEFORE_SECONDS = 90 * 86400
REMEMBERED = 10


@dataclass(frozen=True, slots=True)
class Told:
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
    def of(cls, held: dict[str, Any]) -> Told:
        days = tuple(
            Due(clock, date.fromisoformat(on), guess, basis) for clock, on, guess, basis in held["d"]
        )
        return cls(held["n"], held["c"], held["k"], datetime.fromtimestamp(held["at"], UTC), days)


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that was not taken: with `faults` or `refused` it is shown again, with `twins` the question
    whether it is one of these. `kept` are the names of its files that are held."""

    sent: Sent
    passed: Pass
    faults: tuple[FieldFault, ...] = ()
    refused: GatewayError | None = None
    kept: tuple[str, ...] = ()
    twins: tuple[Likely, ...] = ()

    @property
    def size(self) -> int:
        return sum(len(name) + len(text) for name, text in self.sent.fields)


class ReportPage:
    """The form and what follows it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._unsent = HeldForms()
        self._divisions = pages.public.rules.divisions
        self._claims = pages.public.rules.claims
        self._categories = pages.public.rules.categories

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", "/report", self.empty)
        self._pages.add(app, "POST", "/report", self.take)
        self._pages.add(app, "GET", "/report/done", self.done)
        self._pages.add(app, "GET", "/report/slip", self.slip)
        self._pages.add(app, "POST", "/report/slip", self.slip_again)

    async def empty(self, request: web.Request, look: Look) -> web.StreamResponse:
        """A new form, or one that was not taken and is held for this browser."""
        mark = request.query.get(AGAIN, "")
        if mark and hmac.compare_digest(mark.encode(), request.cookies.get(AGAIN, "").encode()):
            unsent = self._unsent.get(mark, self._pages.now())
            if unsent:
                self._pages.speak(look, dict(unsent.sent.fields))
                return self._again(look, unsent)
        kind = request.query.get("kind", "")
        fields = (("kind", kind),) if kind in KINDS else ()
        response = self._form(look, Unsent(Sent(fields), self._pages.renewed("")))
        response.set_cookie("form", "1", path="/report", samesite="Lax", httponly=True)
        response.del_cookie(RECEIPT, path="/report")  # a new form may be the next person's
        self._forget(request, response)
        return response

    async def take(self, request: web.Request, look: Look) -> web.StreamResponse:
        """A filled-in form: handed in, or shown again."""
        async with self._pages.uploads.receive(request, address_of(request)) as sent:
            given = dict(sent.fields)
            self._pages.speak(look, given)
            sent = await self._pages.with_held(sent)
            refused: GatewayError | None = request.get(FLOODED) or sent.refusal
            faults = self._faults(sent)
            if refused is None and not faults:
                try:
                    passed = await self._pages.passed(sent)
                    if passed:
                        return await self._take(request, look, sent, passed)
                    refused = Aged()
                except (KeyReused, TooMany, Unavailable) as error:
                    refused = error
            passed = self._pages.renewed(given.get("pass", ""))
            kept = await self._pages.hold(sent, passed)
            return self._not_taken(request, look, Unsent(sent, passed, faults, refused, kept))

    def _not_taken(self, request: web.Request, look: Look, unsent: Unsent) -> web.Response:
        """On to the address at which it is shown; at once to who keeps no cookies, while very much is to
        do, and when its files could not be held, since a browser's script still has those."""
        busy = unsent.refused is not None and unsent.refused.status in (429, 503)
        lost = bool(unsent.sent.files) and not unsent.kept
        if not request.cookies.get("form") or busy or lost:
            return self._again(look, unsent)
        files = tuple(replace(one, path=Path()) for one in unsent.sent.files)  # gone with this request
        unsent = replace(unsent, sent=replace(unsent.sent, files=files))
        mark = self._unsent.put(unsent, unsent.size, self._pages.now())
        response = web.Response(status=303, headers={"Location": f"/report?{AGAIN}={mark}"})
        self._forget(request, response)
        response.set_cookie(
            AGAIN,
            mark,
            path="/report",
            httponly=True,
            samesite="Lax",
            secure=self._pages.is_safe(request),
        )
        return response

    def _again(self, look: Look, unsent: Unsent) -> web.Response:
        return self._which(look, unsent) if unsent.twins else self._form(look, unsent)

    def _forget(self, request: web.Request, response: web.Response) -> None:
        """The form that was held for this browser is not needed any more."""
        if mark := request.cookies.get(AGAIN):
            self._unsent.drop(mark)
            response.del_cookie(AGAIN, path="/report")

    async def _take(self, request: web.Request, look: Look, sent: Sent, passed: Pass) -> web.Response:
        """A form without a fault: an item, more for one that this browser sent before, or the question which.

        Raises KeyReused, StorageDown, BadContact, NotFound.
        """
        pages, wish = self._pages, dict(sent.fields).get(SAME, "")
        contact = self._contact(sent, passed)
        before = self._sent_before(request)
        own = await self._own(contact, before)
        asks = not wish and own and not await pages.door.known(contact.key)
        if asks and (twins := likely(_as_item(contact), own)):
            kept = await pages.hold(sent, passed)
            if sent.files and not kept:
                raise TooMany("暂存空间已满 / no room to hold the files")
            return self._not_taken(request, look, Unsent(sent, passed, kept=kept, twins=twins))
        if wish in {item.number for item in own}:
            evidence = contact.evidence
            await pages.door.append(wish, contact.key, contact.content, evidence, "web", said=contact)
            added = pages.show(look, "added.html", number=spaced(wish), plain=wish)
            self._forget(request, added)
            return added
        told = await self._submit(contact)
        if any(name == KEPT for name, _ in sent.fields):
            await pages.uploads.let_go(passed.key)
        return self._handed_in(request, look, told, before)

    def _sent_before(self, request: web.Request) -> tuple[str, ...]:
        """The items that this browser handed in: what proves that it is the same person."""
        held = (
            self._pages.seals.unwrap(
                BEFORE, request.cookies.get(BEFORE, ""), self._pages.now(), BEFORE_SECONDS
            )
            or {}
        )
        return tuple(number for number in held.get("n", ()) if isinstance(number, str))

    async def _own(self, contact: Contact, before: tuple[str, ...]) -> tuple[Item, ...]:
        """Of the items sent from this browser those of the same person, by telephone or mail address.

        Another person may sit there now. Reports are never among them: nobody else is to learn of one.
        """
        items = []
        for number in before:
            try:
                other = (await self._pages.door.get(number)).item
            except NotFound:
                continue
            if (
                not secret(other)
                and other.state not in TERMINAL
                and same_person(contact.person, other.person)
            ):
                items.append(other)
        return tuple(items)

    def _which(self, look: Look, unsent: Unsent) -> web.Response:
        rows = [
            (
                one.item.number,
                spaced(one.item.number),
                self.moment(look, one.item.received_at),
                one.item.respondent.name,
                look.t("、", ", ").join(look.t(r.zh, r.en) for r in one.reasons if r.points > 0),
            )
            for one in unsent.twins
        ]
        said = [(name, text) for name, text in unsent.sent.fields if name not in ("pass", SAME, KEPT)]
        return self._pages.show(
            look, "same.html", rows=rows, said=said, passed=unsent.passed, files=unsent.kept
        )

    def _faults(self, sent: Sent) -> tuple[FieldFault, ...]:
        """Everything that is wrong with the fields, each once."""
        pages = self._pages
        reading = read_form(NewContact, _said(sent), sent.faults)
        found = list(reading.faults)
        if reading.rest is not None:
            known = {fault.field for fault in found}
            today = pages.now().astimezone(pages.zone).date()
            happened = reading.rest.occurred_on
            if happened and happened > today:
                found.append(FieldFault("occurred_on", "日期在将来", "lies in the future"))
            contact = translate.contact(reading.rest, "form:", pages.now())
            found += [fault for fault in pages.missing(contact) if fault.field not in known]
        if dict(sent.fields).get(HONEYPOT):
            found.append(FieldFault(HONEYPOT, "请将此栏留空", "leave this field empty"))
        return tuple(found)

    def _contact(self, sent: Sent, passed: Pass) -> Contact:
        reading = read_form(NewContact, _said(sent), sent.faults)
        assert reading.made is not None, "its faults were looked at"
        contact = translate.contact(reading.made, f"form:{passed.key}", self._pages.now())
        return replace(contact, evidence=tuple(file.evidence for file in sent.files))

    async def _submit(self, contact: Contact) -> Told:
        """Raises KeyReused, StorageDown, BadContact."""
        receipt = await self._timed(contact)
        return Told(receipt.number, receipt.query_code, contact.kind.value, receipt.received_at, receipt.due)

    async def _timed(self, contact: Contact) -> Receipt:
        began = time.perf_counter()
        receipt = await self._pages.door.submit(contact)
        self._pages.metrics.took_in(contact.channel.value, time.perf_counter() - began)
        return receipt

    def _form(self, look: Look, unsent: Unsent) -> web.Response:
        """The form with what was filled in."""
        sent, refused, kept = unsent.sent, unsent.refused, unsent.kept
        told = {fault.field.partition("[")[0]: getattr(fault, look.lang) for fault in unsent.faults}
        if refused is not None and refused.status in (413, 415):
            told[EVIDENCE] = look.half(refused.detail)
        told = dict(sorted(told.items(), key=lambda one: _PLACES.get(one[0], len(_PLACES))))
        status = refused.status if refused else 422 if told else 200
        return self._pages.show(
            look,
            "report.html",
            status,
            {"Retry-After": str(getattr(refused, "wait", 5))} if status in (429, 503) else None,
            passed=unsent.passed,
            work=dict(sent.fields).get("work", ""),
            filled={name: text for name, text in spelled(NewContact, sent.fields) if name != "claims"},
            chosen={text for name, text in sent.fields if name == "claims"},
            had_files=bool(sent.files) and not kept,
            kept=kept,
            faults=told,
            names=_NAMES,
            refused=refused,
            kinds=KINDS,
            papers=[(zh, look.t(zh, en)) for zh, en in ID_TYPES],
            counties=[(one.code, look.of(one)) for one in self._divisions],
            problems=look.choices(self._categories.problems),
            subjects=look.choices(self._categories.subjects),
            claims=self._claims,
            today=self._pages.now().astimezone(self._pages.zone).date(),
        )

    # ------------------------------------------------------------ the receipt

    def _handed_in(
        self, request: web.Request, look: Look, told: Told, before: tuple[str, ...]
    ) -> web.Response:
        """On to the receipt; a browser that keeps no cookies gets it at once."""
        if not request.cookies.get("form"):
            return self._receipt(look, told)
        mark = secrets.token_urlsafe(16)
        response = web.Response(status=303, headers={"Location": f"/report/done?{SUBMISSION}={mark}"})
        response.set_cookie(
            RECEIPT,
            self._pages.seals.wrap(RECEIPT, {**told.plain(), SUBMISSION: mark}, self._pages.now()),
            max_age=RECEIPT_SECONDS,
            path="/report",
            httponly=True,
            samesite="Lax",
            secure=self._pages.is_safe(request),
        )
        sent = () if told.kind == Kind.REPORT.value else (told.number,)
        numbers_ = [*sent, *(one for one in before if one != told.number)][:REMEMBERED]
        response.set_cookie(
            BEFORE,
            self._pages.seals.wrap(BEFORE, {"n": numbers_}, self._pages.now()),
            max_age=BEFORE_SECONDS,
            path="/report",
            httponly=True,
            samesite="Lax",
            secure=self._pages.is_safe(request),
        )
        self._forget(request, response)
        return response

    def _held(self, request: web.Request) -> Told:
        """The receipt of the submission in the address, which this browser must hold as well: neither the
        address alone nor a browser that somebody else uses now shows it. Raises NotFound."""
        held = self._pages.seals.unwrap(
            RECEIPT, request.cookies.get(RECEIPT, ""), self._pages.now(), RECEIPT_SECONDS
        )
        mark = request.query.get(SUBMISSION, "")
        if held is None or not hmac.compare_digest(held.get(SUBMISSION, "-").encode(), mark.encode()):
            raise NotFound("请凭编号和查询码在查询页查看 / look it up by number and query code")
        return Told.of(held)

    async def done(self, request: web.Request, look: Look) -> web.StreamResponse:
        return self._receipt(look, self._held(request))

    def _receipt(self, look: Look, told: Told) -> web.Response:
        return self._pages.show(
            look,
            "done.html",
            told=told,
            number=spaced(told.number),
            kind=look.t(*KINDS[told.kind]),
            received=self.moment(look, told.received_at),
            due=[(self.clock(look, due), due) for due in told.due],
        )

    async def slip(self, request: web.Request, look: Look) -> web.StreamResponse:
        return await self._printed(look, self._held(request))

    async def slip_again(self, request: web.Request, look: Look) -> web.StreamResponse:
        """For whoever has number and code. Raises NotFound for wrong ones, TooMany."""
        fields = await self._pages.fields(request)
        number, code = numbers.normal(fields.get("number", "")), fields.get("code", "").strip()
        asker, phone = f"web:{address_of(request)}", fields.get("phone", "")
        state = await self._pages.door.public_state(number, code, asker, phone)
        if state is None:
            raise NotFound("编号或查询码不正确 / number or code is wrong")
        if state.kind is None or state.received_at is None:
            raise NotAllowed(NEEDS_PHONE)
        return await self._printed(look, Told(number, code, state.kind.value, state.received_at, state.due))

    async def _printed(self, look: Look, told: Told) -> web.Response:
        slip = self._slip(look, told)
        body = await asyncio.to_thread(pdf, slip)
        headers = {"Content-Disposition": f'inline; filename="12315-{told.number}.pdf"'}
        return web.Response(body=body, content_type="application/pdf", headers=headers)

    def _slip(self, look: Look, told: Told) -> Slip:
        t, centre = look.t, self._pages.public.centre
        kind = t(*KINDS.get(told.kind, ("来件", "Contact")))
        days = tuple((self.clock(look, due), _day_text(look, due)) for due in told.due)
        address = f"{self._pages.public_url or str(look.request.url.origin())}/track?number={told.number}"
        return Slip(
            title=centre.name,
            heading=t(f"{kind}登记回执", f"Receipt: {kind}"),
            rows=(
                (t("编号", "Number"), spaced(told.number)),
                (t("查询码", "Query code"), told.code),
                (t("收到时间", "Received"), self.moment(look, told.received_at)),
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


NEEDS_PHONE = "请先填写登记电话的后四位 / give the last four digits of the telephone number first"


class Aged(Refused):
    """The pass of a form is too old, or was none of ours; what was filled in is shown again."""

    zh = "页面停留过久，内容尚未提交。请核对后再次点击提交"
    en = "This page was open too long and nothing was sent yet. Please check it and send it again"


def _as_item(contact: Contact) -> Item:
    """A contact as it would stand in the queue, to be compared."""
    return Item(
        *("", contact.channel, contact.kind, contact.task, ItemState.RECEIVED, contact.received_at),
        *(contact.person, contact.respondent, contact.content),
        amount=contact.amount,
    )


def _day_text(look: Look, due: Due) -> str:
    return look.day(due.on) + (look.t("（暂定）", " (provisional)") if due.provisional else "")


def _said(sent: Sent) -> list[tuple[str, str]]:
    """What the person said, without what the page added."""
    return [(name, text) for name, text in sent.fields if name not in OURS]


_ORDER = (
    *("kind", "respondent_name", "respondent_address", "respondent_phone", "county"),
    *("subject", "problem", "content", "occurred_on", "amount", "claims", EVIDENCE),
    *("anonymous", "name", "phone", "email", "address"),
    *("id_type", "id_number", "publish_consent", "mediation_consent", HONEYPOT),
)
_PLACES = {name: place for place, name in enumerate(_ORDER)}
_NAMES = {
    **{m.name: (m.zh, m.en[:1].upper() + m.en[1:]) for m in members(NewContact).values()},
    "kind": ("类别", "What is it?"),
    EVIDENCE: ("证据材料", "Evidence"),
    HONEYPOT: ("网址", "Website"),
}
"""What each field is called where a fault is told."""
