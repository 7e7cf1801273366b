"""The queue for those who work it: look, claim, renew, release, complete, merge."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from aiohttp import web

from gateway.core.item import number as numbers
from gateway.core.item.item import QueueQuery
from gateway.core.rights import Right
from gateway.errors import BadContact, Conflict, FieldFault, NotFound, StorageDown
from gateway.web.api import translate
from gateway.web.api.item_models import RevisionsGiven
from gateway.web.api.item_routes import ONE, QUEUE, item_act
from gateway.web.api.queue_models import ClaimBody, ItemWhole, MergeBody, QueueAsked, QueuePage, Word, WriteUp
from gateway.web.http.masks import with_masked_numbers
from gateway.web.http.route import JSON, Answer, ApiRequest, Route
from gateway.web.http.shared_lists import SharedLists
from gateway.web.http.writing import encoded
from gateway.web.ports import IntakeQueue


class QueueApi:
    """Every end point below /api/v1/queue; the token's name holds the leases."""

    def __init__(
        self, intake: IntakeQueue, zone: tzinfo, now: Callable[[], datetime], shared: SharedLists[bytes]
    ) -> None:
        self._intake = intake
        self._zone = zone
        self._now = now
        self._shared = shared

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                QUEUE,
                "queue",
                "按到达顺序列出事项",
                "Items in order of arrival, a page at a time",
                self.page,
                {200: QueuePage},
                right=Right.WORK_ITEMS,
                lists=True,
                query=QueueAsked,
                refuses=(StorageDown,),
                looks="queue.view",
            ),
            Route(
                "POST",
                f"{QUEUE}/claim",
                "claim",
                "领取下一件（或指定的一件）；没有时返回 204",
                "Claim the next item, or a given one; 204 when there is none",
                self.claim,
                {200: ItemWhole, 204: None},
                right=Right.WORK_ITEMS,
                body=ClaimBody,
                refuses=(NotFound, Conflict, StorageDown),
            ),
            Route(
                "GET",
                ONE,
                "item",
                "一件的全部内容：时间线、附件、期限",
                "One item with timeline, attachments and clocks",
                self.item,
                {200: ItemWhole},
                right=Right.SEE_ITEM,
                number=True,
                refuses=(NotFound, StorageDown),
                looks="item.view",
            ),
            item_act("renew", "延长领取时限", "Keep a claimed item longer", self.renew, Word),
            item_act("release", "退回待办", "Give a claimed item back", self.release, Word),
            item_act("complete", "办结", "Close a claimed item", self.complete, Word),
            item_act(
                "addition-read",
                "已阅补充内容（任何状态）",
                "What was added has been read, in whatever state the item is",
                self.addition_read,
                Word,
            ),
            item_act("merge", "并入另一件", "Make an item part of another", self.merge, MergeBody),
            item_act(
                "write-up",
                "登记传真、邮件、留言等的内容",
                "Write up what came by itself: a fax, a mail, a message",
                self.write_up,
                WriteUp,
            ),
            Route(
                "GET",
                f"{ONE}/revisions",
                "revisions",
                "登记内容的历次修改：时间、经办人、改前、改后",
                "Every earlier version of what the item says: when, who, before, after",
                self.revisions,
                {200: RevisionsGiven},
                right=Right.WORK_ITEMS,
                number=True,
                refuses=(NotFound, StorageDown),
                looks="item.view",
            ),
        )

    async def page(self, request: ApiRequest) -> Answer | web.StreamResponse:
        q = request.query_as(QueueAsked)
        if not request.account.csrf:
            return Answer(await self._page(q))

        async def read() -> bytes:
            return await asyncio.to_thread(_packed, await self._page(q))

        packed = await self._shared.body(q, read)
        headers = {**JSON, "Vary": "Accept-Encoding"}
        if "gzip" not in request.http.headers.get("Accept-Encoding", ""):
            return web.Response(body=gzip.decompress(packed), headers=headers)
        return web.Response(body=packed, headers={**headers, "Content-Encoding": "gzip"})

    async def _page(self, q: QueueAsked) -> QueuePage:
        today = self._now().astimezone(self._zone).date()
        days = [day for day in (q.due_before, today if q.overdue else None) if day]
        page = await self._intake.page(
            QueueQuery(
                *(q.state, q.channel, q.kind, q.task, q.county, q.after, q.limit + 1),
                received_before=self._age(q.older_than),
                due_before=min(days, default=None),
                provisional=q.provisional,
                has_addition=q.has_addition,
            )
        )
        shown = tuple(translate.item(detail) for detail in page[: q.limit])
        return QueuePage(items=shown, next=shown[-1].number if len(page) > q.limit else None)

    async def claim(self, request: ApiRequest) -> Answer:
        body = request.body_as(ClaimBody)
        query = QueueQuery(
            channel=body.channel,
            kind=body.kind,
            task=body.task,
            county=body.county,
            received_before=self._age(body.older_than),
            due_before=body.due_before,
        )
        item = await self._intake.claim(request.account.name, query, body.number or "")
        return Answer(None, 204) if item is None else Answer(translate.whole(item))

    def _age(self, hours: int | None) -> datetime | None:
        return None if hours is None else self._now() - timedelta(hours=hours)

    async def item(self, request: ApiRequest) -> Answer:
        return Answer(translate.whole_for(request.account, await self._intake.get(_number(request))))

    async def renew(self, request: ApiRequest) -> Answer:
        return Answer(translate.whole(await self._intake.renew(_number(request), request.account.name)))

    async def release(self, request: ApiRequest) -> Answer:
        text = request.body_as(Word).text
        return Answer(
            translate.whole(await self._intake.release(_number(request), request.account.name, text))
        )

    async def complete(self, request: ApiRequest) -> Answer:
        text, who = request.body_as(Word).text, request.account
        done = await self._intake.complete(_number(request), who.name, text, later=bool(who.csrf))
        return Answer(translate.whole(done))

    async def addition_read(self, request: ApiRequest) -> Answer:
        text = request.body_as(Word).text
        return Answer(
            translate.whole(await self._intake.read_addition(_number(request), request.account.name, text))
        )

    async def merge(self, request: ApiRequest) -> Answer:
        body = request.body_as(MergeBody)
        done = await self._intake.merge(
            _number(request), body.into, request.account.name, body.text, new_facts=body.new_facts
        )
        return Answer(translate.whole(done))

    async def write_up(self, request: ApiRequest) -> Answer:
        sent = request.body_as(WriteUp)
        today = self._now().astimezone(self._zone).date()
        if sent.occurred_on and sent.occurred_on > today:
            raise BadContact(FieldFault("occurred_on", "日期在将来", "lies in the future"))
        contact = translate.contact(sent, "write-up", self._now())
        number, who = _number(request), request.account.name
        done = await self._intake.fill_in(number, contact, who, sent.blank, sent.version)
        return Answer(translate.whole(done))

    async def revisions(self, request: ApiRequest) -> Answer:
        return Answer(translate.revisions(*await self._intake.revisions(_number(request))))


def _packed(page: QueuePage) -> bytes:
    """As pages get it: one packing for all, a tenth of the bytes for each."""
    return gzip.compress(encoded(with_masked_numbers(page)), compresslevel=1, mtime=0)


def _number(request: ApiRequest) -> str:
    """The number in the path. Raises NotFound for what can be none."""
    number = request.part("number")
    if not numbers.valid(number):
        raise NotFound
    return number
