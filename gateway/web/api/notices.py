"""What people are told of an item: a reply, a call or letter that is done, another try, a letter to print."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Annotated, Protocol

from aiohttp import web
from pydantic import Field

from gateway.core.item.item import Item, ItemDetail, NoticeRecord
from gateway.core.item.notice import WAYS, is_secret, masked_to
from gateway.core.item.sms import segments
from gateway.core.rights import Right
from gateway.errors import BadContact, FieldFault, NotFound, StorageDown
from gateway.intake.telling import Preview
from gateway.web.api import translate
from gateway.web.api.item_routes import ONE, item_act
from gateway.web.api.matters import number_of
from gateway.web.api.told_models import NoticeComposed, PreviewGiven, WaysGiven, WayShown
from gateway.web.http.fields import Choice, Listed, Text, Whole
from gateway.web.http.models import RequestModel
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.pages import letter

KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 100


class WayBody(StrEnum):
    """The ways to a person."""

    MAIL = "mail"
    FAX = "fax"
    SMS = "sms"
    PHONE = "phone"
    LETTER = "letter"


class ReplyBody(RequestModel):
    """What the person is told, and by which ways; without any by the first that leads to him."""

    text: Annotated[str, Text(shortest=1, longest=20000, lines=True)] = Field(
        description="回复内容 / the reply"
    )
    ways: Annotated[tuple[Choice[WayBody], ...], Listed(5)] = Field(
        default=(), description="方式 / by which ways"
    )


class ReceiptBody(RequestModel):
    """By which ways the receipt goes."""

    ways: Annotated[tuple[Choice[WayBody], ...], Listed(5)] = Field(description="方式 / by which ways")


class ToldBody(RequestModel):
    """Which call or letter is done, and how it went."""

    id: Annotated[int, Whole(least=1)] = Field(description="告知的 id / id of the notice")
    text: Annotated[str, Text(longest=2000, lines=True)] = Field(
        default="", description="办理情况 / how it went"
    )


class AgainBody(RequestModel):
    """Which notice is to be told again; `way` by another one, to the address that is known now."""

    id: Annotated[int, Whole(least=1)] = Field(description="告知的 id / id of the notice")
    way: Choice[WayBody] | None = Field(default=None, description="方式 / by which way")


class NoticeDesk(Protocol):
    """What is needed of gateway/intake/telling.py. Every method may raise NotFound and StorageDown."""

    async def reply(
        self, number: str, who: str, text: str, ways: Collection[str], key: str = ""
    ) -> ItemDetail: ...

    async def ways(self, number: str) -> tuple[Item, Mapping[str, str]]: ...

    async def preview(self, number: str, text: str, ways: Collection[str]) -> Preview: ...

    async def send_receipt(self, number: str, who: str, ways: Collection[str]) -> ItemDetail: ...

    async def notice(self, number: str, notice: int) -> tuple[Item, NoticeRecord]: ...

    async def told_by_hand(self, number: str, who: str, notice: int, text: str) -> ItemDetail: ...

    async def tell_again(self, number: str, who: str, notice: int, way: str) -> ItemDetail: ...


class NoticesApi:
    """End points of an item's notices; `office` is who writes."""

    def __init__(self, desk: NoticeDesk, office: str) -> None:
        self._desk = desk
        self._office = office

    def routes(self) -> tuple[Route, ...]:
        key = ((KEY_HEADER, f"at most {LONGEST_KEY} characters; with it a reply is sent once"),)
        return (
            item_act("reply", "回复来件人", "Write to the person", self.reply, ReplyBody, headers=key),
            Route(
                *("POST", f"{ONE}/reply-preview", "reply_preview", "回复预览，不发送"),
                *("What a reply would be; nothing is sent", self.preview),
                {200: PreviewGiven},
                right=Right.WORK_ITEMS,
                body=ReplyBody,
                number=True,
                refuses=(NotFound, StorageDown),
                noted=False,
            ),
            Route(
                *(
                    "GET",
                    f"{ONE}/ways",
                    "ways",
                    "可用的告知方式",
                    "By which ways the person can be told",
                    self.ways,
                ),
                {200: WaysGiven},
                right=Right.WORK_ITEMS,
                number=True,
                refuses=(NotFound, StorageDown),
            ),
            item_act(
                "send-receipt",
                "发送登记回执",
                "Send the receipt with the query code",
                self.receipt,
                ReceiptBody,
            ),
            item_act("told", "登记已告知", "Note a call or letter as done", self.told, ToldBody),
            item_act("tell-again", "重新告知", "Tell it again, or another way", self.again, AgainBody),
            Route(
                "GET",
                f"{ONE}/notices/{{id}}/letter",
                "notice_letter",
                "可打印的告知书",
                "A notice as a letter, to be printed",
                self.letter,
                {200: None},
                right=Right.WORK_ITEMS,
                number=True,
                media="text/html",
                refuses=(NotFound, StorageDown),
                looks="letter.view",
            ),
        )

    async def reply(self, request: ApiRequest) -> Answer:
        body, key = request.body_as(ReplyBody), request.http.headers.get(KEY_HEADER, "")
        if len(key) > LONGEST_KEY:
            zh, en = f"至多 {LONGEST_KEY} 个字符", f"has at most {LONGEST_KEY} characters"
            raise BadContact(FieldFault(KEY_HEADER, zh, en))
        text = _said(body)
        return _whole(await self._desk.reply(number_of(request), request.account.name, *text, key))

    async def preview(self, request: ApiRequest) -> Answer:
        seen = await self._desk.preview(number_of(request), *_said(request.body_as(ReplyBody)))
        secret = is_secret(seen.item)
        composed = (
            NoticeComposed(
                way=draft.way,
                way_zh=WAYS[draft.way].zh,
                to=masked_to(draft.way, draft.address, secret),
                subject=draft.content.get("subject", ""),
                text=draft.content["text"],
                segments=segments(draft.content["text"]) if draft.way == WayBody.SMS else None,
            )
            for draft in seen.drafts
        )
        return Answer(PreviewGiven(items=tuple(composed)))

    async def ways(self, request: ApiRequest) -> Answer:
        item, addresses = await self._desk.ways(number_of(request))
        shown = (
            WayShown(
                id=way,
                zh=WAYS[way].zh,
                en=WAYS[way].en,
                to=masked_to(way, address, is_secret(item)),
                by_hand=WAYS[way].by_hand,
            )
            for way, address in addresses.items()
        )
        return Answer(WaysGiven(items=tuple(shown)))

    async def receipt(self, request: ApiRequest) -> Answer:
        ways = tuple(way.value for way in request.body_as(ReceiptBody).ways)
        return _whole(await self._desk.send_receipt(number_of(request), request.account.name, ways))

    async def told(self, request: ApiRequest) -> Answer:
        body, who = request.body_as(ToldBody), request.account.name
        return _whole(await self._desk.told_by_hand(number_of(request), who, body.id, body.text.strip()))

    async def again(self, request: ApiRequest) -> Answer:
        body, who = request.body_as(AgainBody), request.account.name
        way = body.way.value if body.way else ""
        return _whole(await self._desk.tell_again(number_of(request), who, body.id, way))

    async def letter(self, request: ApiRequest) -> web.Response:
        part = request.part("id")
        notice = int(part) if part.isascii() and part.isdigit() and len(part) < 16 else 0
        item, notice_told = await self._desk.notice(number_of(request), notice)
        headers = {"Content-Security-Policy": letter.POLICY}
        page = letter.page(item, notice_told, self._office)
        return web.Response(text=page, content_type="text/html", headers=headers)


def _said(body: ReplyBody) -> tuple[str, tuple[str, ...]]:
    """Text and ways of a reply. Raises BadContact."""
    if not body.text.strip():
        raise BadContact(FieldFault("text", "必填", "is required"))
    return body.text.strip(), tuple(way.value for way in body.ways)


def _whole(detail: ItemDetail) -> Answer:
    return Answer(translate.whole(detail))
