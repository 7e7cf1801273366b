"""The audit log for those who may read it: rows, whether they hang together, and all of them as CSV."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Protocol

from aiohttp import web
from pydantic import Field

from gateway.core.audit import AuditQuery, Row, Verdict
from gateway.core.item.states import PAST_NAMES
from gateway.core.rights import Right
from gateway.errors import StorageDown
from gateway.web.http.fields import Moment, Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, ApiRequest, Route

AUDIT = "/api/v1/audit"
PAGE = 500  # rows of the export that are read at a time
_FORMULA = re.compile(r"^\s*[=+\-@]")  # what a spreadsheet would take for a formula
COLUMNS = ("seq", "at", "who", "address", "what", "words", "about", "detail", "hash")
Names = Mapping[str, tuple[str, str]]


class AuditLog(Protocol):
    """storage/audit.py, as far as the web side needs it. Every method raises StorageDown."""

    async def search(self, query: AuditQuery, before: int, limit: int) -> Sequence[Row]:
        """The newest first."""

    async def verify(self) -> Verdict: ...


class AuditFilters(RequestModel):
    """Which rows of the audit log."""

    who: Annotated[str, Text(64)] = Field(default="", description="操作人 / who did it")
    about: Annotated[str, Text(200)] = Field(
        default="", description="对象，如登记编号 / about what, such as an item's number"
    )
    what: Annotated[str, Text(64)] = Field(default="", description="操作，如 log_in / what was done")
    since: Moment | None = Field(default=None, description="自何时起 / at or after")
    until: Moment | None = Field(default=None, description="至何时止，不含 / before")


class AuditAsked(AuditFilters):
    """Which page of the audit log."""

    before: Annotated[int, Whole(least=1)] | None = Field(
        default=None, description="早于此序号 / rows before this one"
    )
    limit: Annotated[int, Whole(1, 500)] = Field(default=100, description="条数 / how many")


class AuditRowShown(AnswerModel):
    """One row; `detail` is JSON as it was sealed, `what` in words beside it."""

    seq: int
    at: datetime
    who: str
    address: str
    what: str
    what_zh: str
    what_en: str
    about: str
    detail: str
    hash: str


class AuditPage(AnswerModel):
    """Rows, the newest first; `before` asks for the next page, null at the end."""

    rows: tuple[AuditRowShown, ...]
    before: int | None


class VerdictShown(AnswerModel):
    """`rows` that hang together; `broken` is the first that does not (0: none), `why` says how."""

    rows: int
    broken: int
    why: str


class AuditApi:
    """/api/v1/audit. `names` are words for what was done; it is filled once all routes are known."""

    def __init__(self, log: AuditLog, zone: tzinfo, names: Names) -> None:
        self._log = log
        self._zone = zone
        self._names = names
        self._verifying = asyncio.Lock()  # verifying reads every row: one request at a time

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("GET", AUDIT, "audit", "审计日志，最新在前", "The audit log, the newest first"),
                self.rows,
                {200: AuditPage},
                right=Right.READ_AUDIT,
                query=AuditAsked,
                refuses=(StorageDown,),
                looks="audit.view",
            ),
            Route(
                *("POST", f"{AUDIT}/verify", "audit_verify", "校验审计日志是否完整"),
                *("Hold every row of the audit log against the one before it", self.verify),
                {200: VerdictShown},
                right=Right.READ_AUDIT,
                refuses=(StorageDown,),
            ),
            Route(
                *("GET", f"{AUDIT}/export", "audit_export", "导出审计日志（CSV）", "The audit log as CSV"),
                self.export,
                {200: None},
                right=Right.READ_AUDIT,
                query=AuditFilters,
                media="text/csv",
                refuses=(StorageDown,),
                looks="audit.export",
            ),
        )

    async def rows(self, request: ApiRequest) -> Answer:
        q = request.query_as(AuditAsked)
        rows = await self._log.search(self._query(q), q.before or 0, q.limit + 1)
        shown = tuple(self._shown(row) for row in rows[: q.limit])
        return Answer(AuditPage(rows=shown, before=shown[-1].seq if len(rows) > q.limit else None))

    async def verify(self, request: ApiRequest) -> Answer:
        """All rows are read, so one asks at a time."""
        async with self._verifying:
            verdict = await self._log.verify()
        return Answer(VerdictShown(rows=verdict.rows, broken=verdict.broken, why=verdict.why))

    async def export(self, request: ApiRequest) -> web.StreamResponse:
        headers = {
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="audit.csv"',
        }
        response = web.StreamResponse(headers=headers)
        pages = self._pages(self._query(request.query_as(AuditFilters)))
        first = await anext(pages, ())  # a database that is away is told before the answer begins
        await response.prepare(request.http)
        await response.write(("\ufeff" + _lines([COLUMNS]) + self._csv(first)).encode())
        async for rows in pages:
            await response.write(self._csv(rows).encode())
        await response.write_eof()
        return response

    async def _pages(self, query: AuditQuery) -> AsyncIterator[Sequence[Row]]:
        before = 0
        while rows := await self._log.search(query, before, PAGE):
            yield rows
            before = rows[-1].seq

    def _csv(self, rows: Iterable[Row]) -> str:
        return _lines(
            (
                *(row.seq, _at(row).astimezone(self._zone).isoformat(), row.who, row.address, row.what),
                *(self._words(row.what)[0], row.about, row.detail, row.hash),
            )
            for row in rows
        )

    def _query(self, q: AuditFilters) -> AuditQuery:
        return AuditQuery(q.who, q.about, q.what, self._aware(q.since), self._aware(q.until))

    def _aware(self, at: datetime | None) -> datetime | None:
        return at.replace(tzinfo=self._zone) if at and not at.tzinfo else at

    def _words(self, what: str) -> tuple[str, str]:
        return self._names.get(what, (what, what))

    def _shown(self, row: Row) -> AuditRowShown:
        zh, en = self._words(row.what)
        return AuditRowShown(
            seq=row.seq,
            at=_at(row),
            who=row.who,
            address=row.address,
            what=row.what,
            what_zh=zh,
            what_en=en,
            about=row.about,
            detail=row.detail,
            hash=row.hash,
        )


def _at(row: Row) -> datetime:
    return datetime.fromtimestamp(row.at / 1000, UTC)


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_plain(str(cell)) for cell in row] for row in rows)
    return text.getvalue()


def _plain(cell: str) -> str:
    """No cell is a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def audit_names(routes: Iterable[Route]) -> dict[str, tuple[str, str]]:
    """Words for what stands in the log: of items as in timelines, of looks and changes as of their routes;
    what several routes note, such as `queue.view`, is named in OTHERS."""
    routes = tuple(routes)
    return {
        **{f"api.{route.name}": (route.zh, route.en) for route in routes},
        **{route.looks: (f"查看：{route.zh}", route.en) for route in routes if route.looks},
        **{f"item.{what}": (f"事项：{zh}", f"item: {en}") for what, (zh, en) in PAST_NAMES.items()},
        **OTHERS,
    }


