"""/report: the official forms for complaint, report and question are taken here.

A form that cannot be taken is shown again as it was filled in, each fault beside its field. The key in its
pass makes one item of it, however often it is sent.
"""

from __future__ import annotations

import hmac
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from aiohttp import web

from gateway.core.item.contact import Contact, Receipt
from gateway.core.item.duplicates import likely, same_person
from gateway.core.item.item import Item, ItemState
from gateway.core.item.number import spaced
from gateway.core.item.revision import secret
from gateway.core.item.states import TERMINAL
from gateway.errors import GatewayError, KeyReused, NotFound, TooMany, Unavailable
from gateway.web.api import translate
from gateway.web.api.intake_models import NewContact, WrittenKind
from gateway.web.http.addresses import address_of
from gateway.web.http.fields import Choice, Text
from gateway.web.http.form_reading import read_form
from gateway.web.http.held_forms import HeldForms
from gateway.web.http.models import RequestModel
from gateway.web.http.proof_of_work import Pass
from gateway.web.http.reading import page_query
from gateway.web.http.uploads import Sent
from gateway.web.pages.look import Look
from gateway.web.pages.pages import FLOODED, KEPT, Aged, Pages
from gateway.web.pages.receipt import RECEIPT, ReceiptPage, ReceiptView
from gateway.web.pages.report_form import SAME, ReportForm, Unsent, said

AGAIN = "again"  # in the address of a form that is shown again, and the cookie without which it opens nothing

MOST_TAKEN = 1000  # forms with files whose receipt is told again when they come once more


class ReportAsked(RequestModel):
    """What the address of a form says: its kind, or the mark of one that is shown again."""

    kind: Choice[WrittenKind] | None = None
    again: Annotated[str, Text(64)] = ""


