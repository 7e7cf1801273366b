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
    """Routes of the API; a part that is missing gives none."""
    orders = OrdersApi(parts.orders).routes() if parts.orders else ()
    supervision = SupervisionApi(parts.oversight).routes() if parts.oversight else ()
    units = UnitsApi(parts.units).routes() if parts.units else ()
    figures = PeriodApi(parts.order_figures, parts.zone).routes() if parts.order_figures else ()
    return (*units, *_dispatch(parts), *orders, *supervision, *figures, *_follow_ups(parts))


def case_pages(parts: WebParts, pages: Pages, gate: Gate) -> Iterator[AddPage]:
    """Pages for people who log in."""
    if parts.oversight:
        yield SupervisionPage(pages, gate).add
    if parts.order_figures:
        yield OrderFiguresPage(pages, gate).add
        yield OrderChartsPage(pages, gate, parts.order_figures, parts.audit).add
    if parts.follow_ups:
        yield FollowUpsPage(pages, gate, parts.openers).add
    if parts.dispatch and parts.orders:
        yield WorkPage(
            *(pages, gate, "/desk/dispatch", "dispatch.html", DISPATCH_WORDS, Right.ASSIGN_ORDERS)
        ).add
    if parts.units:
        yield WorkPage(pages, gate, "/desk/units", "units.html", UNITS_WORDS, Right.EDIT_UNITS).add
    if parts.unit_people:
        yield UnitPeoplePage(pages, gate, parts.unit_people).add
    if parts.units and parts.orders:
        yield UnitPage(pages, gate, parts.units, parts.openers).add
        yield OrderForm(pages, gate, parts.orders, parts.units, parts.audit).add


def case_public_pages(parts: WebParts, pages: Pages) -> Iterator[AddPage]:
    """Pages without an account."""
    if parts.replies:
        yield UnitReplyPage(pages, parts.replies).add


def _dispatch(parts: WebParts) -> Routes:
    if parts.dispatch is None or parts.orders is None:
        return ()
    return DispatchApi(parts.dispatch, parts.orders, parts.zone, parts.now).routes()


def _follow_ups(parts: WebParts) -> Routes:
    if parts.follow_ups is None:
        return ()
    ring = parts.transfers.call_out if parts.transfers else None
    return FollowUpsApi(parts.follow_ups, parts.openers, parts.zone, parts.now, ring, parts.audit).routes()
