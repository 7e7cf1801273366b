"""Supervision of orders: units against columns, what waits for a leader, and the ledger of an order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from aiohttp import web

from gateway.cases.oversight import Overview, RedOrder, Waiting
from gateway.core.item.contact import Kind
from gateway.core.order.figures import FIGURE_NAMES, Figure, Row
from gateway.core.order.ladder import RUNG_NAMES
from gateway.core.order.rungs import FiredRung
from gateway.core.rights import Right
from gateway.core.roles import Account
from gateway.errors import NotFound, StorageDown
from gateway.web.api import supervision_models as models
from gateway.web.api.orders import ORDER, id_of
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.pages import rung_paper

PATH = "/api/v1/supervision"


class OversightDesk(Protocol):
    """What is needed of gateway/cases/oversight.py. Every method may raise StorageDown."""

    async def overview(self, kind: Kind | None = None) -> Overview: ...

    async def rungs(self, order_id: int, account: Account) -> tuple[FiredRung, ...]:
        """Raises NotFound for what he does not see."""

    async def paper(self, order_id: int, rung_id: int, account: Account) -> tuple[str, str]:
        """Title and text of what was sent. Raises NotFound."""


class SupervisionApi:
    """End points of supervision."""

    def __init__(self, desk: OversightDesk) -> None:
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("GET", PATH, "supervision", "督办总表：各单位各栏件数、待领导决定、红色督办"),
                *("Units against columns, what waits for a leader, red orders", self.overview),
                {200: models.SupervisionGiven},
                right=Right.SEE_SUPERVISION,
                query=models.SupervisionAsked,
                refuses=(StorageDown,),
            ),
            Route(
                *("GET", f"{ORDER}/rungs", "order_rungs", "工单的提醒、催办和督办"),
                *("What was told of an order: reminders, warnings, red orders", self.rungs),
                {200: models.RungsGiven},
                right=Right.SEE_ORDERS,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("GET", f"{ORDER}/rungs/{{rung}}/paper", "rung_paper", "打印催办通知书、督办单"),
                *("The paper of a rung, to be printed", self.paper),
                {200: None},
                right=Right.SEE_ORDERS,
                media="text/html",
                refuses=(NotFound, StorageDown),
                looks="rung_paper.view",
            ),
        )

    async def overview(self, request: ApiRequest) -> Answer:
        asked = request.query_as(models.SupervisionAsked)
        return Answer(_overview(await self._desk.overview(Kind(asked.kind.value) if asked.kind else None)))

    async def rungs(self, request: ApiRequest) -> Answer:
        fired = await self._desk.rungs(id_of(request), request.account)
        return Answer(models.RungsGiven(items=tuple(map(rung_shown, fired))))

    async def paper(self, request: ApiRequest) -> web.Response:
        rung = request.part("rung")
        if not (rung.isascii() and rung.isdigit() and len(rung) <= 18):
            raise NotFound
        title, text = await self._desk.paper(id_of(request), int(rung), request.account)
        headers = {"Content-Security-Policy": rung_paper.POLICY}
        return web.Response(
            text=rung_paper.page(title, text), content_type="text/html", charset="utf-8", headers=headers
        )


def _overview(view: Overview) -> models.SupervisionGiven:
    rows = tuple(_row(row, view.names) for row in view.rows)
    return models.SupervisionGiven(
        cut_off=view.at,
        today=view.today,
        columns=tuple(models.ColumnShown(figure=f, zh=zh, en=en) for f, (zh, en) in FIGURE_NAMES.items()),
        rows=rows,
        total={figure: sum(row.figures[figure] for row in rows) for figure in Figure},
        waiting=tuple(_waiting(entry, view.names) for entry in view.waiting),
        red=tuple(_red(entry, view.names, view.today) for entry in view.red),
        problems=models.ProblemsShown(passes=view.problems_by_passes, rounds=view.problems_by_rounds),
    )


def _row(row: Row, names: Mapping[str, str]) -> models.RowShown:
    parts = tuple(_row(part, names) for part in row.parts)
    return models.RowShown(
        unit=row.unit, name=names.get(row.unit, row.unit), figures=dict(row.figures), parts=parts
    )


def _waiting(waiting: Waiting, names: Mapping[str, str]) -> models.WaitingShown:
    order = waiting.order
    return models.WaitingShown(
        what=waiting.what,
        order=str(order.id),
        number=order.number,
        unit=order.unit,
        unit_name=names.get(order.unit, order.unit),
        state=order.state,
        urgency=order.urgency,
        said=waiting.text,
        days=order.asked_days,
        nth=order.extensions + 1,
        due=order.due,
        until=waiting.until,
    )


def _red(red: RedOrder, names: Mapping[str, str], today: date) -> models.RedShown:
    order = red.order
    return models.RedShown(
        order=str(order.id),
        number=order.number,
        unit=order.unit,
        unit_name=names.get(order.unit, order.unit),
        due=order.due,
        days_late=max(0, (today - order.due).days) if order.due else 0,
        rung=rung_shown(red.fired),
    )


def rung_shown(fired: FiredRung) -> models.RungShown:
    zh, en = RUNG_NAMES[fired.rung]
    return models.RungShown(
        id=str(fired.id),
        rung=fired.rung,
        rung_zh=zh,
        rung_en=en,
        at=fired.at,
        who=fired.who,
        text=fired.text,
        due=fired.due,
        sheet=fired.sheet,
        passed_over=fired.passed_over,
        told=fired.told,
        acknowledged_at=fired.acknowledged_at,
        acknowledged_by=fired.acknowledged_by,
    )
