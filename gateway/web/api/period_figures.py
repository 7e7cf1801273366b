"""Figures of orders by unit, kind and period: counted now, the list behind each, as files, published."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import date, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Protocol

from aiohttp import web

from gateway.calls.statistics import FIRST_DAY
from gateway.cases.period_figures import Behind, PeriodView, SeriesView
from gateway.core.item.contact import Kind
from gateway.core.order.period import MEASURE_NAMES, Figures, Measure, PeriodRow, Step
from gateway.core.rights import Right
from gateway.core.unit import Tree
from gateway.errors import BadContact, FieldFault, StorageDown
from gateway.storage.order_period import Published
from gateway.web.api import period_models as models
from gateway.web.api import sheets
from gateway.web.http.route import Answer, ApiRequest, Does, Route

PATH = "/api/v1/supervision/figures"
MOST_DAYS = 366
MONTHS = 12
"""Shown month by month or week by week unless days are asked for."""
RATES = {
    "signed_in_time": "按时签收率",
    "in_time": "按时办结率",
    "returned": "退回率",
    "done_again": "重办率",
    "closed": "办结率",
    "satisfied": "满意率",
    "answered": "回访有效率",
}


class PeriodDesk(Protocol):
    """What is needed of gateway/cases/period_figures.py. Every method may raise StorageDown."""

    async def view(self, first: date, last: date, kind: Kind | None = None) -> PeriodView: ...

    async def series(
        self,
        first: date,
        last: date,
        step: Step,
        kind: Kind | None = None,
        bureau: str = "",
        unit: str = "",
    ) -> SeriesView: ...

    async def behind(
        self,
        measure: Measure,
        first: date,
        last: date,
        kind: Kind | None = None,
        bureau: str = "",
        unit: str = "",
    ) -> Behind: ...

    async def units(self) -> Tree: ...

    async def publish(
        self, view: PeriodView, who: str, kind: Kind | None, body: Mapping[str, Any]
    ) -> Published: ...

    async def published(self) -> tuple[Published, ...]: ...

    def today(self) -> date: ...


class PeriodApi:
    """End points of figures of orders."""

    def __init__(self, desk: PeriodDesk, zone: tzinfo) -> None:
        self._desk = desk
        self._zone = zone

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("GET", PATH, "period_figures", "工单统计", "Figures of orders", self.figures),
                {200: models.PeriodGiven},
                right=Right.SEE_SUPERVISION,
                query=models.PeriodAsked,
                refuses=(StorageDown,),
            ),
            Route(
                *("GET", f"{PATH}/series", "period_series", "工单统计（按月、按周）"),
                *("Figures of orders by month or week", self.series),
                {200: models.SeriesGiven},
                right=Right.SEE_SUPERVISION,
                query=models.SeriesAsked,
                refuses=(StorageDown,),
            ),
            Route(
                *("GET", f"{PATH}/orders", "period_orders", "统计数字对应的清单", "What a figure counts"),
                self.behind,
                {200: models.BehindGiven},
                right=Right.SEE_SUPERVISION,
                query=models.BehindAsked,
                lists=True,
                refuses=(StorageDown,),
                looks="period_orders.view",
            ),
            self._file("csv", "text/csv", self.as_csv),
            self._file("xlsx", sheets.XLSX, self.as_xlsx),
            Route(
                *("POST", f"{PATH}/publish", "publish_figures", "发布统计（保存截止时刻）"),
                *("Publish figures: keep them with the instant of their cut-off", self.publish),
                {201: models.PublishedShown},
                right=Right.SUPERVISE_ORDERS,
                body=models.PeriodAsked,
                refuses=(StorageDown,),
            ),
            Route(
                *("GET", f"{PATH}/published", "published_figures", "已发布的统计", "Published figures"),
                self.published,
                {200: models.PublishedGiven},
                right=Right.SEE_SUPERVISION,
                refuses=(StorageDown,),
            ),
        )

    def _file(self, ending: str, media: str, does: Does) -> Route:
        return Route(
            *("GET", f"{PATH}.{ending}", f"period_{ending}", f"工单统计表（{ending.upper()}）"),
            *(f"Figures of orders as {ending.upper()}", does),
            {200: None},
            right=Right.SEE_SUPERVISION,
            query=models.PeriodAsked,
            media=media,
            refuses=(StorageDown,),
            looks=f"period_{ending}.view",
        )

    # ------------------------------------------------------------ what is asked

    async def figures(self, request: ApiRequest) -> Answer:
        asked = request.query_as(models.PeriodAsked)
        return Answer(_given(await self._view(asked), kind_asked(asked)))

    async def _view(self, asked: models.PeriodAsked) -> PeriodView:
        first, last = days_asked(asked, self._desk.today())
        return await self._desk.view(first, last, kind_asked(asked))

    async def series(self, request: ApiRequest) -> Answer:
        asked = request.query_as(models.SeriesAsked)
        first, last = days_asked(asked, self._desk.today(), MONTHS)
        series = await self._desk.series(first, last, asked.step, kind_asked(asked), asked.bureau, asked.at)
        pieces = (
            models.PieceShown(first=period.first, last=period.last, figures=_figures(figures))
            for period, figures in series.pieces
        )
        total = _figures(series.total)
        return Answer(
            models.SeriesGiven(cut_off=series.at, step=asked.step, pieces=tuple(pieces), total=total)
        )

    async def behind(self, request: ApiRequest) -> Answer:
        asked = request.query_as(models.BehindAsked)
        first, last = days_asked(asked, self._desk.today())
        measure = Measure(asked.measure.value)
        listed = await self._desk.behind(measure, first, last, kind_asked(asked), asked.bureau, asked.at)
        tree = await self._desk.units()
        items = tuple(
            models.BehindShown(
                id=str(fact.id),
                number=fact.number,
                bureau=fact.bureau,
                unit=fact.unit,
                unit_name=tree.name(fact.unit),
                kind=fact.kind,
            )
            for fact in listed.facts
        )
        return Answer(models.BehindGiven(count=listed.count, items=items))

    async def as_csv(self, request: ApiRequest) -> web.Response:
        view = await self._view(request.query_as(models.PeriodAsked))
        return _file(await asyncio.to_thread(sheets.csv_file, self._table(view)), "text/csv", view, "csv")

    async def as_xlsx(self, request: ApiRequest) -> web.Response:
        view = await self._view(request.query_as(models.PeriodAsked))
        body = await asyncio.to_thread(sheets.xlsx_file, list(self._table(view)), "工单统计")
        return _file(body, sheets.XLSX, view, "xlsx")

    async def publish(self, request: ApiRequest) -> Answer:
        asked = request.body_as(models.PeriodAsked)
        view, kind = await self._view(asked), kind_asked(asked)
        body = _given(view, kind).model_dump(mode="json")
        kept = await self._desk.publish(view, request.account.name, kind, body)
        return Answer(_published(kept), 201)

    async def published(self, request: ApiRequest) -> Answer:
        kept = await self._desk.published()
        return Answer(models.PublishedGiven(items=tuple(map(_published, kept))))

    # ------------------------------------------------------------ as a table

    def _table(self, view: PeriodView) -> Iterator[list[sheets.Cell]]:
        at, period = view.at.astimezone(self._zone), view.period
        yield [f"统计期间 {period.first} 至 {period.last}", f"截止时刻 {at:%Y-%m-%d %H:%M:%S}"]
        names = [zh for zh, _ in MEASURE_NAMES.values()]
        yield ["编码", "单位", *names, "挽回金额（元）", *RATES.values()]
        for row in view.rows:
            yield self._line(row.unit, view.names.get(row.unit, row.unit), row.figures)
            for part in row.parts:
                name = view.names.get(part.unit, part.unit)
                yield self._line(part.unit, f"　{name}", part.figures)
        yield self._line("", "合计", view.total)

    def _line(self, unit: str, name: str, figures: Figures) -> list[sheets.Cell]:
        rates = figures.rates
        shares = [None if rates[rate] is None else round(rates[rate] or 0, 4) for rate in RATES]
        return [
            *(unit, name),
            *(figures.counts[measure] for measure in Measure),
            figures.recovered / 100,
            *shares,
        ]


def days_asked(asked: models.PeriodAsked, today: date, months: int = 1) -> tuple[date, date]:
    """The days that are asked for; without a first day so many months up to the last. Raises BadContact."""
    last = asked.to or (today if asked.from_ is None else max(today, asked.from_))
    first = asked.from_ or _months_back(last, months - 1)
    if first < FIRST_DAY:
        raise BadContact(FieldFault("from" if asked.from_ else "to", "太早", "lies too far back"))
    if last - today > timedelta(days=MOST_DAYS):
        raise BadContact(FieldFault("to" if asked.to else "from", "太晚", "lies too far ahead"))
    if last < first:
        raise BadContact(FieldFault("to", "早于起始日", "lies before the first day"))
    if last - first >= timedelta(days=MOST_DAYS):
        raise BadContact(FieldFault("to", f"最多 {MOST_DAYS} 天", f"at most {MOST_DAYS} days at once"))
    return first, last


def _months_back(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(max(year, 1), month + 1, 1)


def _file(body: bytes, media: str, view: PeriodView, ending: str) -> web.Response:
    name = f"orders-{view.period.first}-{view.period.last}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=media, headers=headers)


def kind_asked(asked: models.PeriodAsked) -> Kind | None:
    return Kind(asked.kind.value) if asked.kind else None


def _given(view: PeriodView, kind: Kind | None) -> models.PeriodGiven:
    return models.PeriodGiven(
        cut_off=view.at,
        first=view.period.first,
        last=view.period.last,
        kind=kind,
        measures=tuple(models.MeasureShown(measure=m, zh=zh, en=en) for m, (zh, en) in MEASURE_NAMES.items()),
        rows=tuple(_row(row, view.names) for row in view.rows),
        total=_figures(view.total),
    )


def _row(row: PeriodRow, names: Mapping[str, str]) -> models.PeriodRowShown:
    return models.PeriodRowShown(
        unit=row.unit,
        name=names.get(row.unit, row.unit),
        figures=_figures(row.figures),
        parts=tuple(_row(part, names) for part in row.parts),
    )


def _figures(figures: Figures) -> models.FiguresShown:
    return models.FiguresShown(
        counts=dict(figures.counts),
        rates=figures.rates,
        recovered=Decimal(figures.recovered).scaleb(-2),
    )


def _published(kept: Published) -> models.PublishedShown:
    return models.PublishedShown(
        id=str(kept.id),
        cut_off=kept.at,
        who=kept.who,
        first=kept.first,
        last=kept.last,
        kind=kept.kind,
        total=models.FiguresShown.model_validate(kept.body["total"]),
    )
