"""One end point as data: where it is, who may use it, what it takes and gives, and what it does.

The server, openapi.json, the page under /docs and the table in docs/reference/api.md are made from routes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from aiohttp import web

from gateway.core.audit import ASKER
from gateway.core.rights import Right, holders
from gateway.core.roles import OF_UNITS, Account, Role
from gateway.errors import (
    BadContact,
    FieldFault,
    GatewayError,
    NotAllowed,
    NotFound,
    NoToken,
    Refused,
    StorageDown,
    TooLarge,
    TooMany,
    WrongType,
)
from gateway.token_buckets import Buckets, Flooded
from gateway.web.http.addresses import address_of, comes_from
from gateway.web.http.auth import Gate
from gateway.web.http.form_reading import read_form
from gateway.web.http.masks import with_masked_numbers
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.reading import Reading, read_body, read_query
from gateway.web.http.uploads import MULTIPART, Upload, Uploads
from gateway.web.http.writing import encoded

M = TypeVar("M", bound=RequestModel)
LARGEST_BODY = 1 << 20
"""Bytes of a JSON body; files have limits of their own."""
UNCOUNTED = ("/healthz", "/metrics")
"""What may be asked without limit."""
_TOLD = ("state", "channel", "kind", "task", "county", "after", "limit", "before", "since", "reason")
# What of a query stands in the audit log: nothing that may be personal, but for a reason.
JSON = {"Content-Type": "application/json; charset=utf-8"}
LIST_MINUTES = 10
BODY_SECONDS = 30.0
"""How long a JSON body may take to arrive."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request after all checks. `who` is None on public end points.

    `files` came with a form; they are there until the answer is given.
    """

    http: web.Request
    who: Account | None = None
    query: RequestModel | None = None
    body: RequestModel | None = None
    files: tuple[Upload, ...] = ()

    @property
    def account(self) -> Account:
        if self.who is None:
            raise NoToken
        return self.who

    def part(self, name: str) -> str:
        """A part of the path."""
        return self.http.match_info[name]

    def query_as(self, model: type[M]) -> M:
        assert isinstance(self.query, model)
        return self.query

    def body_as(self, model: type[M]) -> M:
        assert isinstance(self.body, model)
        return self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives: a model, or None for no body."""

    model: AnswerModel | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Does = Callable[[ApiRequest], Awaitable[Answer | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One end point. `right` is what whoever asks needs; None = public. `roles` are those who have the right
    where a setting says so, in place of the table's. `gives` maps status to model, None for no JSON body.

    `also` finds what else is wrong with a body, so that every fault is told at once.
    `files`: the body may be a form (multipart/form-data) as well, with files in it.
    `lists`: it shows many people's, so whoever looks at a page gets telephone numbers masked.
    `number`: the part {number} of the path is twelve digits, and anything else is not found.
    `handles`: people of units need an order of their unit for it; a copy of one does not do.
    `media` is the type of an answer that is no model; `refuses` are errors beyond those that follow
    from rights, query and body. `looks` is what a look at it is called in the audit log, which then has it
    before the answer goes out; what is changed stands there in any case,
    but for what comes every second (`noted` False). `peers` are networks that need no role.
    """

    method: str
    path: str
    name: str
    zh: str
    en: str
    does: Does
    gives: Mapping[int, type[AnswerModel] | None]
    right: Right | None = None
    roles: tuple[Role, ...] | None = None
    query: type[RequestModel] | None = None
    body: type[RequestModel] | None = None
    also: Callable[[ApiRequest], Iterable[FieldFault]] | None = None
    files: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    lists: bool = False
    number: bool = False
    handles: bool = False
    media: str = ""
    refuses: tuple[type[GatewayError], ...] = ()
    looks: str = ""
    noted: bool = True
    peers: tuple[str, ...] = ()

    @property
    def allowed(self) -> tuple[Role, ...] | None:
        """The roles that may ask; None = everybody."""
        if self.roles is not None or self.right is None:
            return self.roles
        return holders(self.right)

    @property
    def errors(self) -> tuple[type[GatewayError], ...]:
        """Every error it may answer with."""
        errors: list[type[GatewayError]] = []
        if self.allowed is not None:
            errors += [NoToken, NotAllowed]
        if self.body is not None:
            errors += [Refused, TooLarge, WrongType]
        if self.body is not None or self.path.startswith("/api/"):
            errors.append(BadContact)
        if self.path not in UNCOUNTED:
            errors += [NotAllowed, TooMany]
        return tuple(dict.fromkeys([*errors, *self.refuses]))


class Nothing(RequestModel):
    """No query members: whatever stands in the query is refused."""


class AuditNotes(Protocol):
    """Where looks and changes are written down."""

    async def note(self, what: str, about: str = "", detail: Mapping[str, object] | None = None) -> None:
        """By whoever ASKER says. Raises StorageDown."""


class Scope(Protocol):
    """Which items people of units reach: gateway/cases/unit_scope.py."""

    async def check(self, who: Account, number: str, *, handles: bool = False) -> None:
        """Raises NotFound for an item that is out of his unit's reach; NotAllowed for one of which his unit
        has but a copy, where it has to handle an order (`handles`); StorageDown."""


def handler(
    route: Route, gate: Gate, uploads: Uploads, notes: AuditNotes | None = None, scope: Scope | None = None
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The route as aiohttp calls it: rights first, then query and body, then the work."""
    repeats = Buckets(LIST_MINUTES, 1)

    async def handle(request: web.Request) -> web.StreamResponse:
        who = await _let_in(route, gate, request)
        if route.number and who and who.role in OF_UNITS:
            await _within(scope, who, request.match_info["number"], route.handles)
        query = None
        if route.path.startswith("/api/"):
            query = read_query(route.query or Nothing, request.query.items())
        if route.files and request.content_type == MULTIPART:
            async with uploads.receive(request, address_of(request)) as sent:
                if sent.refusal:
                    raise sent.refusal
                assert route.body
                body = _checked(route, request, read_form(route.body, sent.fields, sent.faults))
                done = await route.does(ApiRequest(request, who, query, body, sent.files))
        else:
            body = None
            if route.body:
                body = _checked(route, request, read_body(route.body, await _json(request)))
            done = await route.does(ApiRequest(request, who, query, body))
        if notes and who:
            await _note(route, request, notes, repeats)
        if isinstance(done, web.StreamResponse):
            return done
        return as_json(_for_a_page(done) if route.lists and who and who.csrf else done)

    return handle


def _for_a_page(done: Answer) -> Answer:
    return replace(done, model=done.model and with_masked_numbers(done.model))


async def _note(route: Route, request: web.Request, notes: AuditNotes, repeats: Buckets) -> None:
    """A look, or a change of which storage has not written anything itself.

    Pages fetch their lists anew after every change: the same look is written once in LIST_MINUTES."""
    asker = ASKER.get()
    changes = route.noted and route.method != "GET" and asker is not None and not asker.noted
    if not (changes or route.looks):
        return
    about = next(iter(request.match_info.values()), "")
    detail = {name: text for name, text in request.query.items() if name in _TOLD}
    name = f"{asker and asker.who} {asker and asker.address} {about} {sorted(detail.items())}"
    try:
        if route.lists:
            repeats.take(name, LIST_MINUTES)
        await notes.note(route.looks or f"api.{route.name}", about, detail)
    except Flooded:
        return
    except StorageDown:
        repeats.forget(name)
        raise


async def _let_in(route: Route, gate: Gate, request: web.Request) -> Account | None:
    """Who asks; None at what is public. Raises NoToken, NotAllowed, TooMany."""
    if route.peers and comes_from(request, route.peers):
        return None
    if route.allowed is not None:
        return await gate.pass_in(request, route.allowed)
    if route.path not in UNCOUNTED:
        await gate.admit(request, form=route.method == "POST")
    return None


async def _within(scope: Scope | None, who: Account, number: str, handles: bool) -> None:
    """Every route of an item that people of units may ask is held against their unit here."""
    if scope is None:
        raise NotFound
    await scope.check(who, number, handles=handles)


def _checked(route: Route, request: web.Request, reading: Reading[M]) -> M:
    """The body as a model, once nothing is wrong with it. Raises BadContact with every fault."""
    faults = list(reading.faults)
    if route.also and reading.rest is not None:
        named = {fault.field for fault in faults}
        faults += [f for f in route.also(ApiRequest(request, body=reading.rest)) if f.field not in named]
    if faults or reading.made is None:
        raise BadContact(*faults)
    return reading.made


def as_json(done: Answer) -> web.Response:
    """A model as a response."""
    headers = dict(done.headers)
    if done.model is None:
        return web.Response(status=done.status, headers=headers)
    return web.Response(status=done.status, body=encoded(done.model), headers=headers | JSON)


async def _json(request: web.Request) -> bytes:
    """The body of a request that takes JSON. Raises WrongType, TooLarge, and aiohttp's 413 and 408."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise TooLarge(f"最大 {LARGEST_BODY} 字节 / at most {LARGEST_BODY} bytes")
    here = request.content.is_eof()  # all of it came with the head, as small ones do
    try:
        async with nullcontext() if here else asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    if body and request.content_type != "application/json":
        raise WrongType("请用 application/json / send application/json")
    return body
