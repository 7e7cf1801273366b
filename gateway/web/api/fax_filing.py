"""The pages of a fax item: looked at with what the machine read, put in order, parted; and its words
written up by a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import Field

from gateway.core.fax.record import TURNS, FiledPage, Placing, Reading
from gateway.core.item.contact import Receipt
from gateway.core.rights import Right
from gateway.errors import Conflict, FieldFault, NotFound, StorageDown
from gateway.web.api import translate
from gateway.web.api.intake_models import ReceiptGiven
from gateway.web.api.item_routes import ONE
from gateway.web.api.sealed import Sealed, SealedAsked
from gateway.web.http.fields import Listed, Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, ApiRequest, Route

T = TypeVar("T")
MOST = 500
"""Pages in one body."""


class PagesDesk(Protocol):
    """What the API needs of gateway/intake/fax_filing.py. Every method may raise NotFound, StorageDown."""

    async def pages(self, number: str) -> tuple[FiledPage, ...]: ...

    async def arrange(self, number: str, order: Sequence[Placing]) -> tuple[FiledPage, ...]: ...

    async def split(self, number: str, chosen: Collection[tuple[str, int]], who: str) -> Receipt: ...


class FaxLine(AnswerModel):
    """A line that was read. `box` is x, y, width, height in pixels of the page's picture, `sure` 0 to 1,
    `unsure` the places of characters of which the reader was not sure."""

    text: str
    box: tuple[int, ...]
    sure: float
    unsure: tuple[int, ...]


class FaxHint(AnswerModel):
    """What a line may be: name, phone, amount (yuan), date, respondent or number (an item of ours)."""

    field: str
    value: str
    box: tuple[int, ...]
    sure: float


class FaxPageFiled(AnswerModel):
    """One page in its place. Its picture is the attachment `sha256` of the item `number`; `turned` is in
    degrees to the right."""

    fax: str
    page: int
    number: str
    sha256: str
    width: int
    height: int
    turned: int
    came: datetime
    reading: Reading
    text: str
    lines: tuple[FaxLine, ...]
    hints: tuple[FaxHint, ...]


class FaxPagesFiled(AnswerModel):
    """The pages of an item in their order."""

    pages: tuple[FaxPageFiled, ...]


class PagePlaced(RequestModel):
    """A page in its new place."""

    fax: Annotated[str, Text(64, shortest=1)] = Field(description="传真 / id of the fax")
    page: Annotated[int, Whole(1, 10000)] = Field(description="页码 / the page as it came")
    turned: Annotated[int, Whole(0, 270)] = Field(default=0, description="旋转角度 / degrees to the right")


class PagesBody(RequestModel):
    """Every page of the item in the order that is wanted."""

    pages: Annotated[tuple[PagePlaced, ...], Listed(MOST)] = Field(description="页面 / the pages")


class PageChosen(RequestModel):
    """A page that leaves."""

    fax: Annotated[str, Text(64, shortest=1)] = Field(description="传真 / id of the fax")
    page: Annotated[int, Whole(1, 10000)] = Field(description="页码 / the page as it came")


class PagesSplitBody(RequestModel):
    """The pages that become an item of their own."""

    pages: Annotated[tuple[PageChosen, ...], Listed(MOST)] = Field(description="页面 / the pages")


class FaxFilingApi:
    """End points below an item that is a fax."""

    def __init__(self, filing: PagesDesk, sealed: Sealed) -> None:
        self._filing = filing
        self._sealed = sealed

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("GET", f"{ONE}/fax-pages", "fax_pages", "传真各页及识别结果"),
                "The pages of a fax item, with what was read",
                self.pages,
                {200: FaxPagesFiled},
                right=Right.WORK_ITEMS,
                query=SealedAsked,
                number=True,
                refuses=(NotFound, StorageDown),
                looks="fax.pages",
            ),
            Route(
                *("POST", f"{ONE}/fax-pages", "arrange_fax", "调整页序和方向"),
                "Put the pages in order and upright",
                self.arrange,
                {200: FaxPagesFiled},
                right=Right.WORK_ITEMS,
                query=SealedAsked,
                body=PagesBody,
                also=_turns,
                number=True,
                refuses=(NotFound, Conflict, StorageDown),
            ),
            Route(
                *("POST", f"{ONE}/fax-split", "split_fax", "将部分页面分出，另立一件"),
                "Make an item of some of the pages",
                self.split,
                {201: ReceiptGiven},
                right=Right.WORK_ITEMS,
                query=SealedAsked,
                body=PagesSplitBody,
                number=True,
                refuses=(NotFound, Conflict, StorageDown),
            ),
        )

    async def pages(self, request: ApiRequest) -> Answer:
        return Answer(_shown(await self._seen(request)))

    async def arrange(self, request: ApiRequest) -> Answer:
        await self._seen(request)
        order = [Placing(page.fax, page.page, page.turned) for page in request.body_as(PagesBody).pages]
        return Answer(_shown(await self._filing.arrange(request.part("number"), order)))

    async def split(self, request: ApiRequest) -> Answer:
        await self._seen(request)
        chosen = {(page.fax, page.page) for page in request.body_as(PagesSplitBody).pages}
        receipt = await self._filing.split(request.part("number"), chosen, request.account.name)
        return Answer(translate.receipt(receipt), 201)

    async def _seen(self, request: ApiRequest) -> tuple[FiledPage, ...]:
        """The pages, those of items that were merged into this one too, when all may be seen."""
        number = request.part("number")
        pages = await self._filing.pages(number)
        numbers = (number, *(page.page.number for page in pages))
        await self._sealed.may_see_pages(request.account, numbers, request.query_as(SealedAsked).reason)
        return pages


def _turns(request: ApiRequest) -> list[FieldFault]:
    return [
        FieldFault(f"pages[{n}].turned", "只能是 0、90、180 或 270", "is 0, 90, 180 or 270")
        for n, page in enumerate(request.body_as(PagesBody).pages)
        if page.turned not in TURNS
    ]


def _shown(pages: Sequence[FiledPage]) -> FaxPagesFiled:
    return FaxPagesFiled(pages=tuple(_page(page) for page in pages))


def _page(filed: FiledPage) -> FaxPageFiled:
    page = filed.page
    return FaxPageFiled(
        fax=filed.fax,
        page=page.page,
        number=page.number,
        sha256=page.sha256,
        width=page.width,
        height=page.height,
        turned=page.turned,
        came=filed.came,
        reading=page.reading,
        text=page.text,
        lines=_each(page.words, _line),
        hints=_each(page.hints, _hint),
    )


def _each(kept: str, build: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    return tuple(build(entry) for entry in json.loads(kept or "[]"))


def _line(entry: dict[str, Any]) -> FaxLine:
    return FaxLine(
        text=entry["text"], box=tuple(entry["box"]), sure=entry["sure"], unsure=tuple(entry.get("unsure", ()))
    )


def _hint(entry: dict[str, Any]) -> FaxHint:
    return FaxHint(field=entry["field"], value=entry["value"], box=tuple(entry["box"]), sure=entry["sure"])
