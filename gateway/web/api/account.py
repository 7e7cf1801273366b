"""Who one is, and the audit log for those who may read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Protocol

from gateway.core.audit import Row
from gateway.core.roles import Role
from gateway.errors import StorageDown
from gateway.web.http.auth import INSPECTORS, READERS
from gateway.web.http.route import Answer, Asked, Route
from gateway.web.http.shape import Rule


class AuditLog(Protocol):
    """storage/audit.py, as far as the web side needs it."""

    async def page(self, before: int = 0, limit: int = 100, who: str = "", about: str = "") -> Sequence[Row]:
        """The newest first. Raises StorageDown."""


@dataclass(frozen=True, slots=True)
class Me:
    """Who asks. `csrf` is empty for a token: nothing needs it there."""

    id: str
    name: str
    role: Role
    seat: str
    csrf: str


@dataclass(frozen=True, slots=True)
class AuditAsked:
    """Which rows of the audit log."""

    before: Annotated[int | None, Rule("早于此序号", "rows before this one", least=1)] = None
    limit: Annotated[int, Rule("条数", "how many", least=1, most=500)] = 100
    who: Annotated[str, Rule("操作人", "who did it", longest=64)] = ""
    about: Annotated[str, Rule("对象，如登记编号", "about what, such as an item's number", longest=200)] = ""


@dataclass(frozen=True, slots=True)
class AuditRowShown:
    """One row; `detail` is JSON as it was sealed."""

    seq: int
    at: datetime
    who: str
    address: str
    what: str
    about: str
    detail: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Rows, the newest first; `before` asks for the next page, null at the end."""

    rows: tuple[AuditRowShown, ...]
    before: int | None


class AccountApi:
    """/api/v1/me and /api/v1/audit."""

    def __init__(self, audit: AuditLog | None) -> None:
        self._audit = audit

    def routes(self) -> tuple[Route, ...]:
        me = Route(
            "GET",
            "/api/v1/me",
            "me",
            "当前登录人",
            "Who asks: account or token, role, seat, CSRF token",
            self.me,
            {200: Me},
            roles=READERS,
        )
        if self._audit is None:
            return (me,)
        rows = Route(
            "GET",
            "/api/v1/audit",
            "audit",
            "审计日志，最新在前",
            "The audit log, the newest first",
            self.rows,
            {200: AuditPage},
            roles=INSPECTORS,
            query=AuditAsked,
            refuses=(StorageDown,),
            looks="audit.view",
        )
        return (me, rows)

    async def me(self, asked: Asked) -> Answer:
        who = asked.account
        return Answer(Me(who.name, who.shown or who.name, who.role, who.seat, who.csrf))

    async def rows(self, asked: Asked) -> Answer:
        assert self._audit
        q = asked.queried(AuditAsked)
        found = await self._audit.page(q.before or 0, q.limit + 1, q.who, q.about)
        shown = tuple(_shown(row) for row in found[: q.limit])
        return Answer(AuditPage(shown, shown[-1].seq if len(found) > q.limit else None))


def _shown(row: Row) -> AuditRowShown:
    at = datetime.fromtimestamp(row.at / 1000, UTC)
    return AuditRowShown(row.seq, at, row.who, row.address, row.what, row.about, row.detail, row.hash)