class ReportPage:
    """The form and what follows it."""

    def __init__(self, pages: Pages, receipts: ReceiptPage) -> None:
        self._pages = pages
        self._receipts = receipts
        self._form = ReportForm(pages, receipts)
        self._unsent = HeldForms()
        self._taken: dict[str, tuple[list[tuple[str, str]], ReceiptView]] = {}

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", "/report", self.empty)
        self._pages.add(app, "POST", "/report", self.take)
        self._pages.add(app, "POST", "/report/check", self.check, counted=False)

    async def empty(self, request: web.Request, look: Look) -> web.StreamResponse:
        """A new form, or one that was not taken and is held for this browser."""
        asked = page_query(ReportAsked, request.query.items())
        mark = asked.again
        if mark and hmac.compare_digest(mark.encode(), request.cookies.get(AGAIN, "").encode()):
            unsent = self._unsent.get(mark, self._pages.now())
            if unsent:
                self._pages.speak(look, dict(unsent.sent.fields))
                return self._form.shown(look, unsent)
        fields = (("kind", asked.kind.value),) if asked.kind else ()
        response = self._form.shown(look, Unsent(Sent(fields), self._pages.renewed("")))
        response.set_cookie("form", "1", path="/report", samesite="Lax", httponly=True)
        response.del_cookie(RECEIPT, path="/report")  # a new form may be the next person's
        self._forget(request, response)
        return response

    async def take(self, request: web.Request, look: Look) -> web.StreamResponse:
        """A filled-in form: handed in, or shown again."""
        async with self._pages.uploads.receive(request, address_of(request)) as sent:
            given = dict(sent.fields)
            self._pages.speak(look, given)
            if earlier := self._taken_already(sent):
                return self._receipts.handed_in(request, look, earlier, self._receipts.sent_before(request))
            sent = await self._pages.with_held(sent)
            refused: GatewayError | None = request.get(FLOODED) or sent.refusal
            faults = self._form.faults(sent)
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

    def _taken_already(self, sent: Sent) -> ReceiptView | None:
        """The receipt of this very form, when it was taken with files that are held no longer."""
        fields = dict(sent.fields)
        passed = self._pages.seals.read(fields.get("pass", "")) if KEPT in fields else None
        before, receipt = self._taken.get(passed.key if passed else "", (None, None))
        return receipt if before == said(sent) else None

    async def check(self, request: web.Request, look: Look) -> web.StreamResponse:
        """How a step is read, for the page's script: nothing is kept of it."""
        fields = await self._pages.fields(request)
        self._pages.speak(look, fields)
        return web.json_response(self._form.checked(look, fields))

    def _not_taken(self, request: web.Request, look: Look, unsent: Unsent) -> web.Response:
        """On to the address at which it is shown; at once to who keeps no cookies, while very much is to
        do, and when its files could not be held, since a browser's script still has those."""
        busy = unsent.refused is not None and unsent.refused.status in (429, 503)
        lost = bool(unsent.sent.files) and not unsent.kept
        if not request.cookies.get("form") or busy or lost:
            return self._form.shown(look, unsent)
        files = tuple(replace(file, path=Path()) for file in unsent.sent.files)  # gone with this request
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

    def _forget(self, request: web.Request, response: web.Response) -> None:
        """The form that was held for this browser is not needed any more."""
        if mark := request.cookies.get(AGAIN):
            self._unsent.drop(mark)
            response.del_cookie(AGAIN, path="/report")

    async def _take(self, request: web.Request, look: Look, sent: Sent, passed: Pass) -> web.Response:
        """A form without a fault: an item, more for one that this browser sent before, or the question which.

        Raises KeyReused, StorageDown, BadContact, NotFound.
        """
        pages, joined = self._pages, dict(sent.fields).get(SAME, "")
        contact = self._contact(sent, passed)
        before = self._receipts.sent_before(request)
        own = await self._own(contact, before)
        asks = not joined and own and not await pages.intake.known(contact.key)
        if asks and (twins := likely(_as_item(contact), own)):
            kept = await pages.hold(sent, passed)
            if sent.files and not kept:
                raise TooMany("暂存空间已满 / no room to hold the files")
            return self._not_taken(request, look, Unsent(sent, passed, kept=kept, twins=twins))
        if joined in {item.number for item in own}:
            evidence = contact.evidence
            await pages.intake.append(joined, contact.key, contact.content, evidence, "web", contact=contact)
            added = pages.show(look, "added.html", number=spaced(joined), plain=joined)
            self._forget(request, added)
            return added
        answer_page = await self._submit(contact)
        if any(name == KEPT for name, _ in sent.fields):
            await pages.uploads.let_go(passed.key)
            self._taken[passed.key] = (said(sent), answer_page)
            for old in list(self._taken)[:-MOST_TAKEN]:
                del self._taken[old]
        receipt = self._receipts.handed_in(request, look, answer_page, before)
        if receipt.status == 303:
            self._forget(request, receipt)
        return receipt

    async def _own(self, contact: Contact, before: tuple[str, ...]) -> tuple[Item, ...]:
        """Of the items sent from this browser those of the same person, by telephone or mail address.

        Another person may sit there now. Reports are never among them: nobody else is to learn of one.
        """
        items = []
        for number in before:
            try:
                other = (await self._pages.intake.get(number)).item
            except NotFound:
                continue
            if (
                not secret(other)
                and other.state not in TERMINAL
                and same_person(contact.person, other.person)
            ):
                items.append(other)
        return tuple(items)

    def _contact(self, sent: Sent, passed: Pass) -> Contact:
        reading = read_form(NewContact, said(sent), sent.faults)
        assert reading.made is not None, "its faults were looked at"
        contact = translate.contact(reading.made, f"form:{passed.key}", self._pages.now())
        return replace(contact, evidence=tuple(file.evidence for file in sent.files))

    async def _submit(self, contact: Contact) -> ReceiptView:
        """Raises KeyReused, StorageDown, BadContact."""
        receipt = await self._timed(contact)
        return ReceiptView(
            receipt.number, receipt.query_code, contact.kind.value, receipt.received_at, receipt.due
        )

    async def _timed(self, contact: Contact) -> Receipt:
        began = time.perf_counter()
        receipt = await self._pages.intake.submit(contact)
        self._pages.metrics.took_in(contact.channel.value, time.perf_counter() - began)
        return receipt


def _as_item(contact: Contact) -> Item:
    """A contact as it would stand in the queue, to be compared."""
    return Item(
        *("", contact.channel, contact.kind, contact.task, ItemState.RECEIVED, contact.received_at),
        *(contact.person, contact.respondent, contact.content),
        amount=contact.amount,
    )
