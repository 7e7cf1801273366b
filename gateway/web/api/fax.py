"""Faxes that came in: every attempt, the newest first, and one with its pages."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Protocol

from pydantic import Field

from gateway.core.fax.record import Fax, FaxPage, FaxStatus, Reading
from gateway.core.item.delivery import Draft
from gateway.core.item.item import ItemDetail
from gateway.core.rights import Right
from gateway.errors import BadContact, Conflict, FieldFault, NotFound, StorageDown
from gateway.web.api.sealed import Sealed, SealedAsked
from gateway.web.http.fields import Listed, Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, ApiRequest, Route


class FaxLedger(Protocol):
    """Of storage.faxes, what is shown."""

    async def get(self, fax_id: str) -> Fax | None: ...

    async def page(self, before: tuple[datetime, str] | None, limit: int) -> Sequence[Fax]: ...


class FaxPost(Protocol):
    """Of the outbox, what is needed here."""

    async def post(self, number: str, draft: Draft, now: datetime) -> None: ...


Found = Callable[[str], Awaitable[ItemDetail]]
"""An item by its number. Raises NotFound."""
PDF = "application/pdf"


class FaxesAsked(RequestModel):
    """Which faxes; the newest first."""

    limit: Annotated[int, Whole(1, 200)] = Field(default=50, description="条数 / how many")
    before: Annotated[str, Text(80)] = Field(
        default="", description="上一页最后一份的 id / id of the last fax seen"
    )


class FaxShown(AnswerModel):
    """One fax. `number` is its item, `same_as` the fax it repeats, `resolution` dots per metre, `rate` bit/s,
    `received` whole pages, `expected` how many there should have been where that is known."""

    id: str
    number: str | None
    same_as: str | None
    caller: str
    station: str
    dialled: str
    line: int
    status: FaxStatus
    received: int
    expected: int | None
    mode: str
    rate: int
    ecm: bool
    resolution: str
    error: str
    started_at: datetime
    ended_at: datetime
    seconds: float


class FaxPageShown(AnswerModel):
    """One page: the SHA-256 of its picture among the item's files, its size in pixels, what was read."""

    page: int
    sha256: str
    width: int
    height: int
    reading: Reading
    text: str


class FaxWhole(AnswerModel):
    """One fax with its pages; a repetition has only the pages that were lacking."""

    fax: FaxShown
    pages: tuple[FaxPageShown, ...]


class FaxesPage(AnswerModel):
    """Faxes, the newest first; `next` is what `before` must be for the page that follows."""

    items: tuple[FaxShown, ...]
    next: str | None


class FaxBody(RequestModel):
    """A letter to be faxed about an item; whether the number may be dialled is looked at when it is sent."""

    to: Annotated[str, Text(pattern="[0-9]{3,20}", words=("3 至 20 位数字", "has 3 to 20 digits"))] = Field(
        description="传真号码 / a fax number"
    )
    text: Annotated[str, Text(20000, shortest=1, lines=True)] = Field(description="正文 / the letter")
    files: Annotated[tuple[Annotated[str, Text(64)], ...], Listed(5)] = Field(
        default=(), description="随附的 PDF 附件（SHA-256） / PDFs among the item's files, by SHA-256"
    )


class FaxPosted(AnswerModel):
    """It stands in the outbox; how it went is told by the item's timeline."""

    number: str
    to: str


class FaxApi:
    """The faxes of one installation; `enabled` when ours may be sent."""

    def __init__(
        self,
        faxes: FaxLedger,
        post: FaxPost,
        item: Found,
        sealed: Sealed,
        now: Callable[[], datetime],
        enabled: bool,
    ) -> None:
        self._faxes = faxes
        self._post = post
        self._item = item
        self._sealed = sealed
        self._now = now
        self._enabled = enabled

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/api/v1/faxes",
                "faxes",
                "收到的传真，最新在前",
                "Faxes that came in, the newest first",
                self.faxes,
                {200: FaxesPage},
                right=Right.WORK_ITEMS,
                lists=True,
                query=FaxesAsked,
                refuses=(StorageDown,),
                looks="faxes.view",
            ),
            Route(
                "GET",
                "/api/v1/faxes/{id}",
                "fax",
                "一份传真及其各页",
                "A fax with its pages",
                self.fax,
                {200: FaxWhole},
                right=Right.WORK_ITEMS,
                query=SealedAsked,
                refuses=(NotFound, StorageDown),
                looks="fax.view",
            ),
            Route(
                "POST",
                "/api/v1/queue/{number}/fax",
                "send_fax",
                "就某件发传真",
                "Fax a letter about an item",
                self.send,
                {202: FaxPosted},
                right=Right.WORK_ITEMS,
                query=SealedAsked,
                body=FaxBody,
                refuses=(NotFound, Conflict, StorageDown),
                looks="fax.send",
            ),
        )

    async def send(self, request: ApiRequest) -> Answer:
        if not self._enabled:
            raise Conflict("未开通传真外发 / sending faxes is off")
        body, number = request.body_as(FaxBody), request.part("number")
        detail = await self._item(number)
        pdfs = {
            file.sha256
            for file in detail.attachments
            if file.media_type == PDF and file.role != "quarantined"
        }
        if not pdfs.issuperset(body.files):
            raise BadContact(FieldFault("files", "只能是该件的 PDF 附件", "must be PDFs of this item"))
        for sha256 in body.files:
            await self._sealed.may_open(request.account, detail, sha256, request.query_as(SealedAsked).reason)
        key = f"fax:letter:{number}:{secrets.token_hex(8)}"
        content = {"text": body.text, "files": " ".join(body.files)}
        await self._post.post(number, Draft(key, "fax", body.to, content), self._now())
        return Answer(FaxPosted(number=number, to=body.to), 202)

    async def faxes(self, request: ApiRequest) -> Answer:
        q = request.query_as(FaxesAsked)
        last = await self._faxes.get(q.before) if q.before else None
        before = (last.started_at, last.id) if last else None
        faxes = await self._faxes.page(before, q.limit + 1)
        shown = tuple(_shown(fax) for fax in faxes[: q.limit])
        return Answer(FaxesPage(items=shown, next=shown[-1].id if len(faxes) > q.limit else None))

    async def fax(self, request: ApiRequest) -> Answer:
        fax = await self._faxes.get(request.part("id"))
        if fax is None:
            raise NotFound
        numbers = {fax.number, *(page.number for page in fax.pages)} - {""}
        await self._sealed.may_see_pages(request.account, numbers, request.query_as(SealedAsked).reason)
        return Answer(FaxWhole(fax=_shown(fax), pages=tuple(_page(page) for page in fax.pages)))


def _shown(fax: Fax) -> FaxShown:
    return FaxShown(
        id=fax.id,
        number=fax.number or None,
        same_as=fax.same_as or None,
        caller=fax.caller,
        station=fax.station,
        dialled=fax.dialled,
        line=fax.line,
        status=fax.status,
        received=fax.received,
        expected=fax.expected,
        mode=fax.mode,
        rate=fax.rate,
        ecm=fax.ecm,
        resolution=fax.resolution,
        error=fax.error,
        started_at=fax.started_at,
        ended_at=fax.ended_at,
        seconds=round(fax.seconds, 1),
    )


def _page(page: FaxPage) -> FaxPageShown:
    return FaxPageShown(
        page=page.page,
        sha256=page.sha256,
        width=page.width,
        height=page.height,
        reading=page.reading,
        text=page.text,
    )
