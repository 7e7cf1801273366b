"""The public pages: what they are made of, their languages and headers, and the start page.

Plain HTML that works without JavaScript, nothing from elsewhere. Chinese unless the reader asks for
English. What goes wrong is told on a page as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.core.item import states as case
from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Milestone, Rules
from gateway.errors import FieldFault, GatewayError, NotFound, Refused, TooLarge, Unavailable
from gateway.intake.file_types import accepted
from gateway.settings.schema import Centre, PageSettings
from gateway.settings.secrets import key_once
from gateway.web.api.events import check_origin
from gateway.web.api.intake import Missing
from gateway.web.api.metrics import Metrics
from gateway.web.http.addresses import address_of
from gateway.web.http.auth import Gate
from gateway.web.http.problem import RETRY_AFTER, SHOWN
from gateway.web.http.proof_of_work import Pass, Seals
from gateway.web.http.rates import Flooded
from gateway.web.http.request_log import request_id
from gateway.web.http.static_files import OURS, static_files
from gateway.web.http.uploads import EVIDENCE, TEXTS, Sent, Uploads
from gateway.web.pages.look import LANGUAGES, VIEWS, Look, language_of
from gateway.web.pages.navigation import ROLE_NAMES, places
from gateway.web.pages.session_words import SESSION_WORDS
from gateway.web.ports import IntakeQueue

log = logging.getLogger(__name__)

KIND_NAMES = {
    kind: (zh, en.capitalize()) for kind, (zh, en) in case.KIND_NAMES.items() if kind is not Kind.UNSORTED
}
"""What a citizen can choose."""
KINDS = {kind.value: words for kind, words in KIND_NAMES.items()}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HONEYPOT = "website"
KEPT = "kept"  # a field of forms: places of files that came before with this form and are held
_BODY_SECONDS = 30.0
_LARGEST = 64 * 1024  # bytes of a form without files
_SLOW_AT_ONCE = 200  # forms that wait until they are old enough
_GONE = FieldFault(
    EVIDENCE,
    "先前上传的文件已过保存时间，请重新选择",
    "the files that were sent before are kept no longer: choose them again",
)
FLOODED = web.RequestKey("flooded", Flooded)
_OF_STATUS: dict[int, type[GatewayError]] = {404: NotFound, 413: TooLarge}


@dataclass(frozen=True, slots=True)
class PublicSide:
    """What the pages are about: the city's rules, the centre, and their settings."""

    rules: Rules
    centre: Centre
    settings: PageSettings = field(default_factory=PageSettings)


Page = Callable[[web.Request, Look], Awaitable[web.StreamResponse]]


