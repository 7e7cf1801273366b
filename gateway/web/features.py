"""The features of the web side: each gives its routes of the API, and each page adds itself.

`ROUTES` are in the order in which they stand in the API's description. A new feature is a
builder here, with what it needs in WebParts; a builder whose part is missing gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from aiohttp import web

from gateway.channels.registry import REGISTRY
from gateway.core.item.catalogue import area_of
from gateway.core.item.contact import Contact
from gateway.core.rights import Right
from gateway.core.roles import OF_UNITS, Account, Role
from gateway.web.api import translate
from gateway.web.api.account import AccountApi
from gateway.web.api.attachments import AttachmentsApi
from gateway.web.api.audit import AuditApi, audit_names
from gateway.web.api.call_desk import CallDeskApi
from gateway.web.api.counter import CounterApi
from gateway.web.api.events import EventFeed
from gateway.web.api.fax_filing import FaxFilingApi
from gateway.web.api.figures import FiguresApi
from gateway.web.api.holds import HoldsApi
from gateway.web.api.intake import IntakeApi
from gateway.web.api.intake_models import NewContact
from gateway.web.api.item_desk import ItemDeskApi
from gateway.web.api.leading import LeadingApi
from gateway.web.api.lists import ListsApi
from gateway.web.api.matters import MattersApi
from gateway.web.api.metrics import Metrics
from gateway.web.api.notices import NoticesApi
from gateway.web.api.outbox import OutboxApi
from gateway.web.api.phone import PhoneApi
from gateway.web.api.queue import QueueApi
from gateway.web.api.referrals import ReferralApi
from gateway.web.api.sealed import Sealed
from gateway.web.api.search import SearchApi
from gateway.web.api.seat_phone import SeatPhoneApi
from gateway.web.api.service import ServiceApi
from gateway.web.api.transfers import TransferApi
from gateway.web.case_features import case_pages, case_public_pages, case_routes
from gateway.web.http.auth import Gate
from gateway.web.http.call_rights import CallRights
from gateway.web.http.route import Route
from gateway.web.http.shared_lists import SharedLists
from gateway.web.http.sip_socket import SipSocket
from gateway.web.http.uploads import Uploads
from gateway.web.pages.account import AccountPage
from gateway.web.pages.admin import AdminPage
from gateway.web.pages.admin_flows import FlowFiles
from gateway.web.pages.audit import AuditPage
from gateway.web.pages.call_list_words import CALL_LIST_WORDS
from gateway.web.pages.desk import DeskPage
from gateway.web.pages.desk_words import ENTRY_WORDS, LINKAGE_WORDS
from gateway.web.pages.fax import FaxPage
from gateway.web.pages.log_in import LogInPage, Shown
from gateway.web.pages.look import Look
from gateway.web.pages.mailbox import MailboxPage
from gateway.web.pages.pages import Pages
from gateway.web.pages.partner import PartnerPage
from gateway.web.pages.phone import PhonePage
from gateway.web.pages.receipt import ReceiptPage
from gateway.web.pages.report import ReportPage
from gateway.web.pages.style import StylePage
from gateway.web.pages.today_words import TODAY_WORDS
from gateway.web.pages.track import TrackPage
from gateway.web.pages.unit import lead_to_unit
from gateway.web.pages.upload import UploadPage
from gateway.web.pages.work_page import WorkPage
from gateway.web.parts import WebParts
from gateway.web.sip_users import sip_users

Routes = tuple[Route, ...]
AddPage = Callable[[web.Application], None]


@dataclass(frozen=True, slots=True)
class Shared:
    """What several features use."""

    parts: WebParts
    gate: Gate
    uploads: Uploads
    feed: EventFeed
    metrics: Metrics
    sealed: Sealed
    rights: CallRights
    figures: FiguresApi | None
    audit_names: dict[str, tuple[str, str]] = field(default_factory=dict)


def call_rights(parts: WebParts) -> CallRights:
    """Who may hear and see which call."""
    desk = parts.desk

    async def hands(call: str) -> frozenset[str]:
        assert desk
        return (await desk.call(call)).agents

    return CallRights(parts.calls, parts.intake, parts.now, hands if desk else None, parts.scope)


# ---------------------------------------------------------------- routes of the API


def _intake(shared: Shared) -> Routes:
    parts = shared.parts
    return IntakeApi(parts.intake, parts.missing, shared.metrics, parts.zone, parts.now).routes()


def _queue(shared: Shared) -> Routes:
    parts, feed = shared.parts, shared.feed
    return QueueApi(parts.intake, parts.zone, parts.now, SharedLists(lambda: feed.item_changes)).routes()


def _lists(shared: Shared) -> Routes:
    parts, feed = shared.parts, shared.feed
    if parts.lists is None:
        return ()
    lists = ListsApi(parts.lists, parts.zone, parts.now, SharedLists(lambda: feed.item_changes))
    leading = LeadingApi(parts.items, lists).routes() if parts.items else ()
    return (*lists.routes(), *leading)


def _search(shared: Shared) -> Routes:
    parts = shared.parts
    if parts.searches is None:
        return ()
    return SearchApi(
        parts.searches, parts.audit, parts.zone, parts.now, parts.area_code, parts.openers
    ).routes()


def _attachments(shared: Shared) -> Routes:
    return AttachmentsApi(shared.parts.intake, shared.parts.files, shared.sealed).routes()


def _matters(shared: Shared) -> Routes:
    parts = shared.parts
    if parts.matters is None:
        return ()
    channels = parts.public.rules.channels if parts.public else REGISTRY
    counter = CounterApi(
        *(parts.intake, parts.matters, parts.zone, parts.now, parts.title), clerks=channels.by_clerk
    )
    matters = MattersApi(parts.matters, parts.openers)
    return (*counter.routes(), *matters.routes(), *NoticesApi(parts.matters, parts.title).routes())


def _item_desk(shared: Shared) -> Routes:
    parts = shared.parts
    return ItemDeskApi(parts.items, parts.zone, parts.now, parts.openers).routes() if parts.items else ()


def _holds(shared: Shared) -> Routes:
    parts = shared.parts
    return HoldsApi(parts.holds, parts.now).routes() if parts.holds else ()


def _cases(shared: Shared) -> Routes:
    return case_routes(shared.parts)


def _transfers(shared: Shared) -> Routes:
    parts = shared.parts
    if parts.transfers is None:
        return ()
    return TransferApi(parts.transfers, parts.calls, parts.intake, shared.rights).routes()


def _referrals(shared: Shared) -> Routes:
    parts = shared.parts
    if parts.linkage is None:
        return ()

    def contact(sent: NewContact, key: str) -> Contact:
        return translate.contact(sent, key, parts.now())

    return ReferralApi(parts.linkage, contact).routes()


def _calls(shared: Shared) -> Routes:
    parts = shared.parts
    return PhoneApi(
        *(parts.calls, parts.board, parts.var, parts.zone, shared.rights, parts.area_code, shared.sealed),
        opened=parts.files.open,
    ).routes()


def _faxes(shared: Shared) -> Routes:
    return shared.parts.faxes.routes() if shared.parts.faxes else ()


def _fax_pages(shared: Shared) -> Routes:
    filing = shared.parts.filing
    return FaxFilingApi(filing, shared.sealed).routes() if filing else ()


def _call_desk(shared: Shared) -> Routes:
    parts = shared.parts
    if parts.desk is None:
        return ()
    passwords = parts.phones.seats if parts.phones else {}
    calls = CallDeskApi(
        *(parts.desk, parts.calls, parts.var, parts.now, _area_name(parts)),
        *(shared.feed, shared.rights, shared.sealed, parts.files.open),
    )
    phone = SeatPhoneApi(parts.board, passwords, shared.feed, parts.now)
    return (*calls.routes(), *phone.routes())


def _area_name(parts: WebParts) -> Callable[[str], str]:
    """Where a telephone number belongs, in Chinese; "" where nobody knows."""
    areas = parts.public.rules.areas if parts.public else ()

    def name(number: str) -> str:
        area = area_of(number, areas)
        return area.zh if area else ""

    return name


def _figures(shared: Shared) -> Routes:
    return shared.figures.routes() if shared.figures else ()


def _account(shared: Shared) -> Routes:
    parts = shared.parts
    audit = AuditApi(parts.audit, parts.zone, shared.audit_names).routes() if parts.audit else ()
    return (*AccountApi().routes(), *audit)


def _outbox(shared: Shared) -> Routes:
    post = shared.parts.post
    return OutboxApi(post, shared.parts.now).routes() if post else ()


ROUTES: tuple[Callable[[Shared], Routes], ...] = (
    _intake,
    _lists,
    _queue,
    _search,
    _attachments,
    _matters,
    _item_desk,
    _holds,
    _cases,
    _transfers,
    _referrals,
    _calls,
    _faxes,
    _fax_pages,
    _call_desk,
    _figures,
    _account,
    _outbox,
)


def api_routes(shared: Shared) -> Routes:
    """All routes of the API, with those of the service itself, which describe the others."""
    parts = shared.parts
    service = ServiceApi(
        *(parts.store, parts.board, shared.metrics, shared.feed, parts.title, shared.figures, parts.post),
        tasks=parts.tasks,
        health_parts=parts.health_parts,
        peers=parts.metrics_peers,
    )
    routes = (*(route for feature in ROUTES for route in feature(shared)), *service.routes())
    service.describe(routes)
    shared.audit_names.update(audit_names(routes))
    return routes


# ---------------------------------------------------------------- pages


def add_pages(app: web.Application, shared: Shared) -> None:
    """What citizens see and the pages of the desk; nothing without `public`."""
    parts, phones = shared.parts, shared.parts.phones
    if parts.public is None:
        return
    bundle = (phones.bundle,) if phones and phones.bundle else ()
    pages = Pages(
        *(parts.public, parts.intake, shared.uploads, shared.gate, shared.metrics, parts.missing),
        *(parts.var, parts.zone, parts.now, parts.public_url, bundle),
    )
    pages.add_static(app)
    for page in _desk_pages(shared, pages):
        page(app)
    if parts.public.settings.enabled:
        pages.add_problems(app)
        for page in _public_pages(shared, pages):
            page(app)


def _desk_pages(shared: Shared, pages: Pages) -> Iterator[AddPage]:
    parts, gate = shared.parts, shared.gate
    if not parts.accounts:
        return
    desk = DeskPage(pages, parts.board, parts.wrap_up, parts.openers) if parts.desk else None
    audit = AuditPage(pages, gate) if parts.audit else None
    yield LogInPage(pages, gate, parts.accounts, _first_page(desk, audit)).add
    if audit:
        yield audit.add
    if parts.admin:
        yield AdminPage(pages, gate, parts.admin).add
    if parts.flows:
        yield FlowFiles(pages, gate, *parts.flows).add
    yield AccountPage(pages, gate, parts.accounts, pages.public.centre.name).add
    yield StylePage(pages, gate).add
    if parts.matters:
        yield WorkPage(pages, gate, "/desk/entry", "entry.html", ENTRY_WORDS).add
    yield WorkPage(pages, gate, "/desk/calls", "calls.html", CALL_LIST_WORDS, Right.WORK_CALLS).add
    if parts.lists and parts.items and parts.book:
        yield WorkPage(pages, gate, "/desk/today", "today.html", TODAY_WORDS, Right.LEAD_SHIFT).add
    if parts.linkage:
        yield WorkPage(pages, gate, "/desk/linkage", "linkage.html", LINKAGE_WORDS).add
    yield from case_pages(parts, pages, gate)
    if parts.filing:
        yield FaxPage(pages, gate).add


def _first_page(desk: DeskPage | None, audit: AuditPage | None) -> Shown | None:
    """What stands at /desk: an auditor gets the log, people of units are led to their own page."""
    if desk is None:
        return None

    async def show(request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        first = audit.shown if audit and account.role is Role.AUDITOR else desk.show
        first = lead_to_unit if account.role in OF_UNITS else first
        return await first(request, look, account)

    return show


def _public_pages(shared: Shared, pages: Pages) -> Iterator[AddPage]:
    parts = shared.parts
    receipts = ReceiptPage(pages)
    yield pages.add_start
    yield ReportPage(pages, receipts).add
    yield receipts.add
    yield UploadPage(pages).add
    yield TrackPage(pages, receipts, parts.matters).add
    if parts.visitor:
        pages.show_demo(mailbox=parts.visitor)
        yield MailboxPage(pages, parts.visitor).add
    if parts.linkage:
        yield PartnerPage(pages, parts.linkage).add
    yield from case_public_pages(parts, pages)
    if parts.phones:
        yield SipSocket(parts.phones.socket, sip_users(parts, shared.gate), parts.public_url).add
        if parts.phones.visitor:
            pages.show_demo()
            yield PhonePage(pages, parts.phones).add
