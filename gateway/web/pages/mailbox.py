"""/mailbox, while the demo is on: what the gateway has sent, and a mail or a fax to it from outside.

For browsers on this machine alone: in the mails stands what citizens are told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Protocol
from urllib.parse import urlencode

from aiohttp import web

from gateway.core.flow.partner import Partner
from gateway.errors import NotFound, PbxDown
from gateway.web.http.addresses import address_of, in_networks, networks
from gateway.web.http.fields import Text
from gateway.web.http.models import RequestModel
from gateway.web.http.reading import page_query
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages

HERE = networks(("127.0.0.0/8", "::1"))
LONGEST = 20_000  # characters of a text
SAID = 200  # characters of a mail server's answer
_TOLD = {
    "mail": ("邮件已送达，热线已登记。", "The mail was taken in."),
    "mail_refused": ("邮件未被接收：", "The mail was refused: "),
    "mail_away": ("收信端口没有开启或无法连接。", "The mail listener is off or cannot be reached."),
    "fax": (
        "传真正在发送，约一分钟后在坐席工作台的“传真”渠道出现。",
        "The fax is being sent; in about a minute it stands at the desk.",
    ),
    "fax_away": (
        "传真没有发出：缺少字体，或电话系统未就绪。",
        "No fax was sent: no font, or no telephone system.",
    ),
    "empty": ("请先填写内容。", "Write something first."),
}


class MailboxAsked(RequestModel):
    """What came of the last form: a word of _TOLD, and what the mail server said."""

    told: Annotated[str, Text(20)] = ""
    said: Annotated[str, Text(SAID)] = ""


class ShownMail(Protocol):
    """A mail that was sent."""

    @property
    def id(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def files(self) -> Sequence[str]: ...


class DemoVisitor(Protocol):
    """gateway/demo/visitor.py, as far as the page needs it."""

    @property
    def inbox(self) -> str: ...
    @property
    def fax_number(self) -> str: ...
    @property
    def partners(self) -> Callable[[], Sequence[Partner]]: ...

    def mails(self) -> Sequence[ShownMail]: ...

    async def write(self, subject: str, text: str, answers: int = 0) -> str:
        """What the mail server said. Raises OSError."""

    async def fax(self, text: str) -> bool:
        """Raises PbxDown."""


class MailboxPage:
    """The page and its two forms."""

    def __init__(self, pages: Pages, visitor: DemoVisitor) -> None:
        self._pages = pages
        self._visitor = visitor

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", "/mailbox", self.show)
        self._pages.add(app, "POST", "/mailbox/mail", self.write)
        self._pages.add(app, "POST", "/mailbox/fax", self.fax)

    async def show(self, request: web.Request, look: Look) -> web.StreamResponse:
        _only_here(request)
        asked = page_query(MailboxAsked, request.query.items())
        return await self._shown(look, asked.told, asked.said)

    async def write(self, request: web.Request, look: Look) -> web.StreamResponse:
        """A mail to the hotline, or an answer to one of its mails."""
        _only_here(request)
        fields = await self._pages.fields(request)
        subject, text = " ".join(fields.get("subject", "").split())[:200], fields.get("text", "")[:LONGEST]
        if not text.strip():
            return await self._shown(look, "empty", kept=fields, status=422)
        answers = fields.get("answers", "")
        try:
            said = await self._visitor.write(subject, text, int(answers) if answers.isdecimal() else 0)
        except OSError:
            return await self._shown(look, "mail_away", kept=fields, status=503)
        if not said.startswith("250"):
            return await self._shown(look, "mail_refused", said, kept=fields, status=422)
        return _back(look, "mail", said)

    async def fax(self, request: web.Request, look: Look) -> web.StreamResponse:
        """A letter, set as a page and faxed to the hotline's number."""
        _only_here(request)
        fields = await self._pages.fields(request)
        text = fields.get("letter", "")[:LONGEST]
        if not text.strip():
            return await self._shown(look, "empty", kept=fields, status=422)
        try:
            sent = await self._visitor.fax(text)
        except PbxDown:
            sent = False
        return _back(look, "fax") if sent else await self._shown(look, "fax_away", kept=fields, status=503)

    async def _shown(
        self,
        look: Look,
        told: str = "",
        said: str = "",
        kept: dict[str, str] | None = None,
        status: int = 200,
    ) -> web.StreamResponse:
        return self._pages.show(
            look,
            "mailbox.html",
            status,
            headers={"Cache-Control": "no-store"},
            visitor=self._visitor,
            mails=await asyncio.to_thread(self._visitor.mails),
            zone=self._pages.zone,
            good=told in ("mail", "fax"),
            told=look.t(*_TOLD[told]) + said if told in _TOLD else "",
            kept=kept or {},
        )


def _only_here(request: web.Request) -> None:
    if not in_networks(address_of(request), HERE):
        raise NotFound


def _back(look: Look, told: str, said: str = "") -> web.Response:
    query = urlencode({"told": told, "said": said[:SAID]} if said else {"told": told})
    return web.Response(status=303, headers={"Location": f"/mailbox?{query}#told"})