class Pages:
    """What all pages share: templates, static files, language, rates, passes of forms."""

    def __init__(
        self,
        public: PublicSide,
        intake: IntakeQueue,
        uploads: Uploads,
        gate: Gate,
        metrics: Metrics,
        missing: Missing,
        var: Path,
        zone: Any,
        now: Callable[[], datetime],
        public_url: str,
        parts: Iterable[Path] = (),
    ) -> None:
        self.public = public
        self.intake = intake
        self.uploads = uploads
        self.gate = gate
        self.metrics = metrics
        self.missing = missing
        self.zone = zone
        self.now = now
        self.public_url = public_url
        self.seals = Seals(key_once(var / "secrets" / "pages.key", "open forms must be sent once more then"))
        self._static = static_files((*OURS.iterdir(), *parts), "/static")
        self._slow = 0
        self._templates = Environment(
            loader=PackageLoader("gateway.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["centre"] = public.centre
        self._templates.globals["static"] = {name: file.address for name, file in self._static.items()}
        self._templates.globals["settings"] = public.settings
        self._templates.globals["places"] = places
        self._templates.globals["role_names"] = ROLE_NAMES
        self._templates.globals |= {"zone_name": str(zone), "unreachable": SESSION_WORDS["unreachable"]}
        self._templates.globals["limits"] = uploads.limits
        self._templates.globals["demo"] = False
        self._templates.globals["mailbox"] = None
        self._templates.globals["accepted"] = accepted(uploads.limits.types)

    def add(self, app: web.Application, method: str, path: str, page: Page, *, counted: bool = True) -> None:
        """Serve a page. A POST counts as a form that is handed in, unless it is not to be `counted`."""
        does = partial(self._serve, page, counted)
        app.router.add_route(method, path, does)
        if method == "GET":
            app.router.add_route("HEAD", path, does)

    def show(
        self,
        look: Look,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **held: Any,
    ) -> web.Response:
        """A page."""
        text = self._templates.get_template(template).render(look=look, t=look.t, http_status=status, **held)
        return web.Response(
            text=text, status=status, content_type="text/html", charset="utf-8", headers=headers or {}
        )

    async def _serve(self, page: Page, counted: bool, request: web.Request) -> web.StreamResponse:
        look = Look(request, language_of(request))
        return self._dressed(look, await self._answer(page, counted, request, look))

    def _dressed(self, look: Look, response: web.StreamResponse) -> web.StreamResponse:
        """With the headers of a page, and the cookies of what its reader chose."""
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Content-Language", "zh-CN" if look.lang == "zh" else "en")
        chosen = {"lang": (look.lang, LANGUAGES), "view": ("care" if look.care else "plain", VIEWS)}
        for name, (value, allowed) in chosen.items():
            if look.request.query.get(name) in allowed:
                response.set_cookie(name, value, max_age=31536000, samesite="Lax", path="/", httponly=True)
        return response

    def show_demo(self, **more: Any) -> None:
        """The start page tells what to try; `more` is what its list goes by."""
        self._templates.globals["demo"] = True
        self._templates.globals.update(more)

    def add_problems(self, app: web.Application) -> None:
        """What a browser asks for and is not there, and faults of ours, are told on a page too."""
        app[SHOWN] = self._problem_page

    def _problem_page(self, request: web.Request, error: GatewayError, status: int) -> web.StreamResponse:
        look = Look(request, language_of(request))
        return self._dressed(look, self.problem(look, error, status))

    async def _answer(
        self, page: Page, counted: bool, request: web.Request, look: Look
    ) -> web.StreamResponse:
        try:
            if request.method not in ("GET", "HEAD"):
                self._own(request)
            await self.gate.admit(request)
            if request.method == "POST" and counted:
                await self._count(request)
            return await page(request, look)
        except GatewayError as error:
            if error.status >= 500:
                log.error("request %s: %s: %s", request_id(request), type(error).__name__, error)
            return self.problem(look, error)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            kind = _OF_STATUS.get(error.status, Refused)
            return self.problem(look, kind(), error.status)

    def problem(self, look: Look, error: GatewayError, status: int = 0) -> web.Response:
        """A page that says what is wrong; nothing of the inside."""
        status = status or error.status
        headers = {}
        for kind, seconds in RETRY_AFTER.items():
            if isinstance(error, kind):
                headers["Retry-After"] = str(error.wait) if isinstance(error, Flooded) else seconds
        detail = "" if status >= 500 or error.detail == error.en else look.half(error.detail)
        return self.show(look, "problem.html", status, headers, error=error, detail=detail, told=status)

    async def _count(self, request: web.Request) -> None:
        """Raises Flooded, but not for who is logged in; a form that can be shown again has it as FLOODED."""
        try:
            self.gate.rates.submitted(address_of(request))
        except Flooded as error:
            if await self.gate.person(request):
                return
            if request.path != "/report" or (request.content_length or TEXTS) >= TEXTS:
                raise
            request[FLOODED] = error

    def _own(self, request: web.Request) -> None:
        """A form comes from a page of ours. Raises NotAllowed."""
        check_origin(request, self.public_url)

    async def fields(self, request: web.Request) -> dict[str, str]:
        """A form without files. Raises Refused, TooLarge, aiohttp's 408."""
        if request.content_type == "multipart/form-data":
            async with self.uploads.receive(request, address_of(request)) as sent:
                return dict(sent.fields)
        if (request.content_length or 0) > _LARGEST:
            raise TooLarge
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                text = (await request.read()).decode("utf-8")
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=50, errors="strict"))
        except TimeoutError as error:
            raise web.HTTPRequestTimeout from error
        except ValueError as error:
            raise Refused from error

    async def passed(self, sent: Sent) -> Pass | None:
        """The pass of a form, once it may be taken; None when the form must be shown again."""
        fields = dict(sent.fields)
        given = self.seals.read(fields.get("pass", ""))
        if given is None or given.is_old(self.now()):
            return None
        if not given.worked(fields.get("work", ""), self.public.settings.work_bits):
            await self._slower(given.wait(self.now(), self.public.settings.slow_seconds))
        return given

    async def _slower(self, seconds: float) -> None:
        """The way for browsers without JavaScript. Raises Flooded when very many are on it."""
        if seconds <= 0:
            return
        if self._slow >= _SLOW_AT_ONCE:
            raise Flooded(int(seconds) + 1)
        self._slow += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._slow -= 1

    async def with_held(self, sent: Sent) -> Sent:
        """The form with those files of its earlier tries that it names; a file sent again counts once."""
        places = {text for name, text in sent.fields if name == KEPT}
        if not places:
            return sent
        passed = self.renewed(dict(sent.fields).get("pass", ""))
        again = {(file.name, file.size) for file in sent.files}
        here = {str(place): file for place, file in enumerate(await self.uploads.held(passed.key))}
        held = [
            file for place, file in here.items() if place in places and (file.name, file.size) not in again
        ]
        faults = sent.faults if places <= here.keys() else (*sent.faults, _GONE)
        most = self.uploads.limits.files
        files = (*held, *sent.files)
        refusal = sent.refusal
        if len(files) > most and refusal is None:
            refusal = TooLarge(f"最多 {most} 个文件 / at most {most} files")
        return replace(sent, files=files[:most], refusal=refusal, faults=faults)

    async def hold(self, sent: Sent, passed: Pass) -> tuple[str, ...]:
        """Keep the files of a form that is shown again; their names, () when there is no room or disk."""
        if not sent.files:
            return ()
        try:
            held = await self.uploads.hold(sent.files, passed.key)
        except Unavailable:
            return ()
        return tuple(file.name for file in sent.files) if held else ()

    def renewed(self, text: str) -> Pass:
        """A pass for a form that is shown again: it keeps the key, so that nothing is made twice."""
        before = self.seals.read(text)
        if before is not None and not before.is_old(self.now()):
            return before
        return self.seals.give(self.now(), before.key if before else "")

    @staticmethod
    def speak(look: Look, fields: Mapping[str, str]) -> None:
        """The language in which a form was given out, whether or not the browser keeps cookies."""
        if fields.get("lang") in LANGUAGES:
            look.lang = fields["lang"]

    def is_safe(self, request: web.Request) -> bool:
        """Does the reader come over TLS, as far as we know?"""
        return request.secure or self.public_url.startswith("https:")

    # ------------------------------------------------------------ pages without a subject

    def add_start(self, app: web.Application) -> None:
        self.add(app, "GET", "/", self.start)

    def add_static(self, app: web.Application) -> None:
        app.router.add_route("GET", "/static/{name}", self.static)

    async def start(self, request: web.Request, look: Look) -> web.StreamResponse:
        order = self.public.rules.on(self.now().astimezone(self.zone).date())
        clocks = [
            (
                clock,
                "、".join(KIND_NAMES[kind][look.lang == "en"] for kind in KIND_NAMES if kind in clock.kinds),
            )
            for clock in order.clocks
            if not clock.extends and clock.starts_from is Milestone.RECEIVED
        ]
        return self.show(look, "start.html", clocks=clocks)

    async def static(self, request: web.Request) -> web.StreamResponse:
        file = self._static.get(request.match_info["name"])
        if file is None:
            raise NotFound
        marked = request.query.get("v") == file.mark  # a script that another imports has no mark
        headers = {"Cache-Control": f"public, {'max-age=86400' if marked else 'no-cache'}"}
        headers["ETag"] = f'"{file.mark}"'
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=file.body, content_type=file.media, charset="utf-8", headers=headers)


class Aged(Refused):
    """The pass of a form is too old, or was none of ours; what was filled in is shown again."""

    zh = "页面停留过久，内容尚未提交。请核对后再次点击提交"
    en = "This page was open too long and nothing was sent yet. Please check it and send it again"
