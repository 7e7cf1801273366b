"""POST /api/v1/counter, for what comes over the counter or by letter, and the form that is printed of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from aiohttp import web

from gateway.channels import counter
from gateway.channels.counter import Registration
from gateway.core.item.channel import ChannelEntry
from gateway.core.item.contact import Contact, Kind, Receipt
from gateway.core.item.item import Item
from gateway.core.item.matter import Names
from gateway.core.rights import Right
from gateway.errors import Conflict, FieldFault, KeyReused, NotFound, StorageDown, TooMany
from gateway.intake.splits import Split
from gateway.web.api import matter_models, translate
from gateway.web.api.intake import KEY_HEADER
from gateway.web.api.item_routes import ONE
from gateway.web.api.matters import number_of
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.pages import registration_form
from gateway.web.pages.registration_form import Form

_KEY = re.compile(r"[\x21-\x7e]{1,180}")


class CounterIntake(Protocol):
    """The one thing of intake that is needed here."""

    async def submit(self, contact: Contact) -> Receipt: ...


class CounterDesk(Protocol):
    """What is needed of gateway/intake/matters.py."""

    async def split(self, number: str, half: Split, who: str) -> Receipt: ...

    async def registered(self, number: str) -> tuple[Item, bytes]:
        """An item, and its contact as it came. Raises NotFound, StorageDown."""

    def names(self, item: Item) -> Names: ...


class CounterApi:
    """The clerk's entry. `office` is the name of the centre, as it stands on the form; `clerks` are the
    channels by which clerks write down what came."""

    def __init__(
        self,
        intake: CounterIntake,
        desk: CounterDesk,
        zone: tzinfo,
        now: Callable[[], datetime],
        office: str,
        clerks: Sequence[ChannelEntry],
    ) -> None:
        self._clerks = clerks
        self._intake = intake
        self._desk = desk
        self._zone = zone
        self._now = now
        self._office = office

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/api/v1/counter",
                "counter",
                "登记来人来访或来函；期限自收到之日起算",
                "Register a visit or a letter; clocks run from the day of receipt",
                self.submit,
                {201: matter_models.CounterReceipt, 200: matter_models.CounterReceipt},
                right=Right.WORK_ITEMS,
                body=matter_models.NewAtCounter,
                also=self.faults,
                files=True,
                headers=((KEY_HEADER, "1 to 180 visible ASCII characters; made up when left out"),),
                refuses=(Conflict, KeyReused, TooMany, StorageDown),
            ),
            Route(
                "GET",
                f"{ONE}/form",
                "form",
                "可打印的登记表",
                "The registration form, to be printed",
                self.form,
                {200: None},
                right=Right.WORK_ITEMS,
                number=True,
                media="text/html",
                refuses=(NotFound, StorageDown),
                looks="form.view",
            ),
        )

    async def submit(self, request: ApiRequest) -> Answer:
        """The item, and a second one when it is complaint and report. Both have keys, so a repeat
        after a crash between the two makes what was missing and nothing else."""
        sent = request.body_as(matter_models.NewAtCounter)
        who = request.account.name
        key = request.http.headers.get(KEY_HEADER) or secrets.token_hex(16)
        receipt = await self._intake.submit(self._contact(request, key, who))
        second = None
        if sent.also is not None:
            second = await self._desk.split(receipt.number, Split(Kind(sent.also.value)), who)
        given = translate.receipt(receipt)
        shown = matter_models.CounterReceipt(
            **given.__dict__,
            also=translate.receipt(second) if second else None,
        )
        return Answer(shown, 200 if receipt.repeated else 201)

    def _contact(self, request: ApiRequest, key: str, clerk: str) -> Contact:
        sent = request.body_as(matter_models.NewAtCounter)
        contact = translate.contact(sent, f"counter:{key}", self._received(sent))
        contact = replace(contact, evidence=tuple(file.evidence for file in request.files))
        return counter.contact(contact, sent.channel, self._registration(sent, clerk))

    def _received(self, sent: matter_models.NewAtCounter) -> datetime:
        at = sent.received_at or self._now()
        if not 1900 <= at.year <= 9000:  # no other zone has such a time; it is refused as any wrong one
            at = at.replace(year=1900 if at.year < 1900 else 9000, day=1)
        at = at if at.tzinfo else at.replace(tzinfo=self._zone)
        return at.replace(microsecond=at.microsecond // 1000 * 1000).astimezone(UTC)

    def _registration(self, sent: matter_models.NewAtCounter, clerk: str) -> Registration:
        return Registration(clerk, self._now(), sent.letter_date, sent.postmark_date, sent.came_by)

    def faults(self, request: ApiRequest) -> Iterator[FieldFault]:
        """What is wrong beyond the form of each member."""
        key = request.http.headers.get(KEY_HEADER)
        if key is not None and not _KEY.fullmatch(key):
            yield FieldFault(
                KEY_HEADER, "1 至 180 个可见 ASCII 字符", "has 1 to 180 visible ASCII characters"
            )
        sent = request.body_as(matter_models.NewAtCounter)
        received = self._received(sent)
        yield from counter.faults(
            *(sent.channel, received, self._registration(sent, ""), self._zone, self._clerks)
        )
        if sent.occurred_on and sent.occurred_on > received.astimezone(self._zone).date():
            yield FieldFault("occurred_on", "晚于收到日期", "is later than the day of receipt")
        if sent.also is not None and {sent.kind.value, sent.also.value} != {"complaint", "report"}:
            yield FieldFault(
                "also", "只能是投诉兼举报", "only a complaint is a report too, and the other way"
            )

    async def form(self, request: ApiRequest) -> web.Response:
        item, raw = await self._desk.registered(number_of(request))
        form = Form(self._office, self._desk.names(item), counter.registration(raw), self._zone)
        headers = {"Content-Security-Policy": registration_form.POLICY}
        return web.Response(
            text=registration_form.page(item, form), content_type="text/html", headers=headers
        )
