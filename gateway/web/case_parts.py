"""What the web side's routes and pages of units, orders and follow-up calls are built on."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.web.api.dispatch import DispatchDesk
from gateway.web.api.follow_ups import FollowUpDesk
from gateway.web.api.orders import OrderDesk
from gateway.web.api.period_figures import PeriodDesk
from gateway.web.api.supervision import OversightDesk
from gateway.web.api.units import UnitDesk
from gateway.web.http.route import Scope
from gateway.web.pages.unit_people import PeopleDesk
from gateway.web.pages.unit_reply import ReplyDesk


@dataclass(frozen=True, slots=True)
class CaseParts:
    """`scope` tells which items people of a unit reach. Without `follow_ups` nobody is asked how it went,
    without `replies` units without accounts cannot reply."""

    units: UnitDesk
    unit_people: PeopleDesk
    scope: Scope
    dispatch: DispatchDesk
    orders: OrderDesk
    oversight: OversightDesk
    order_figures: PeriodDesk
    follow_ups: FollowUpDesk | None = None
    replies: ReplyDesk | None = None
