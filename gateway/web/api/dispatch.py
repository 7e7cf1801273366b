"""Items that are to be assigned to units, with what they are suggested for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from gateway.cases.dispatch import SuggestedPage
from gateway.core.order.dispatch import DispatchQuery
from gateway.core.rights import Right
from gateway.errors import BadContact, FieldFault, StorageDown
from gateway.web.api import dispatch_models as models
from gateway.web.http.route import Answer, ApiRequest, Route

DISPATCH = "/api/v1/dispatch"


class DispatchDesk(Protocol):
    """cases/dispatch.py."""

    async def page(self, query: DispatchQuery) -> SuggestedPage:
        """Raises StorageDown, ValueError for an `after` that is no place."""


@dataclass(frozen=True, slots=True)
class DispatchApi:
    """`zone` is the centre's."""

    desk: DispatchDesk
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
        )

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
