"""The web application: all routes behind the same middlewares, and the server that listens.

`make_app` is for app.py and for tests; `listen` is what `gateway run` calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Protocol

from aiohttp import web

from gateway.calls.statistics import Statistics
from gateway.calls.views import PartHealth
from gateway.channels.registry import REGISTRY
from gateway.core.item.catalogue import area_of
from gateway.core.item.contact import Contact
from gateway.core.ledgers import CallLog
from gateway.core.roles import Role
from gateway.errors import FieldFault, NotAllowed, SetupError
from gateway.settings.schema import RateSettings, UploadSettings, Web
from gateway.tasks import Supervisor
from gateway.web.api import translate
from gateway.web.api.account import AccountApi, AuditLog
from gateway.web.api.attachments import AttachmentsApi
from gateway.web.api.board_push import BoardPush
from gateway.web.api.call_desk import CallDeskApi, Calls
from gateway.web.api.counter import CounterApi, CounterDesk
from gateway.web.api.events import EventFeed
from gateway.web.api.fax import FaxApi
from gateway.web.api.fax_filing import FaxFilingApi, PagesDesk
from gateway.web.api.figures import FiguresApi
from gateway.web.api.intake import IntakeApi, Missing
from gateway.web.api.matters import MatterDesk, MattersApi
from gateway.web.api.metrics import Metrics
from gateway.web.api.outbox import OutboxApi, PostLedger
from gateway.web.api.phone import PhoneApi
from gateway.web.api.queue import QueueApi
from gateway.web.api.referrals import LinkageDesk, ReferralApi
from gateway.web.api.sealed import Sealed
from gateway.web.api.service import ServiceApi
from gateway.web.api.shapes import NUMBER, NewContact
from gateway.web.api.transfers import TransferApi, TransferDesk
from gateway.web.http.addresses import told_by
from gateway.web.http.auth import HOUSE, LEADERS, Gate, Tokens
from gateway.web.http.call_rights import CallRights
from gateway.web.http.connections import Connections, ConnectionsSite, most_connections
from gateway.web.http.problem import problems
from gateway.web.http.rates import Rates
from gateway.web.http.request_log import add_headers, logged
from gateway.web.http.route import LARGEST_BODY, Notes, Route, handler
from gateway.web.http.shared_lists import SharedLists
from gateway.web.http.sip_guard import VISITOR
from gateway.web.http.sip_socket import SipSocket
from gateway.web.http.uploads import Uploads
from gateway.web.pages.desk import DeskPage
from gateway.web.pages.desk_words import ENTRY_WORDS, LINKAGE_WORDS
from gateway.web.pages.fax import FaxPage
from gateway.web.pages.log_in import LogInPage, LogIns
from gateway.web.pages.pages import Pages, PublicSide
from gateway.web.pages.partner import PartnerPage
from gateway.web.pages.phone import BrowserPhones, PhonePage
from gateway.web.pages.report import ReportPage
from gateway.web.pages.track import TrackPage
from gateway.web.pages.wallboard import Wallboard
from gateway.web.pages.work_page import WorkPage
from gateway.web.ports import Board, IntakeQueue, Store

SHUTDOWN = 3.0  # seconds for requests that go on when the gateway ends


def utc_now() -> datetime:
    return datetime.now(UTC)


def nothing_missing(contact: Contact) -> Iterable[FieldFault]:
    return ()


def nowhere(sha256: str) -> Path:
    return Path(sha256)


@dataclass(frozen=True, slots=True)
class WebParts:
    """What the web side is built on. `zone` is the centre's; `var` holds the recordings.

    `missing` names what a contact lacks before the door is asked, so that a form with other faults
    gets all of them at once; the door itself refuses what it must. `place` tells where the file with a
    hash lies. Without `matters` nothing is decided and nothing comes over the counter, without `public`
    there are no pages for citizens, without `book` there are no figures and no wallboard,
    without `phones` no telephones in browsers, without `faxes` no list of faxes, without
    `filing` none of their pages, without `desk` no agent
    sees a call before he answers.
    """

    door: IntakeQueue
    calls: CallLog
    tokens: Tokens
    store: Store
    board: Board
    zone: tzinfo
    var: Path
    title: str
    public_url: str = ""
    now: Callable[[], datetime] = utc_now
    missing: Missing = nothing_missing
    place: Callable[[str], Path] = nowhere
    area_code: str = ""
    uploads: UploadSettings = field(default_factory=UploadSettings)
    rates: RateSettings = field(default_factory=RateSettings)
    public: PublicSide | None = None
    matters: Desk | None = None
    transfers: TransferDesk | None = None
    linkage: LinkageDesk | None = None
    book: Statistics | None = None
    phones: BrowserPhones | None = None
    accounts: LogIns | None = None
    openers: tuple[Role, ...] = LEADERS
    audit: HouseAudit | None = None
    post: PostLedger | None = None
    desk: Calls | None = None
    wrap_up: int = 0
    faxes: FaxApi | None = None
    filing: PagesDesk | None = None
    tasks: Supervisor = field(default_factory=Supervisor)
    health_parts: Callable[[], Mapping[str, PartHealth]] = dict
    metrics_peers: tuple[str, ...] = Web().metrics_peers


class HouseAudit(Notes, AuditLog, Protocol):
    """The audit log, to write and to read."""


class Desk(MatterDesk, CounterDesk, Protocol):
    """gateway/intake/matters.py, as far as the web side needs it."""


FEED = web.AppKey("feed", EventFeed)
METRICS = web.AppKey("metrics", Metrics)
ROUTES = web.AppKey("routes", tuple)


def make_app(parts: WebParts) -> web.Application:
    """The application. `app[FEED].publish(name, data)` tells events, `app[METRICS]` takes times."""
    named = told_by(parts.rates.proxies)
    app = web.Application(middlewares=[logged, named, problems], client_max_size=LARGEST_BODY)
    rates = Rates(parts.rates)
    gate = Gate(parts.tokens, rates, parts.accounts)
    app[FEED] = feed = EventFeed(
        gate, parts.now, parts.public_url, agents=frozenset(one.id for one in parts.board.agents())
    )
    app[METRICS] = metrics = Metrics(parts.board, parts.tasks)
    figures = FiguresApi(parts.book, parts.board, parts.now) if parts.book else None
    service = ServiceApi(
        *(parts.store, parts.board, metrics, feed, parts.title, figures, parts.post),
        tasks=parts.tasks,
        health_parts=parts.health_parts,
        peers=parts.metrics_peers,
    )
    sealed = Sealed(parts.door, parts.openers)
    rights = _rights(parts)
    app[ROUTES] = routes = (
        *IntakeApi(parts.door, parts.missing, metrics, parts.zone, parts.now).routes(),
        *QueueApi(parts.door, parts.zone, parts.now, SharedLists(lambda: feed.item_changes)).routes(),
        *AttachmentsApi(parts.door, parts.place, sealed).routes(),
        *_matters(parts),
        *_transfers(parts, rights),
        *_referrals(parts),
        *PhoneApi(
            *(parts.calls, parts.board, parts.var, parts.zone, rights, parts.area_code, sealed)
        ).routes(),
        *(parts.faxes.routes() if parts.faxes else ()),
        *(FaxFilingApi(parts.filing, sealed).routes() if parts.filing else ()),
        *_call_desk(parts, feed, rights, sealed),
        *(figures.routes() if figures else ()),
        *AccountApi(parts.audit).routes(),
        *(OutboxApi(parts.post, parts.now).routes() if parts.post else ()),
        *service.routes(),
    )
    service.describe(routes)
    if figures:
        channels = parts.public.rules.channels if parts.public else REGISTRY
        Wallboard(parts.title, str(parts.zone), channels).add(app)
        _show(app, figures, feed, parts.tasks)
    uploads = Uploads(parts.var / "uploads", parts.uploads)
    for route in routes:
        _add(app, route, gate, uploads, parts.audit)
    app.on_startup.append(_swept(uploads))
    _add_pages(app, parts, uploads, gate)
    app.on_response_prepare.append(add_headers)
    _follow(app, parts.board, feed)
    return app


def _transfers(parts: WebParts, rights: CallRights) -> tuple[Route, ...]:
    if parts.transfers is None:
        return ()
    return TransferApi(parts.transfers, parts.calls, parts.door, rights).routes()


def _referrals(parts: WebParts) -> tuple[Route, ...]:
    if parts.linkage is None:
        return ()

    def contact(sent: NewContact, key: str) -> Contact:
        return translate.contact(sent, key, parts.now())

    return ReferralApi(parts.linkage, contact).routes()


def _matters(parts: WebParts) -> tuple[Route, ...]:
    if parts.matters is None:
        return ()
    counter = CounterApi(parts.door, parts.matters, parts.zone, parts.now, parts.title)
    return (*counter.routes(), *MattersApi(parts.matters, parts.openers).routes())


def _rights(parts: WebParts) -> CallRights:
    desk = parts.desk

    async def hands(call: str) -> frozenset[str]:
        assert desk
        return (await desk.call(call)).agents

    return CallRights(parts.calls, parts.door, parts.now, hands if desk else None)


def _call_desk(parts: WebParts, feed: EventFeed, rights: CallRights, sealed: Sealed) -> tuple[Route, ...]:
    if parts.desk is None:
        return ()
    passwords = parts.phones.seats if parts.phones else {}
    made = CallDeskApi(
        *(parts.desk, parts.calls, parts.board, parts.var, parts.now, passwords, _places(parts), feed),
        *(rights, sealed),
    )
    return made.routes()


def _add_pages(app: web.Application, parts: WebParts, uploads: Uploads, gate: Gate) -> None:
    """What citizens see and the door to the desk; nothing without `public`."""
    if parts.public is None:
        return
    phones = parts.phones
    made = (phones.bundle,) if phones and phones.bundle else ()
    pages = Pages(
        *(parts.public, parts.door, uploads, gate, app[METRICS], parts.missing),
        *(parts.var, parts.zone, parts.now, parts.public_url, made),
    )
    pages.add_static(app)
    if parts.accounts:
        desk = DeskPage(pages, parts.board, parts.wrap_up, parts.openers) if parts.desk else None
        LogInPage(pages, gate, parts.accounts, desk.show if desk else None).add(app)
        if parts.matters:
            WorkPage(pages, gate, "/desk/entry", "entry.html", ENTRY_WORDS).add(app)
        if parts.linkage:
            WorkPage(pages, gate, "/desk/linkage", "linkage.html", LINKAGE_WORDS).add(app)
        if parts.filing:
            FaxPage(pages, gate).add(app)
    if not parts.public.settings.enabled:
        return
    report = ReportPage(pages)
    pages.add_start(app)
    report.add(app)
    TrackPage(pages, report).add(app)
    if parts.linkage:
        PartnerPage(pages, parts.linkage).add(app)
    if phones:
        _add_phones(app, pages, phones, gate, parts)


def _add_phones(
    app: web.Application, pages: Pages, phones: BrowserPhones, gate: Gate, parts: WebParts
) -> None:
    """Telephones in browsers: their way to Asterisk, and the demo's caller.

    Only while the demo is on may somebody who is not logged in come to Asterisk, as the visitor."""

    async def let_in(request: web.Request) -> set[str]:
        if phones.visitor:
            await gate.admit(request)
            account, users = await gate.person(request), {VISITOR}
        else:
            account, users = await gate.pass_in(request, HOUSE), set()
        seats = [view.seat for view in parts.board.agents() if account and view.id == account.name]
        users |= {f"{seat}-web" for seat in seats}
        if not users:
            raise NotAllowed("该账号没有坐席 / this account has no seat")
        return users

    SipSocket(phones.socket, let_in, parts.public_url).add(app)
    if phones.visitor:
        PhonePage(pages, phones).add(app)


def _swept(uploads: Uploads) -> Callable[[web.Application], Awaitable[None]]:
    async def sweep(_: web.Application) -> None:
        await asyncio.to_thread(uploads.sweep)

    return sweep


def _add(app: web.Application, route: Route, gate: Gate, uploads: Uploads, audit: HouseAudit | None) -> None:
    does = handler(route, gate, uploads, audit)
    path = route.path.replace("{number}", f"{{number:{NUMBER}}}") if route.number else route.path
    app.router.add_route(route.method, path, does)
    if route.method == "GET" and 101 not in route.gives:
        app.router.add_route("HEAD", path, does)


def _follow(app: web.Application, board: Board, feed: EventFeed) -> None:
    """Pass the board's events on while the application runs."""
    ends: list[Callable[[], None]] = []

    async def begin(_: web.Application) -> None:
        ends.append(board.listen(feed.publish))

    async def end(_: web.Application) -> None:
        await feed.close()
        while ends:
            ends.pop()()

    app.on_startup.append(begin)
    app.on_shutdown.append(end)


def _show(app: web.Application, figures: FiguresApi, feed: EventFeed, tasks: Supervisor) -> None:
    """Tell wallboards while the application runs."""
    push = BoardPush(figures, feed, tasks)

    async def run(_: web.Application) -> AsyncIterator[None]:
        async with push:
            yield

    app.cleanup_ctx.append(run)


async def listen(app: web.Application, where: Web, proxies: Sequence[str] = ()) -> web.AppRunner:
    """Serve on an address; `await runner.cleanup()` ends it. Raises SetupError when it is taken."""
    host, port = where.host, where.port
    most = most_connections(where.connections)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    try:
        assert runner.server, "it was set up"
        connections = Connections(runner.server, most, where.connections_per_address, proxies)
        await ConnectionsSite(runner, connections, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise SetupError(f"web.port {host}:{port} cannot be used: {error.strerror}") from error
    return runner


def _places(parts: WebParts) -> Callable[[str], str]:
    """Where a number belongs, in Chinese; "" where nobody knows."""
    areas = parts.public.rules.areas if parts.public else ()

    def place(number: str) -> str:
        area = area_of(number, areas)
        return area.zh if area else ""

    return place
