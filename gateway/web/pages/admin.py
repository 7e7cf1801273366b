"""/desk/admin: the parts of administration, each a list with what can be done, as forms without JavaScript.

A part calls the services that the command line calls. What cannot be undone is asked once more in the page;
what can be undone is offered to be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from aiohttp import web

from gateway.core.rights import Right
from gateway.core.roles import Account
from gateway.errors import GatewayError, NotFound, OperatorError
from gateway.web.http.addresses import address_of
from gateway.web.http.auth import Gate
from gateway.web.http.uploads import MULTIPART
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.work_page import POLICY, WorkPage, words

ADMIN = "/desk/admin"
MICROPHONE = "camera=(), microphone=(self), geolocation=()"  # prompts are recorded in the browser
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ActResult:
    """What an act came to. `once` is shown this once (a password, a token); `undo` is the form to undo it;
    `beside` is the field that a refusal is about."""

    zh: str
    en: str
    good: bool = True
    once: str = field(default="", repr=False)
    undo: Mapping[str, str] | None = None
    beside: str = ""


def refused(zh: str, en: str, beside: str = "") -> ActResult:
    return ActResult(zh, en, good=False, beside=beside)


class Part(Protocol):
    """One part of the page: its name in the address, and in words."""

    name: str
    zh: str
    en: str

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        """What its template shows; `asked` are the fields of the address."""

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        """Raises OperatorError, GatewayError, NotFound for an act that it does not know."""


@runtime_checkable
class TakesFile(Protocol):
    """A part whose form may bring a file."""

    async def upload(self, fields: Fields, file: bytes, account: Account) -> ActResult: ...


class AdminPage(WorkPage):
    """For administrators. `parts` in the order of their tabs."""

    def __init__(self, pages: Pages, gate: Gate, parts: Sequence[Part]) -> None:
        super().__init__(pages, gate, ADMIN, "admin.html", {}, Right.ADMINISTER)
        self._parts = {part.name: part for part in parts}

    def add(self, app: web.Application) -> None:
        super().add(app)
        self._pages.add(app, "POST", ADMIN, self.change, counted=False)

    async def shown(self, request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        part = self._part(request.query.get("part", next(iter(self._parts))))
        return await self._show(look, account, part, dict(request.query))

    async def change(self, request: web.Request, look: Look) -> web.StreamResponse:
        """Raises NotAllowed for a form that is not the session's own."""
        fields, file = await self._form(request)
        account = await self._sender(request, fields)
        if account is None:
            return web.Response(status=303, headers={"Location": "/desk"})
        part = self._part(fields.get("part", ""))
        try:
            result = await self._done(part, fields, file, account)
        except OperatorError as error:
            shown = "; ".join(look.half(problem.text) for problem in error.problems)
            result = refused(shown, shown)
        except GatewayError as error:
            if error.status >= 500:
                raise
            shown = look.half(error.detail) or look.t(error.zh, error.en)
            result = refused(shown, shown)
        status = 200 if result.good else 422
        return await self._show(look, account, part, fields, status, result)

    async def _form(self, request: web.Request) -> tuple[Fields, bytes | None]:
        """The fields, and the file where the form is one that brings one (b"" for none chosen)."""
        if request.content_type != MULTIPART:
            return await self._pages.fields(request), None
        async with self._pages.uploads.receive(request, address_of(request)) as sent:
            files = [await asyncio.to_thread(file.path.read_bytes) for file in sent.files[:1]]
            return dict(sent.fields), files[0] if files else b""

    async def _done(self, part: Part, fields: Fields, file: bytes | None, account: Account) -> ActResult:
        if file is not None and isinstance(part, TakesFile):
            return await part.upload(fields, file, account)
        return await part.act(fields.get("act", ""), fields, account)

    def _part(self, name: str) -> Part:
        if name not in self._parts:
            raise NotFound
        return self._parts[name]

    async def _show(
        self,
        look: Look,
        account: Account,
        part: Part,
        asked: Fields,
        status: int = 200,
        told: ActResult | None = None,
    ) -> web.Response:
        kept = asked if told and not told.good else {}
        return self._pages.show(
            look,
            f"admin_{part.name}.html",
            status,
            {
                "Content-Security-Policy": POLICY,
                "Cache-Control": "no-store",
                "Permissions-Policy": MICROPHONE,
            },
            account=account,
            words=words(self._pages, look, {}),
            parts=tuple(self._parts.values()),
            part=part,
            told=told,
            kept=kept,
            zone=self._pages.zone,
            **await part.facts(look, asked),
        )
