"""What people are told of an item: a reply, a call or letter that is done, another try, a letter to print."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Protocol

from aiohttp import web
from pydantic import Field

from gateway.core.item.item import Item, ItemDetail, Told
from gateway.errors import BadContact, Conflict, FieldFault, NotFound, StorageDown
from gateway.web.api import translate
from gateway.web.api.matters import number_of
from gateway.web.api.queue import ONE
from gateway.web.api.queue_models import ItemWhole
from gateway.web.http.auth import HOUSE
from gateway.web.http.fields import Choice, Text, Whole
from gateway.web.http.models import RequestModel
from gateway.web.http.route import Answer, Asked, Does, Route
from gateway.web.pages import letter

KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 100


class WayWish(StrEnum):
    """The ways to a person."""

    MAIL = "mail"
    FAX = "fax"
    PHONE = "phone"
    LETTER = "letter"


class ReplyWish(RequestModel):
    """What the person is told, and by which ways; without any by the first that leads to him."""

    text: Annotated[str, Text(shortest=1, longest=20000, lines=True)] = Field(
        description="回复内容 / the reply"
    )
    ways: Annotated[tuple[Choice[WayWish], ...], Field(max_length=4)] = Field(
        default=(), description="方式 / by which ways"
    )


class ToldWish(RequestModel):
    """Which call or letter is done, and how it went."""

    id: Annotated[int, Whole(least=1)] = Field(description="告知的 id / id of the notice")
    text: Annotated[str, Text(longest=2000, lines=True)] = Field(
        default="", description="办理情况 / how it went"
    )


class AgainWish(RequestModel):
    """Which notice is to be told again; `way` by another one, to the address that is known now."""

    id: Annotated[int, Whole(least=1)] = Field(description="告知的 id / id of the notice")
    way: Choice[WayWish] | None = Field(default=None, description="方式 / by which way")


class NoticeDesk(Protocol):
    """What is needed of gateway/intake/telling.py. Every method may raise NotFound and StorageDown."""

    async def reply(
        self, number: str, who: str, text: str, ways: Collection[str], key: str = ""
    ) -> ItemDetail: ...

    async def notice(self, number: str, notice: int) -> tuple[Item, Told]: ...

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
            self._do("reply", "回复来件人", "Write to the person", self.reply, ReplyWish, key),
            self._do("told", "登记已告知", "Note a call or letter as done", self.told, ToldWish),
            self._do("tell-again", "重新告知", "Tell it again, or another way", self.again, AgainWish),
            Route(
                "GET",
                f"{ONE}/notices/{{id}}/letter",
                "notice_letter",
                "可打印的告知书",
                "A notice as a letter, to be printed",
                self.letter,
                {200: None},
                roles=HOUSE,
                number=True,
                media="text/html",
                refuses=(NotFound, StorageDown),
                looks="letter.view",
            ),
        )

    def _do(
        self,
        name: str,
        zh: str,
        en: str,
        does: Does,
        body: type[RequestModel],
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Route:
        return Route(
            "POST",
            f"{ONE}/{name}",
            name.replace("-", "_"),
            zh,
            en,
            does,
            {200: ItemWhole},
            roles=HOUSE,
            body=body,
            number=True,
            headers=headers,
            refuses=(NotFound, Conflict, StorageDown),
        )

    async def reply(self, asked: Asked) -> Answer:
        wish, key = asked.sent(ReplyWish), asked.request.headers.get(KEY_HEADER, "")
        if len(key) > LONGEST_KEY:
            zh, en = f"至多 {LONGEST_KEY} 个字符", f"has at most {LONGEST_KEY} characters"
            raise BadContact(FieldFault(KEY_HEADER, zh, en))
        if not wish.text.strip():
            raise BadContact(FieldFault("text", "必填", "is required"))
        who, ways = asked.account.name, tuple(way.value for way in wish.ways)
        return _whole(await self._desk.reply(number_of(asked), who, wish.text.strip(), ways, key))

    async def told(self, asked: Asked) -> Answer:
        wish, who = asked.sent(ToldWish), asked.account.name
        return _whole(await self._desk.told_by_hand(number_of(asked), who, wish.id, wish.text.strip()))

    async def again(self, asked: Asked) -> Answer:
        wish, who = asked.sent(AgainWish), asked.account.name
        way = wish.way.value if wish.way else ""
        return _whole(await self._desk.tell_again(number_of(asked), who, wish.id, way))

    async def letter(self, asked: Asked) -> web.Response:
        part = asked.part("id")
        notice = int(part) if part.isascii() and part.isdigit() and len(part) < 16 else 0
        item, told = await self._desk.notice(number_of(asked), notice)
        headers = {"Content-Security-Policy": letter.POLICY}
        page = letter.page(item, told, self._office)
        return web.Response(text=page, content_type="text/html", headers=headers)


def _whole(detail: ItemDetail) -> Answer:
    return Answer(translate.whole(detail))
