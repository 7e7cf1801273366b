"""The search among all items, and its lines in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from gateway.core import telephone
from gateway.core.item.lists import ListRow
from gateway.core.item.search import Found, SearchQuery, looked_for, squashed
from gateway.core.rights import Right
from gateway.core.roles import Account, Role
from gateway.errors import BadContact, FieldFault, StorageDown
from gateway.web.api.list_models import row
from gateway.web.api.search_models import SearchAsked, SearchPage
from gateway.web.http.masks import masked
from gateway.web.http.route import Answer, ApiRequest, AuditNotes, Route

AGAIN = timedelta(minutes=10)
"""The same search of the same account is one line of the audit log within this time."""
MOST_KEPT = 1000


class Searches(Protocol):
    """gateway/storage/search.py."""

    async def find(self, query: SearchQuery) -> tuple[Found, Sequence[ListRow]]:
        """Raises StorageDown."""

    def marks_for(self, typed: str, area_code: str) -> tuple[str, ...]:
        """Keyed hashes of a reporter's whole name or telephone."""


@dataclass(slots=True)
class SearchApi:
    """GET /api/v1/search. `openers` are the roles that may learn who a reporter is: they find reports by the
    whole name or telephone of the reporter, nobody else does."""

    searches: Searches
    notes: AuditNotes | None
    zone: tzinfo
    now: Callable[[], datetime]
    area_code: str
    openers: Collection[Role]
    noted: dict[tuple[str, ...], datetime] = field(default_factory=dict)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/api/v1/search",
                "search",
                "按编号、电话、姓名、单位、内容、日期查找事项",
                "Find items by number, telephone, name, firm, text, period",
                self.search,
                {200: SearchPage},
                right=Right.WORK_ITEMS,
                lists=True,
                query=SearchAsked,
                refuses=(StorageDown,),
            ),
        )

    async def search(self, request: ApiRequest) -> Answer:
        q = request.query_as(SearchAsked)
        _check(q)
        marks = self.searches.marks_for(q.q, self.area_code) if request.account.role in self.openers else ()
        search = looked_for(q.q, self.area_code, marks) if q.q.strip() else None
        matches, rows = await self.searches.find(
            SearchQuery(search, q.state, q.channel, q.kind, q.from_, q.to, q.after, q.limit)
        )
        if not q.after:
            await self._note(request.account, q, len(rows), more=bool(matches.next))
        today = self.now().astimezone(self.zone).date()
        shown = tuple(row(item, today) for item in rows)
        return Answer(SearchPage(items=shown, next=matches.next or None, complete=matches.complete))

    async def _note(self, who: Account, q: SearchAsked, count: int, *, more: bool) -> None:
        """One line: who looked for what, and how many there were on the first page."""
        words = masked(q.q) if telephone.comparable(q.q) else q.q
        details = {
            "q": words,
            "kind": q.kind,
            "state": q.state,
            "channel": q.channel,
            "from": q.from_,
            "to": q.to,
        }
        detail = {name: str(value) for name, value in details.items() if value}
        key, now = (who.name, q.q, *detail.values()), self.now()
        if self.notes is None or now - self.noted.get(key, datetime.min.replace(tzinfo=now.tzinfo)) < AGAIN:
            return
        if len(self.noted) >= MOST_KEPT:
            self.noted.clear()
        await self.notes.note("search", "", {**detail, "found": f"{count}+" if more else str(count)})
        self.noted[key] = now


def _check(q: SearchAsked) -> None:
    """Raises BadContact for what would find everything, and for a period that ends before it begins."""
    if q.q.strip() and not squashed(q.q):
        raise BadContact(FieldFault("q", "请输入文字或数字", "has no letter and no digit"))
    if not (q.q.strip() or q.from_ or q.to):
        raise BadContact(FieldFault("q", "请输入查找内容或日期", "is needed, or a period"))
    if q.from_ and q.to and q.to < q.from_:
        raise BadContact(FieldFault("to", "早于起始日期", "lies before the first day"))
