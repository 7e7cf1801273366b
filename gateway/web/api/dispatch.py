"""Items that are to be assigned to units, with what they are suggested for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from gateway.cases.assigning import Assignment
from gateway.cases.dispatch import Suggested, SuggestedPage
from gateway.cases.orders import OrderView
from gateway.core.order.dispatch import DispatchQuery
from gateway.core.rights import Right
from gateway.core.roles import Account
from gateway.core.unit import Tree
from gateway.errors import BadContact, FieldFault, NotFound, StorageDown
from gateway.web.api import dispatch_models as models
from gateway.web.api.matters import number_of
from gateway.web.http.route import Answer, ApiRequest, Route

DISPATCH = "/api/v1/dispatch"


class DispatchDesk(Protocol):
    """cases/dispatch.py."""

    async def page(self, query: DispatchQuery) -> SuggestedPage:
        """Raises StorageDown, ValueError for an `after` that is no place."""

    async def of(self, number: str) -> tuple[Suggested | None, Tree]:
        """None when there is no such item. Raises StorageDown."""


class Planning(Protocol):
    """cases/orders.py."""

    async def look_ahead(self, number: str, account: Account, body: Assignment) -> OrderView:
        """The order that an assignment would make. Raises NotFound, BadContact, StorageDown."""


@dataclass(frozen=True, slots=True)
class DispatchApi:
    """`zone` is the centre's."""

    desk: DispatchDesk
    orders: Planning
    zone: tzinfo
    now: Callable[[], datetime]

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                DISPATCH,
                "dispatch",
                "待分派的事项及建议的承办单位",
                "Items to be assigned, with the units they likely belong to",
                self.page,
                {200: models.DispatchPageShown},
                right=Right.ASSIGN_ORDERS,
                lists=True,
                query=models.DispatchAsked,
                refuses=(StorageDown,),
                looks="queue.view",
            ),
            Route(
                "GET",
                f"{DISPATCH}/{{number}}",
                "dispatch_one",
                "一件的建议承办单位；指定单位时，给出派单后的期限",
                "The likely units of one item, and by when its order at a unit would be due",
                self.one,
                {200: models.DispatchOne},
                right=Right.ASSIGN_ORDERS,
                lists=True,
                number=True,
                query=models.PlanAsked,
                refuses=(NotFound, StorageDown),
            ),
        )

    async def one(self, request: ApiRequest) -> Answer:
        asked, number = request.query_as(models.PlanAsked), number_of(request)
        suggested, tree = await self.desk.of(number)
        if suggested is None:
            raise NotFound(f"no item {number}")
        shown = models.item(suggested, tree, self.now().astimezone(self.zone).date())
        if not asked.unit:
            return Answer(models.DispatchOne(item=shown, plan=None))
        body = Assignment(asked.unit, urgency=asked.urgency)
        plan = models.plan(await self.orders.look_ahead(number, request.account, body))
        return Answer(models.DispatchOne(item=shown, plan=plan))

    async def page(self, request: ApiRequest) -> Answer:
        asked, now = request.query_as(models.DispatchAsked), self.now()
        county = "" if asked.county == models.NO_COUNTY else asked.county
        query = DispatchQuery(request.account.name, now, asked.kind, county, asked.after, asked.limit)
        try:
            page = await self.desk.page(query)
        except ValueError:
            raise BadContact(FieldFault("after", "与排序不符", "is of another order")) from None
        today = now.astimezone(self.zone).date()
        items = tuple(models.item(suggested, page.units, today) for suggested in page.items)
        return Answer(models.DispatchPageShown(items=items, next=page.next or None, total=page.total))
