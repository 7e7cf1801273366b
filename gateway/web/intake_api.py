"""POST /api/v1/intake and the public look at a number: what people without a token may do.

JSON bodies only so far; forms with files (multipart/form-data) enter at `submit` with the same
shape, read by another reader.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from datetime import datetime, tzinfo

from gateway.core import number as numbers
from gateway.core.contact import Contact, Receipt
from gateway.errors import BadContact, FieldFault, KeyReused, NotFound, StorageDown, TooMany
from gateway.web import shapes, translate
from gateway.web.metrics import Metrics
from gateway.web.ports import Door
from gateway.web.route import Answer, Asked, Route

KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class IntakeApi:
    """Takes contacts in and tells their state."""

    def __init__(self, door: Door, metrics: Metrics, zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._door = door
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
                {201: shapes.ReceiptGiven, 200: shapes.ReceiptGiven},
                body=shapes.NewContact,
                headers=((KEY_HEADER, "1 to 200 visible ASCII characters; made up when left out"),),
                refuses=(KeyReused, StorageDown),
            ),
            Route(
                "GET",
                "/api/v1/intake/{number}",
                "state",
                "凭编号和查询码查询状态",
                "State of an item, for whoever has number and query code",
                self.state,
                {200: shapes.StateTold},
                query=shapes.CodeAsked,
                refuses=(NotFound, TooMany, StorageDown),
            ),
        )

    async def submit(self, asked: Asked) -> Answer:
        sent = asked.sent(shapes.NewContact)
        faults = tuple(missing(sent, self._now().astimezone(self._zone)))
        key, bad_key = _key(asked)
        if faults or bad_key:
            raise BadContact(*faults, *bad_key)
        contact = translate.contact(sent, key, self._now(), await asked.request.read())
        receipt = await self._timed(contact)
        return Answer(translate.receipt(receipt), 200 if receipt.repeated else 201)

    async def _timed(self, contact: Contact) -> Receipt:
        began = time.perf_counter()
        receipt = await self._door.submit(contact)
        self._metrics.took_in(contact.channel.value, time.perf_counter() - began)
        return receipt

    async def state(self, asked: Asked) -> Answer:
        number = numbers.normal(asked.part("number"))
        code = asked.queried(shapes.CodeAsked).code
        found = await self._door.public_state(number, code, f"web:{asked.request.remote or ''}")
        if found is None:
            raise NotFound("编号或查询码不正确 / number or code is wrong")
        return Answer(translate.state_told(found))


def missing(sent: shapes.NewContact, now: datetime) -> list[FieldFault]:
    """What a contact of this kind must also have. `now` is in the centre's time zone.

    A complaint needs a name and a way to answer; without them it may be handed in as anonymous, and
    the papers are asked for later. A report and a question may come from nobody.
    """
    faults = []
    if sent.kind is shapes.WrittenKind.COMPLAINT and not sent.anonymous:
        if not sent.name:
            faults.append(FieldFault("name", "投诉须填写姓名", "a complaint needs a name"))
        if not (sent.phone or sent.email):
            faults.append(FieldFault("phone", "请填写电话或邮箱", "give a telephone or a mail address"))
    if sent.occurred_on and sent.occurred_on > now.date():
        faults.append(FieldFault("occurred_on", "日期在将来", "lies in the future"))
    return faults


def _key(asked: Asked) -> tuple[str, tuple[FieldFault, ...]]:
    given = asked.request.headers.get(KEY_HEADER)
    if given is None:
        return f"web:{secrets.token_hex(16)}", ()
    if not _KEY.fullmatch(given):
        fault = FieldFault(KEY_HEADER, "1 至 200 个可见 ASCII 字符", "has 1 to 200 visible ASCII characters")
        return "", (fault,)
    return given, ()
