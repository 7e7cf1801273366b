"""The lists of the desk: rows of one tab, and how many each tab has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from gateway.core.item.lists import ListPage, ListQuery, Tab
from gateway.core.rights import Right
from gateway.core.statistics import day_of
from gateway.errors import BadContact, FieldFault, NotAllowed, StorageDown
from gateway.web.api import list_models as models
from gateway.web.api.item_routes import QUEUE
from gateway.web.http.auth import LEADERS
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.http.shared_lists import SharedLists


class ListLedger(Protocol):
    """gateway/storage/item_lists.py. Every method may raise StorageDown."""

    async def page(self, query: ListQuery) -> ListPage:
        """Raises ValueError for an `after` of another order."""

    async def counts(self, query: ListQuery) -> Mapping[Tab, int]:
        """Every tab but MINE."""

    async def count_mine(self, query: ListQuery) -> int: ...

    async def holders(self) -> Sequence[str]:
        """Accounts and tokens that hold items."""


@dataclass(frozen=True, slots=True)
class ListsApi:
    """`zone` is the centre's. Counts that are the same for everybody are read once for all who ask."""

    ledger: ListLedger
    zone: tzinfo
    now: Callable[[], datetime]
    shared: SharedLists[Mapping[Tab, int]]

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                f"{QUEUE}/rows",
                "queue_rows",
                "某个列表的事项（待领取、我的、待答复等）",
                "Rows of one list of the desk, a page at a time",
                self.rows,
                {200: models.RowsPage},
                right=Right.WORK_ITEMS,
                lists=True,
                query=models.RowsAsked,
                refuses=(StorageDown,),
                looks="queue.view",
            ),
            Route(
                "GET",
                f"{QUEUE}/counts",
                "queue_counts",
                "各列表的件数",
                "How many items each list has",
                self.counts,
                {200: models.TabCounts},
                right=Right.WORK_ITEMS,
                refuses=(StorageDown,),
            ),
        )

    async def rows(self, request: ApiRequest) -> Answer:
        q = request.query_as(models.RowsAsked)
        if q.holder and request.account.role not in LEADERS:
            raise NotAllowed("只有值班长可以查看他人的列表 / only for those who lead")
        query = self.query(q.tab, q.holder or request.account.name)
        query = ListQuery(
            *(q.tab, query.who, query.now, query.today, query.day_began, q.sort),
            *(q.state, q.channel, q.kind, q.county, q.after, q.limit),
        )
        try:
            page = await self.ledger.page(query)
        except ValueError:
            raise BadContact(FieldFault("after", "与排序不符", "is of another order")) from None
        rows = tuple(models.row(row, query.today) for row in page.rows)
        return Answer(models.RowsPage(items=rows, next=page.next or None))

    async def counts(self, request: ApiRequest) -> Answer:
        query = self.query(Tab.MINE, request.account.name)
        for_all = await self.shared.body("counts", lambda: self.ledger.counts(query))
        mine = await self.ledger.count_mine(query)
        return Answer(models.TabCounts(**{tab.value: count for tab, count in for_all.items()}, mine=mine))

    def query(self, tab: Tab, who: str) -> ListQuery:
        now = self.now()
        today = now.astimezone(self.zone).date()
        return ListQuery(tab, who, now, today, day_of(today, self.zone).since)
