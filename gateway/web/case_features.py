"""What follows intake on the web side: units, orders, follow-up calls; routes and pages, for features."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiohttp import web

from gateway.core.rights import Right
from gateway.web.api.dispatch import DispatchApi
from gateway.web.api.follow_ups import FollowUpsApi
from gateway.web.api.orders import OrdersApi
from gateway.web.api.period_figures import PeriodApi
from gateway.web.api.supervision import SupervisionApi
from gateway.web.api.units import UnitsApi
from gateway.web.case_parts import CaseParts
from gateway.web.http.auth import Gate
from gateway.web.http.route import Route
from gateway.web.pages.dispatch_words import DISPATCH_WORDS
from gateway.web.pages.follow_ups import FollowUpsPage
from gateway.web.pages.order_charts import OrderChartsPage
from gateway.web.pages.pages import Pages
from gateway.web.pages.supervision import OrderFiguresPage, SupervisionPage
from gateway.web.pages.unit import OrderForm, UnitPage
from gateway.web.pages.unit_people import UnitPeoplePage
from gateway.web.pages.unit_reply import UnitReplyPage
from gateway.web.pages.unit_words import UNITS_WORDS
from gateway.web.pages.work_page import WorkPage
from gateway.web.parts import WebParts

Routes = tuple[Route, ...]
AddPage = Callable[[web.Application], None]


def case_routes(parts: WebParts) -> Routes:
    """Routes of the API."""
    cases = parts.cases
    if cases is None:
        return ()
    return (
        *UnitsApi(cases.units).routes(),
        *DispatchApi(cases.dispatch, cases.orders, parts.zone, parts.now).routes(),
        *OrdersApi(cases.orders).routes(),
        *SupervisionApi(cases.oversight).routes(),
        *PeriodApi(cases.order_figures, parts.zone).routes(),
        *_follow_ups(parts, cases),
    )


def case_pages(parts: WebParts, pages: Pages, gate: Gate) -> Iterator[AddPage]:
    """Pages for people who log in."""
    cases = parts.cases
    if cases is None:
        return
    yield SupervisionPage(pages, gate).add
    yield OrderFiguresPage(pages, gate).add
    yield OrderChartsPage(pages, gate, cases.order_figures, parts.audit).add
    if cases.follow_ups:
        yield FollowUpsPage(pages, gate, parts.openers).add
    yield WorkPage(*(pages, gate, "/desk/dispatch", "dispatch.html", DISPATCH_WORDS, Right.ASSIGN_ORDERS)).add
    yield WorkPage(pages, gate, "/desk/units", "units.html", UNITS_WORDS, Right.EDIT_UNITS).add
    yield UnitPeoplePage(pages, gate, cases.unit_people).add
    yield UnitPage(pages, gate, cases.units, parts.openers).add
    yield OrderForm(pages, gate, cases.orders, cases.units, parts.audit).add


def case_public_pages(parts: WebParts, pages: Pages) -> Iterator[AddPage]:
    """Pages without an account."""
    if parts.cases and parts.cases.replies:
        yield UnitReplyPage(pages, parts.cases.replies).add


def _follow_ups(parts: WebParts, cases: CaseParts) -> Routes:
    if cases.follow_ups is None:
        return ()
    ring = parts.transfers.call_out if parts.transfers else None
    return FollowUpsApi(cases.follow_ups, parts.openers, parts.zone, parts.now, ring, parts.audit).routes()
