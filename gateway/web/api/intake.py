"""POST /api/v1/intake and the public look at a number: what people without a token may do.

A contact comes as JSON or as a form with files (multipart/form-data), with the same members and the same
answer.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, tzinfo

from aiohttp import web

from gateway.core.item import number as numbers
from gateway.core.item.contact import Contact, Receipt
from gateway.errors import FieldFault, KeyReused, NotFound, StorageDown, TooMany
from gateway.web.api import translate
from gateway.web.api.intake_models import CodeAsked, NewContact, ReceiptGiven, StateTold
from gateway.web.api.metrics import Metrics
from gateway.web.http.addresses import address_of
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.ports import IntakeQueue

KEY_HEADER = "Idempotency-Key"
_CHECKED = web.RequestKey("checked contact", Contact)
_KEY = re.compile(r"[\x21-\x7e]{1,180}")


Missing = Callable[[Contact], Iterable[FieldFault]]


class IntakeApi:
    """Takes contacts in and tells their state. `missing` names what a contact of its kind lacks."""

    def __init__(
        self,
        intake: IntakeQueue,
        missing: Missing,
        metrics: Metrics,
        zone: tzinfo,
        now: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._missing = missing
        self._metrics = metrics
        self._zone = zone
        self._now = now

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/api/v1/intake",
                "submit",
                "提交投诉、举报或咨询；同一幂等键只登记一次",
                "Hand in a complaint, report or question; one idempotency key makes one item",
                self.submit,
                {201: ReceiptGiven, 200: ReceiptGiven},
                body=NewContact,
                also=self.faults,
                files=True,
                headers=((KEY_HEADER, "1 to 180 visible ASCII characters; made up when left out"),),
                refuses=(KeyReused, TooMany, StorageDown),
            ),
            Route(
                "GET",
                "/api/v1/intake/{number}",
                "state",
                "凭编号和查询码查询状态",
                "State of an item, for whoever has number and query code",
                self.state,
                {200: StateTold},
                query=CodeAsked,
                refuses=(NotFound, TooMany, StorageDown),
            ),
        )

    async def submit(self, request: ApiRequest) -> Answer:
        key = request.http.headers.get(KEY_HEADER) or secrets.token_hex(16)
        contact = request.http[_CHECKED]
        if request.files or contact.key != f"web:{key}":
            contact = self._contact(request, key)
        receipt = await self._timed(contact)
        return Answer(translate.receipt(receipt), 200 if receipt.repeated else 201)

    def _contact(self, request: ApiRequest, key: str) -> Contact:
        now = self._now()
        at = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as exact as it is kept and shown
        files = tuple(file.evidence for file in request.files)
        return translate.contact(request.body_as(NewContact), f"web:{key}", at, files)

    def faults(self, request: ApiRequest) -> Iterator[FieldFault]:
        """What is wrong beyond the form of each member."""
        key = request.http.headers.get(KEY_HEADER)
        if key is not None and not _KEY.fullmatch(key):
            yield FieldFault(
                KEY_HEADER, "1 至 180 个可见 ASCII 字符", "has 1 to 180 visible ASCII characters"
            )
        today = self._now().astimezone(self._zone).date()
        happened = request.body_as(NewContact).occurred_on
        if happened and happened > today:
            yield FieldFault("occurred_on", "日期在将来", "lies in the future")
        contact = self._contact(request, key or "")
        request.http[_CHECKED] = contact
        yield from self._missing(contact)

    async def _timed(self, contact: Contact) -> Receipt:
        began = time.perf_counter()
        receipt = await self._intake.submit(contact)
        self._metrics.took_in(contact.channel.value, time.perf_counter() - began)
        return receipt

    async def state(self, request: ApiRequest) -> Answer:
        number = numbers.normal(request.part("number"))
        given = request.query_as(CodeAsked)
        asker = f"web:{address_of(request.http)}"
        state = await self._intake.public_state(number, given.code, asker, given.phone)
        if state is None:
            raise NotFound("编号或查询码不正确 / number or code is wrong")
        return Answer(translate.state_told(state))