OTHERS = {
    "log_in": ("登录", "log-in"),
    "log_in.failed": ("登录失败", "log-in failed"),
    "log_out": ("退出登录", "log-out"),
    "account.add": ("新建账号", "account made"),
    "account.password": ("修改密码", "password changed"),
    "account.lock": ("停用账号", "account locked"),
    "account.unlock": ("启用账号", "account unlocked"),
    "account.role": ("修改角色", "role changed"),
    "account.totp": ("启用动态验证码", "one-time codes on"),
    "account.totp_off": ("停用动态验证码", "one-time codes off"),
    "account.sign_out": ("结束全部登录", "signed out everywhere"),
    "token.create": ("新建令牌", "token made"),
    "token.revoke": ("吊销令牌", "token revoked"),
    "outbox.waiting": ("重发通知", "delivery sent again"),
    "outbox.dropped": ("作废通知", "delivery dropped"),
    "webhook.resume": ("重新尝试推送", "webhook tried again"),
    "backup.begun": ("开始备份", "backup begun"),
    "backup.made": ("完成备份", "backup made"),
    "flow.save": ("保存流程草稿", "draft of a flow saved"),
    "flow.publish": ("发布流程", "flows published"),
    "flow.rollback": ("恢复流程版本", "flows taken back"),
    "prompt.record": ("更换提示音录音", "prompt recorded"),
    "prompt.remove": ("撤下提示音录音", "recording of a prompt taken away"),
    "prompt.undo": ("换回提示音录音", "earlier recording of a prompt put back"),
    "audit.view": ("查看审计日志", "audit log read"),
    "order.typed_report": ("代录线下单位纸质报告", "report on paper typed in at the desk"),
    "search": ("查找事项", "search"),
    "queue.view": ("查看：事项列表", "list of items read"),
    "item.view": ("查看：一件的全部内容", "item read as a whole"),
    "orders.view": ("查看：工单列表", "list of orders read"),
    "export": ("导出事项", "items exported"),
    "files.decrypted": ("解密文件", "files decrypted"),
    "files.encrypted": ("加密文件", "files encrypted"),
    "files.sweep": ("清理文件", "files swept"),
}
