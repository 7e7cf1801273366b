"""Who one is, and the audit log for those who may read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Protocol

from pydantic import Field

from gateway.core.audit import Row
from gateway.core.roles import Role
from gateway.errors import StorageDown
from gateway.web.http.auth import INSPECTORS, READERS
from gateway.web.http.fields import Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, Asked, Route


class AuditLog(Protocol):
    """storage/audit.py, as far as the web side needs it."""

    async def page(self, before: int = 0, limit: int = 100, who: str = "", about: str = "") -> Sequence[Row]:
        """The newest first. Raises StorageDown."""


class Me(AnswerModel):
    """Who asks. `csrf` is empty for a token: nothing needs it there."""

    id: str
    name: str
    role: Role
    seat: str
    csrf: str


class AuditAsked(RequestModel):
    """Which rows of the audit log."""

    before: Annotated[int, Whole(least=1)] | None = Field(
        default=None, description="早于此序号 / rows before this one"
    )
    limit: Annotated[int, Whole(1, 500)] = Field(default=100, description="条数 / how many")
    who: Annotated[str, Text(64)] = Field(default="", description="操作人 / who did it")
    about: Annotated[str, Text(200)] = Field(
        default="", description="对象，如登记编号 / about what, such as an item's number"
    )


class AuditRowShown(AnswerModel):
    """One row; `detail` is JSON as it was sealed."""

    seq: int
    at: datetime
    who: str
    address: str
    what: str
    about: str
    detail: str
    hash: str


class AuditPage(AnswerModel):
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
        return Answer(
            Me(id=who.name, name=who.shown or who.name, role=who.role, seat=who.seat, csrf=who.csrf)
        )

    async def rows(self, asked: Asked) -> Answer:
        assert self._audit
        q = asked.queried(AuditAsked)
        found = await self._audit.page(q.before or 0, q.limit + 1, q.who, q.about)
        shown = tuple(_shown(row) for row in found[: q.limit])
        return Answer(AuditPage(rows=shown, before=shown[-1].seq if len(found) > q.limit else None))


def _shown(row: Row) -> AuditRowShown:
    at = datetime.fromtimestamp(row.at / 1000, UTC)
    return AuditRowShown(
        seq=row.seq,
        at=at,
        who=row.who,
        address=row.address,
        what=row.what,
        about=row.about,
        detail=row.detail,
        hash=row.hash,
    )
